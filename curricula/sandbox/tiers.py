"""Which kind of jail this machine can build, found out by building one and trying to get out.

| tier | rests on | needs |
|---|---|---|
| `namespaces` | own namespaces, mounts and user, then limits, no_new_privs, Landlock and seccomp where present | Linux 5.12, user namespaces or root |
| `bubblewrap` | the same, built by `bwrap` | bubblewrap installed |
| `landlock` | Landlock and seccomp alone: for containers that forbid namespaces | Linux 5.13, x86_64 or aarch64 |

The first that holds is in force. With none, nothing foreign is run. Not covered by any tier: side channels (time,
caches), and kernel bugs in the calls that Python needs.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TIERS = ("namespaces", "bubblewrap", "landlock")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"}
"""All that a program sees of an environment. Hash order differs from run to run, so that results which depend on it show."""
HOME = str(Path(__file__).resolve().parents[2])
"""Where the launcher finds this package."""
PROBE = """
import json, os, socket
def refused(act):
    try:
        act()
    except Exception:
        return True
    return False
found = {
    "file": refused(lambda: open(payload["canary"]).read()),
    "folder": refused(lambda: open(payload["canary"] + ".new", "w")),
    "network": refused(lambda: socket.create_connection(("127.0.0.1", payload["port"]), timeout=2)),
    "environment": sorted(set(os.environ) - set(payload["environment"]) - {"PWD", "LC_CTYPE"}) == [],
}
os.write(writer, json.dumps(found).encode())
"""


@dataclass(frozen=True)
class TierInfo:
    """One tier on this machine."""

    name: str
    holds: bool
    why: str
    """Why not; empty when it holds."""


def in_force() -> str | None:
    """The tier that foreign code is run in here; None: none holds, and nothing is run. Found once a process."""
    return next((info.name for info in _tried() if info.holds), None)


def why_none() -> str:
    """One line a tier: why it does not hold."""
    return "\n".join(f"{info.name}: {info.why}" for info in _tried() if not info.holds)


@functools.cache
def _tried() -> tuple[TierInfo, ...]:
    tried = []
    for name in TIERS:
        tried.append(probe(name))
        if tried[-1].holds:
            break
    return tuple(tried)


def probe(name: str) -> TierInfo:
    """Build one jail and look from inside for a file, a folder, a listening port and our environment: none may be there."""
    from curricula.sandbox.run import Limits, NoSandbox, Program, run

    if not sys.platform.startswith("linux"):
        return TierInfo(name, False, f"{sys.platform} is not Linux")
    if name == "bubblewrap" and shutil.which("bwrap") is None:
        return TierInfo(name, False, "bwrap is not installed")
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        canary = Path(folder) / "canary"
        canary.write_text("here", encoding="utf-8")
        os.chmod(folder, 0o777)
        os.chmod(canary, 0o666)
        payload = {"canary": str(canary), "port": server.getsockname()[1], "environment": sorted(ENVIRONMENT)}
        try:
            ended = run(Program(PROBE, payload), limits=Limits(wall_s=20), tier=name)
        except NoSandbox as error:
            return TierInfo(name, False, error.where)
    try:
        found = json.loads(ended.data)
        leaks = [what for what in ("file", "folder", "network", "environment") if found[what] is not True]
    except (ValueError, KeyError, TypeError):
        return TierInfo(name, False, f"the trial in it ended with {ended.how} {ended.code} and said nothing")
    return TierInfo(name, not leaks, f"from inside it one can reach: {', '.join(leaks)}" if leaks else "")


@functools.cache
def readable() -> tuple[str, ...]:
    """What a program may read: the standard library, the shared libraries it loads, time zones, /dev/null and chance."""
    library = {sysconfig.get_path("stdlib"), sysconfig.get_config_var("DESTSHARED") or "", *(str(Path(prefix) / "lib") for prefix in (sys.base_prefix, sys.base_exec_prefix))}
    folders = [*sorted(library - {""}), "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"]
    kept: list[str] = []
    for folder in sorted(filter(os.path.isdir, folders), key=len):
        if not any(folder == other or folder.startswith(other + "/") for other in kept):
            kept.append(folder)
    files = [path for path in ("/etc/ld.so.cache", "/usr/share/zoneinfo", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random") if os.path.exists(path)]
    return (*kept, *files)


def command(tier: str) -> list[str]:
    """What to start for a tier; the launcher reads its job from stdin."""
    python = getattr(sys, "_base_executable", None) or sys.executable
    start = f"import sys; sys.path.append({HOME!r}); from curricula.sandbox.launcher import main; main()"
    launcher = [python, "-I", "-S", "-B", "-c", start]
    return [*_bubblewrap(python), *launcher] if tier == "bubblewrap" else launcher


def _bubblewrap(python: str) -> Iterator[str]:
    binaries = {python, os.path.realpath(python)}
    package = str(Path(HOME) / "curricula")
    yield from ("bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--new-session")
    if os.geteuid() == 0:
        yield from ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
    else:
        yield from ("--unshare-user", "--uid", "65534", "--gid", "65534")
    yield from ("--dev", "/dev", "--size", str(16 << 20), "--tmpfs", "/tmp", "--chmod", "1777", "/tmp")
    bound = (*sorted(binaries), f"{package}/__init__.py", f"{package}/sandbox", *(path for path in readable() if not path.startswith("/dev/")))
    # bwrap copies the modes of parents; a Python below a private home must be reachable for the dropped user
    for parent in sorted({str(parent) for path in bound for parent in Path(path).parents} - {"/"}, key=len):
        yield from ("--perms", "0755", "--dir", parent)
    for path in bound:
        yield from ("--ro-bind", path, path)
    yield from ("--remount-ro", "/", "--chdir", "/tmp", "--")
