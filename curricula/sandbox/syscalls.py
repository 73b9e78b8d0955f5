"""Which system calls code in the jail may make: what Python needs to compute, read, write and run threads.

An allow list, so a call that a newer kernel brings is refused too (EPERM). Not on it: new processes and programs,
signals, sockets but for a connected pair, other users' and processes' business, mounts, modes and owners of files
(Landlock does not cover those), System V and other shared memory, io_uring, tracing, keys, clocks.
Numbers: the kernel's `unistd.h` of x86_64 and the generic one of aarch64. No other machine is known here.
"""

from __future__ import annotations

import errno

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000  # x86_64 kernels also take 32-bit calls under numbers with this bit
ALLOWED = {
    "x86_64": {
        "read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7, "lseek": 8, "mmap": 9,
        "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17,
        "pwrite64": 18, "readv": 19, "writev": 20, "access": 21, "pipe": 22, "select": 23, "sched_yield": 24, "mremap": 25,
        "msync": 26, "mincore": 27, "madvise": 28, "dup": 32, "dup2": 33, "pause": 34, "nanosleep": 35, "getitimer": 36,
        "alarm": 37, "setitimer": 38, "getpid": 39, "sendfile": 40, "sendto": 44, "recvfrom": 45, "shutdown": 48, "exit": 60,
        "wait4": 61, "uname": 63, "fsync": 74, "fdatasync": 75, "truncate": 76, "ftruncate": 77,
        "getdents": 78, "getcwd": 79, "chdir": 80, "fchdir": 81, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
        "unlink": 87, "symlink": 88, "readlink": 89, "umask": 95, "gettimeofday": 96, "getrlimit": 97, "getrusage": 98,
        "sysinfo": 99, "times": 100, "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108, "getppid": 110, "getpgrp": 111,
        "getgroups": 115, "getresuid": 118, "getresgid": 120, "getpgid": 121, "getsid": 124, "rt_sigpending": 127,
        "rt_sigtimedwait": 128, "rt_sigsuspend": 130, "sigaltstack": 131, "statfs": 137, "fstatfs": 138, "getpriority": 140,
        "arch_prctl": 158, "gettid": 186, "futex": 202, "sched_getaffinity": 204, "epoll_create": 213, "getdents64": 217,
        "set_tid_address": 218, "restart_syscall": 219, "fadvise64": 221, "clock_gettime": 228, "clock_getres": 229,
        "clock_nanosleep": 230, "exit_group": 231, "epoll_wait": 232, "epoll_ctl": 233, "openat": 257, "mkdirat": 258,
        "newfstatat": 262, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "readlinkat": 267, "faccessat": 269,
        "pselect6": 270, "ppoll": 271, "set_robust_list": 273, "get_robust_list": 274, "epoll_pwait": 281, "eventfd2": 290,
        "epoll_create1": 291, "dup3": 292, "pipe2": 293, "preadv": 295, "pwritev": 296, "getcpu": 309, "renameat2": 316,
        "getrandom": 318, "membarrier": 324, "copy_file_range": 326, "statx": 332, "rseq": 334, "close_range": 436,
        "faccessat2": 439, "epoll_pwait2": 441,
    },
    "aarch64": {
        "getcwd": 17, "eventfd2": 19, "epoll_create1": 20, "epoll_ctl": 21, "epoll_pwait": 22, "dup": 23, "dup3": 24,
        "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37, "renameat": 38, "statfs": 43, "fstatfs": 44,
        "truncate": 45, "ftruncate": 46, "faccessat": 48, "chdir": 49, "fchdir": 50, "openat": 56, "close": 57, "pipe2": 59,
        "getdents64": 61, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66, "pread64": 67, "pwrite64": 68,
        "preadv": 69, "pwritev": 70, "sendfile": 71, "pselect6": 72, "ppoll": 73, "readlinkat": 78, "newfstatat": 79, "fstat": 80,
        "fsync": 82, "fdatasync": 83, "exit": 93, "exit_group": 94, "set_tid_address": 96, "futex": 98, "set_robust_list": 99,
        "get_robust_list": 100, "nanosleep": 101, "getitimer": 102, "setitimer": 103, "clock_gettime": 113, "clock_getres": 114,
        "clock_nanosleep": 115, "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128, "sigaltstack": 132,
        "rt_sigsuspend": 133, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigpending": 136, "rt_sigtimedwait": 137,
        "rt_sigreturn": 139, "getpriority": 141, "getresuid": 148, "getresgid": 150, "times": 153, "getpgid": 155, "getsid": 156,
        "getgroups": 158, "uname": 160, "getrlimit": 163, "getrusage": 165, "umask": 166, "getcpu": 168, "gettimeofday": 169,
        "getpid": 172, "getppid": 173, "getuid": 174, "geteuid": 175, "getgid": 176, "getegid": 177, "gettid": 178, "sysinfo": 179,
        "sendto": 206, "recvfrom": 207, "shutdown": 210, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222, "fadvise64": 223,
        "mprotect": 226, "msync": 227, "mincore": 232, "madvise": 233, "wait4": 260, "renameat2": 276, "getrandom": 278,
        "membarrier": 283, "copy_file_range": 285, "statx": 291, "rseq": 293, "close_range": 436, "faccessat2": 439,
        "epoll_pwait2": 441,
    },
}  # fmt: skip
GUARDED = {
    "x86_64": {"ioctl": 16, "fcntl": 72, "socketpair": 53, "clone": 56, "prlimit64": 302, "clone3": 435},
    "aarch64": {"ioctl": 29, "fcntl": 25, "socketpair": 199, "clone": 220, "prlimit64": 261, "clone3": 435},
}
CLONE_THREAD = 0x10000
AF_UNIX, SOCK_STREAM = 1, 1
TCGETS, FIONBIO, FIOCLEX = 0x5401, 0x5421, 0x5451  # "is it a terminal", "do not block", "close on exec": what Python asks of a file

FCNTL = (0, 1, 2, 3, 4, 1030)  # duplicate, descriptor flags, file flags; not F_SETOWN and F_SETSIG, which make the kernel send signals

LOAD, AND, JUMP_EQUAL, JUMP_ANY_BIT, JUMP_AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x45, 0x35, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # offsets into struct seccomp_data; little-endian low words of 64-bit arguments

Instruction = tuple[int, int, int, int]


def filter_for(machine: str) -> list[Instruction]:
    """The seccomp filter for a machine.

    Raises:
        OSError: the system call numbers of that machine are not known here.
    """
    if machine not in ALLOWED:
        raise OSError(f"no system call numbers are known here for {machine}")
    guarded = GUARDED[machine]
    rows: list[Instruction] = [_load(ARCH), (JUMP_EQUAL, 1, 0, AUDIT_ARCH[machine]), _return(KILL), _load(NUMBER)]
    if machine == "x86_64":
        rows += [(JUMP_AT_LEAST, 0, 1, X32_BIT), _return(KILL)]
    for number in ALLOWED[machine].values():
        rows += _when(number, [_return(ALLOW)])
    # threads, but no processes; clone3 hides its flags in memory, and the C library falls back to clone when it is missing
    rows += _when(guarded["clone"], [_load(ARGUMENTS), (JUMP_ANY_BIT, 0, 1, CLONE_THREAD), _return(ALLOW), _refuse(errno.EPERM)])
    rows += _when(guarded["clone3"], [_refuse(errno.ENOSYS)])
    # its own limits may be read (and lowered), nobody else's
    rows += _when(guarded["prlimit64"], [_load(ARGUMENTS), (JUMP_EQUAL, 0, 1, 0), _return(ALLOW), _refuse(errno.EPERM)])
    # asyncio wakes itself through a connected pair of streams; a datagram pair could send to other addresses
    pair = [_load(ARGUMENTS), (JUMP_EQUAL, 0, 4, AF_UNIX), _load(ARGUMENTS + 8), (AND, 0, 0, 0xF), (JUMP_EQUAL, 0, 1, SOCK_STREAM), _return(ALLOW), _refuse(errno.EPERM)]
    rows += _when(guarded["socketpair"], pair)
    terminal = [_load(ARGUMENTS + 8), (JUMP_EQUAL, 2, 0, TCGETS), (JUMP_EQUAL, 1, 0, FIONBIO), (JUMP_EQUAL, 0, 1, FIOCLEX), _return(ALLOW), _refuse(errno.EPERM)]
    rows += _when(guarded["ioctl"], terminal)
    commands = [(JUMP_EQUAL, len(FCNTL) - 1 - i, 1 if i == len(FCNTL) - 1 else 0, command) for i, command in enumerate(FCNTL)]
    rows += _when(guarded["fcntl"], [_load(ARGUMENTS + 8), *commands, _return(ALLOW), _refuse(errno.EPERM)])
    return [*rows, _refuse(errno.EPERM)]


def _when(number: int, then: list[Instruction]) -> list[Instruction]:
    return [(JUMP_EQUAL, 0, len(then), number), *then]


def _load(offset: int) -> Instruction:
    return (LOAD, 0, 0, offset)


def _return(action: int) -> Instruction:
    return (RETURN, 0, 0, action)


def _refuse(code: int) -> Instruction:
    return _return(REFUSE | code)
