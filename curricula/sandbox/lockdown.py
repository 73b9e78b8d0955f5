"""What the process under test gives up, for good, before the first foreign instruction: user, limits, files, calls.

Runs inside the launcher under `python -I -S`. Order matters: user before no_new_privs, Landlock before seccomp (whose
list has none of the calls used here).
"""

from __future__ import annotations

import errno
import os
import resource

from curricula.sandbox import kernel, syscalls
from curricula.sandbox.jail import NOBODY

N_THREADS = 64
N_FILES = 64
MB = 1 << 20


def lock(*, tier: str, user: int, readable: list[str], memory_mb: int, cpu_s: int, file_mb: int) -> None:
    """Give everything up. `user` 0: this is not root, there is none to change to.

    Raises:
        OSError: something that this tier rests on is refused; nothing foreign may run then.
    """
    has_own_users = tier != "landlock"
    set_limits(memory_mb, cpu_s, file_mb, counts_tasks=bool(user) or has_own_users)
    if user:
        drop_user(user, keeps_reading=tier == "landlock")
    else:
        kernel.keep_capabilities(0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, kernel.SIGKILL)  # forgotten when the user changes, hence after it
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    writable = ["/tmp"] if has_own_users else []
    if tier == "landlock" or kernel.landlock_version():
        kernel.landlock(readable, [*writable, "/dev/null"])
    if tier == "landlock" or kernel.machine() in syscalls.ALLOWED:
        kernel.install_filter(syscalls.filter_for(kernel.machine()))


def set_limits(memory_mb: int, cpu_s: int, file_mb: int, *, counts_tasks: bool) -> None:
    """Hard limits, so that they can't be raised. Tasks are counted per user: only where the user is its own."""
    limits = {
        resource.RLIMIT_AS: memory_mb * MB, resource.RLIMIT_DATA: memory_mb * MB, resource.RLIMIT_CPU: cpu_s, resource.RLIMIT_FSIZE: file_mb * MB,
        resource.RLIMIT_NOFILE: N_FILES, resource.RLIMIT_CORE: 0, resource.RLIMIT_MEMLOCK: 0, resource.RLIMIT_MSGQUEUE: 0,
    }  # fmt: skip
    if counts_tasks:
        limits[resource.RLIMIT_NPROC] = N_THREADS
    for which, wanted in limits.items():
        _, hard = resource.getrlimit(which)
        least = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(which, (least, least))


def drop_user(user: int, *, keeps_reading: bool) -> None:
    """Become a user that owns nothing. `keeps_reading`: past modes, because Landlock says what can be read at all."""
    if keeps_reading:
        kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    try:
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a container's user namespace without so high a number
            raise
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    kernel.keep_capabilities(kernel.CAP_DAC_READ_SEARCH if keeps_reading else 0)
