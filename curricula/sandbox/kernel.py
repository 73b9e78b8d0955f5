"""The Linux calls a jail is built from, which Python has no names for, through ctypes.

Runs inside the launcher under `python -I -S`: the standard library only. Every call raises `OSError` when the kernel
refuses it, so a jail is never half built in silence. Constants are those of the kernel's user-space headers.
"""

from __future__ import annotations

import ctypes
import os
import struct

TYPE_CHECKING = False  # importing `typing` and `collections` would double the time that a jail takes to start
if TYPE_CHECKING:
    from collections.abc import Sequence

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 1, 2, 4
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 8, 22, 38
SECCOMP_MODE_FILTER = 2
SIGKILL = 9
CAPABILITY_VERSION_3, CAP_DAC_READ_SEARCH = 0x20080522, 1 << 2
LANDLOCK_CREATE_RULESET_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1

# system calls added since 2019 have one number on all machines; pivot_root and capset are older
NUMBERS = {
    "x86_64": {"pivot_root": 155, "capset": 126},
    "aarch64": {"pivot_root": 41, "capset": 91},
}
MOUNT_SETATTR, LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 442, 444, 445, 446

_libc = ctypes.CDLL(None, use_errno=True)


def machine() -> str:
    """`x86_64`, `aarch64`, or what `uname` says of a machine whose system call numbers are not listed here."""
    return os.uname().machine


def unshare(flags: int) -> None:
    """Leave the parent's namespaces."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """mount(2)."""
    _check(_libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()), f"mount on {target}")


def make_readonly(target: str, *, has_devices: bool = False) -> None:
    """A mount and all mounts below it become read-only, without set-user-id and devices (Linux 5.12)."""
    wanted = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | (0 if has_devices else MOUNT_ATTR_NODEV)
    attributes = struct.pack("QQQQ", wanted, 0, 0, 0)
    _check(_syscall(MOUNT_SETATTR, AT_FDCWD, target.encode(), AT_RECURSIVE, attributes, len(attributes)), f"mount_setattr on {target}")


def change_root(folder: str) -> None:
    """`folder` (a mount point) becomes `/`; the old root is out of reach."""
    os.chdir(folder)
    _check(_syscall(_number("pivot_root"), b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", MNT_DETACH), "umount2")
    os.chdir("/")


def prctl(option: int, value: int) -> None:
    """prctl(2) with one argument."""
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


def keep_capabilities(mask: int) -> None:
    """Of the capabilities held, only those in `mask` stay, effective and permitted; none is inheritable."""
    header, data = struct.pack("Ii", CAPABILITY_VERSION_3, 0), struct.pack("IIIIII", mask, mask, 0, 0, 0, 0)
    _check(_syscall(_number("capset"), header, data), "capset")


def landlock_version() -> int:
    """The kernel's Landlock ABI, 0 where there is none."""
    return max(0, _syscall(LANDLOCK_CREATE, None, 0, LANDLOCK_CREATE_RULESET_VERSION))


def landlock(readable: Sequence[str], writable: Sequence[str]) -> None:
    """From now on only files beneath `readable` can be read and only those beneath `writable` changed.

    Also, as far as the kernel's version goes: no TCP (4), no device control (5), no abstract sockets and no signals
    beyond this domain (6). Paths that do not exist are skipped. Needs no_new_privs.
    """
    version = landlock_version()
    if version < 1:
        raise OSError("this kernel has no Landlock")
    n_file_rights = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    everything = (1 << n_file_rights) - 1
    read_only = 0b1101  # execute, read file, read folder
    of_files = 0b111 | (everything & (1 << 14 | 1 << 15))  # execute, write, read, truncate, ioctl: what a rule for a single file may hold
    attributes = struct.pack("QQQ", everything, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _check(_syscall(LANDLOCK_CREATE, attributes, size, 0), "landlock_create_ruleset")
    try:
        for rights, paths in ((read_only, readable), (everything, writable)):
            for path in filter(os.path.exists, paths):
                allowed = rights if os.path.isdir(path) else rights & of_files
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
                try:
                    _check(_syscall(LANDLOCK_ADD, rules, LANDLOCK_RULE_PATH_BENEATH, struct.pack("=Qi", allowed, place), 0), f"landlock rule for {path}")
                finally:
                    os.close(place)
        _check(_syscall(LANDLOCK_RESTRICT, rules, 0), "landlock_restrict_self")
    finally:
        os.close(rules)


def install_filter(instructions: Sequence[tuple[int, int, int, int]]) -> None:
    """A seccomp filter, as (code, jump if true, jump if false, constant). Needs no_new_privs."""
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in instructions))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(program)))
    _check(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(header), 0, 0), "seccomp")


def _number(name: str) -> int:
    numbers = NUMBERS.get(machine())
    if numbers is None:
        raise OSError(f"the number of {name} on {machine()} is not known here")
    return numbers[name]


def _syscall(number: int, *arguments: object) -> int:
    return int(_libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)))


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result
