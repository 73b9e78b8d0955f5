"""A root of its own: fresh namespaces, a read-only file system that holds Python and nothing else, a private /tmp.

Runs inside the launcher under `python -I -S`. What is missing in there can't be reached: no /proc, no /etc, no home,
no sockets in the file system, no network device that is up, no process but its own.
"""

from __future__ import annotations

import os

from curricula.sandbox import kernel

STAND_IN = "/tmp"  # covered by the new root while it is being built
ROOT_OPTIONS = "size=1m,mode=755"
TMP_OPTIONS = "size=16m,nr_inodes=1024,mode=1777"  # counts against nothing else, so it is small
NOBODY = 65534


def leave_namespaces() -> None:
    """New namespaces for this process's children, and for it itself but for the process ids.

    Someone who is not root gets a user namespace too, in which nobody but itself exists.
    """
    flags = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWCGROUP
    if os.geteuid() == 0:
        kernel.unshare(flags)
        return
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(flags | kernel.CLONE_NEWUSER)
    for name, line in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(line)


def build_root(readable: list[str]) -> None:
    """Only `readable` (folders and files, at their own paths, read-only) and an empty /tmp are left of the file system."""
    # opened first, because the new root covers what lies below the stand-in
    places = {path: os.open(path, os.O_PATH) for path in readable if os.path.exists(path)}
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", STAND_IN, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, ROOT_OPTIONS)
    for path, place in places.items():
        _bind(path, place)
        os.close(place)
    os.makedirs(f"{STAND_IN}/tmp", exist_ok=True)
    kernel.make_readonly(STAND_IN, has_devices=True)
    kernel.mount("tmpfs", f"{STAND_IN}/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, TMP_OPTIONS)
    kernel.change_root(STAND_IN)
    os.chdir("/tmp")


def _bind(path: str, place: int) -> None:
    target = STAND_IN + path
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o444))
    kernel.mount(f"/proc/self/fd/{place}", target, "", kernel.MS_BIND | kernel.MS_REC)
    kernel.make_readonly(target, has_devices=path.startswith("/dev/"))
