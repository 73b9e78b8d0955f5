"""The escape suite: programs that try to get out of the sandbox, and a world of canaries to see whether one did.

`python -m tests.curricula.sandbox.attacks TIER` runs all of them as whoever starts it and prints what leaked, as JSON:
attack to list of leaks. Everything attacked is this process's own: temporary files, loopback sockets, a sleeping child.
Each attack is bounded in count and time, in case it works.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from curricula.sandbox.run import Ended, Limits, Program, run

SECRET = "canary-8f1d0c"
PR_SET_CHILD_SUBREAPER = 36
PREAMBLE = """
import os, json
got = []
def attempt(name, act):
    try:
        result = act()
    except BaseException as error:
        return
    got.append(f"{name}: {str(result)[:200]}")
def done():
    os.write(writer, json.dumps(got).encode())
"""
LONG = Limits(wall_s=20)
SHORT = Limits(wall_s=0.7)

ATTACKS: dict[str, tuple[str, Limits]] = {
    "read files": ("""
for path in ("/etc/shadow", "/etc/passwd", "/etc/hostname", payload["secret"], payload["key"], os.path.expanduser("~root/.ssh/id_rsa")):
    attempt(path, lambda: open(path).read())
attempt("home", lambda: os.listdir(payload["home"]))
attempt("etc", lambda: os.listdir("/etc/ssl"))
done()
""", LONG),
    "parent's environment": ("""
for pid in ("self", os.getppid(), 1, payload["pid"]):
    attempt(f"environ of {pid}", lambda: open(f"/proc/{pid}/environ").read() or 1/0)
    attempt(f"memory of {pid}", lambda: open(f"/proc/{pid}/mem", "rb") and pid != "self" or 1/0)
for name, value in os.environ.items():
    if payload["mark"] in value or "KEY" in name:
        got.append(name)
done()
""", LONG),
    "write outside": ("""
attempt("new file", lambda: open(payload["home"] + "/new", "w").write("x"))
attempt("overwrite", lambda: open(payload["secret"], "w").write("x"))
attempt("append", lambda: open(payload["secret"], "a").write("x"))
attempt("truncate", lambda: os.truncate(payload["secret"], 0))
attempt("remove", lambda: os.unlink(payload["secret"]))
attempt("rename", lambda: os.rename(payload["secret"], payload["secret"] + "2"))
attempt("mode", lambda: os.chmod(payload["secret"], 0o777))
attempt("time", lambda: os.utime(payload["secret"], (1, 1)))
attempt("attribute", lambda: os.setxattr(payload["secret"], "user.x", b"1"))
attempt("owner", lambda: os.chown(payload["secret"], os.getuid(), os.getgid()))
attempt("folder", lambda: os.mkdir(payload["home"] + "/folder"))
attempt("fifo", lambda: os.mkfifo(payload["home"] + "/fifo"))
attempt("library", lambda: open(os.__file__, "a"))
attempt("root", lambda: open("/new", "w"))
done()
""", LONG),
    "symlinks and other ways round": ("""
import tempfile
folder = "/tmp"
attempt("symlink", lambda: (os.symlink(payload["secret"], folder + "/link"), open(folder + "/link").read())[1])
attempt("hard link", lambda: (os.link(payload["secret"], folder + "/hard"), open(folder + "/hard").read())[1])
attempt("symlinked folder", lambda: (os.symlink(payload["home"], folder + "/home"), os.listdir(folder + "/home"))[1])
attempt("write through", lambda: (os.symlink(payload["home"] + "/made", folder + "/made"), open(folder + "/made", "w").write("x"))[1])
attempt("dots", lambda: open("/tmp" + "/.." * 30 + payload["secret"]).read())
attempt("proc root", lambda: open("/proc/self/root" + payload["secret"]).read())
attempt("proc root of 1", lambda: open("/proc/1/root" + payload["secret"]).read())
attempt("proc cwd", lambda: open(f"/proc/{payload['pid']}/cwd" + payload["secret"]).read())
attempt("chroot", lambda: os.chroot("/tmp"))
attempt("folder handle", lambda: os.open(payload["home"], os.O_RDONLY | os.O_DIRECTORY) >= 0)
done()
""", LONG),
    "tcp": ("""
import socket
attempt("connect", lambda: socket.create_connection(("127.0.0.1", payload["tcp"]), timeout=2).sendall(b"x"))
attempt("connect 6", lambda: socket.create_connection(("::1", payload["tcp"]), timeout=2).sendall(b"x"))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("packet", lambda: socket.socket(17, socket.SOCK_RAW))
def listen():
    server = socket.create_server(("127.0.0.1", payload["free_port"]))
    server.settimeout(1)
    return server.accept()
attempt("listen", listen)
done()
""", LONG),
    "udp": ("""
import socket
attempt("send", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", payload["udp"])))
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).sendto(b"x", (0, 0)))
done()
""", LONG),
    "unix and abstract sockets": ("""
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    for name in (payload["unix"], payload["abstract"], payload["unix_datagram"], payload["abstract_datagram"]):
        name = "\\0" + name[1:] if name.startswith("@") else name
        attempt(f"connect {name} {kind}", lambda: (s := socket.socket(socket.AF_UNIX, kind), s.settimeout(1), s.connect(name), s.send(b"x")))
        attempt(f"send {name} {kind}", lambda: socket.socketpair(socket.AF_UNIX, kind)[0].sendto(b"x", name))
done()
""", LONG),
    "fork bomb": ("""
import time, ctypes
libc = ctypes.CDLL(None)
n = 0
for way in (os.fork, libc.fork, lambda: libc.syscall(57), lambda: libc.syscall(56, 17, 0, 0, 0, 0)):
    for _ in range(300):
        try:
            pid = way()
        except OSError:
            break
        if pid == 0:
            time.sleep(20)
            os._exit(0)
        if pid < 0:
            break
        n += 1
if n > 64:
    got.append(f"{n} processes")
done()
""", LONG),
    "thread bomb": ("""
import threading, time
n = 0
try:
    for _ in range(1000):
        threading.Thread(target=time.sleep, args=(3,), daemon=True).start()
        n += 1
except RuntimeError:
    pass
if n > 64:
    got.append(f"{n} threads")
done()
os._exit(0)
""", LONG),
    "10 GB": ("""
import mmap
attempt("bytes", lambda: len(bytearray(10 << 30)))
attempt("mmap", lambda: len(mmap.mmap(-1, 10 << 30)))
attempt("shared", lambda: len(mmap.mmap(-1, 1 << 30, flags=mmap.MAP_SHARED)))
blocks = []
def pieces():
    for _ in range(1024):
        blocks.append(bytearray(10 << 20))
attempt("pieces", pieces)
n = len(blocks)
blocks.clear()
if n > 60:
    got.append(f"{n} pieces of 10 MB")
attempt("memfd", lambda: os.memfd_create("x"))
def disk():
    for i in range(40):
        with open(f"/tmp/{i}", "wb") as file:
            file.write(bytes(1 << 20))
attempt("40 MB in tmp", disk)
attempt("large file", lambda: open("/tmp/large", "wb").write(bytes(20 << 20)))
import resource
attempt("limit", lambda: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
done()
""", LONG),
    "ignores SIGTERM": ("""
import signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)
while True:
    time.sleep(0.01)
""", SHORT),
    "burns time": ("while True: pass", SHORT),
    "output flood": ("""
while True:
    os.write(writer, b"x" * 65536)
""", LONG),
    "flood of stdout": ("""
import sys
while True:
    sys.stdout.write("x" * 65536); sys.stderr.write("x" * 65536)
""", SHORT),
    "ctypes": ("""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def must(result):
    if result < 0:
        raise OSError(ctypes.get_errno())
    return result
attempt("root", lambda: must(libc.setuid(0)))
attempt("user namespace", lambda: must(libc.unshare(0x10000000)))
attempt("mount", lambda: must(libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0)))
attempt("mount proc", lambda: must(libc.mount(b"proc", b"/tmp", b"proc", 0, 0)))
attempt("ptrace", lambda: must(libc.ptrace(16, os.getppid(), 0, 0)))
attempt("ptrace parent", lambda: must(libc.ptrace(16, payload["pid"], 0, 0)))
attempt("socket", lambda: must(libc.socket(2, 1, 0)))
attempt("raw socket call", lambda: must(libc.syscall(41, 2, 1, 0)))
attempt("io_uring", lambda: must(libc.syscall(425, 8, ctypes.create_string_buffer(256))))
attempt("bpf", lambda: must(libc.syscall(321, 0, 0, 0)))
attempt("keys", lambda: must(libc.syscall(250, 0, -3, 0)))
attempt("shared memory", lambda: must(libc.syscall(29, 0, 4096, 0o1600)))
attempt("handle", lambda: must(libc.syscall(304, -100, 0, 0)))
attempt("pidfd", lambda: must(libc.syscall(434, payload["sleeper"], 0)))
attempt("other's memory", lambda: must(libc.syscall(310, payload["pid"], 0, 0, 0, 0, 0)))
attempt("other's limits", lambda: must(libc.syscall(302, payload["sleeper"], 7, ctypes.create_string_buffer(16), 0)))
attempt("modify filter", lambda: must(libc.prctl(4, 1, 0, 0, 0)))
attempt("survive", lambda: must(libc.prctl(1, 0, 0, 0, 0)))
attempt("exec", lambda: must(libc.execv(b"/usr/bin/true", None)))
done()
""", LONG),
    "32-bit calls": ("""
import ctypes
attempt("socket", lambda: ctypes.CDLL(None).syscall(41 | 0x40000000, 2, 1, 0) >= 0 or 1 / 0)
done()
while os.uname().machine != "x86_64":
    pass
""", SHORT),
    "signals": ("""
attempt("kill", lambda: os.kill(payload["sleeper"], 9))
attempt("kill group", lambda: os.killpg(payload["sleeper"], 9))
attempt("stop", lambda: os.kill(payload["sleeper"], 19))
import fcntl
def by_file():
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, payload["sleeper"])
    fcntl.fcntl(reading, 10, 9)
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC)
    os.write(writing, b"x")
attempt("by a file's owner", by_file)
done()
""", LONG),
    "other programs": ("""
import subprocess
attempt("shell", lambda: subprocess.run(["/bin/sh", "-c", "echo out"], capture_output=True, check=True).stdout)
attempt("python", lambda: os.posix_spawn("/usr/bin/python3", ["python3", "-c", "pass"], {}))
attempt("system", lambda: 1 / (os.system("true") == 0))
done()
""", LONG),
    "daemons": ("""
import ctypes, time
libc = ctypes.CDLL(None)
for way in (os.fork, lambda: libc.syscall(57)):
    try:
        pid = way()
    except OSError:
        continue
    if pid == 0:
        try:
            os.setsid()
            if os.fork():
                os._exit(0)
        except OSError:
            pass
        deadline = time.time() + 20
        while time.time() < deadline:
            try:
                open(payload["home"] + "/daemon", "a").write("x")
            except OSError:
                pass
            time.sleep(0.05)
        os._exit(0)
done()
""", LONG),
    "inherited files": ("""
for number in range(3, 1024):
    if number == writer:
        continue
    try:
        os.fstat(number)
    except OSError:
        continue
    got.append(f"file {number}")
done()
""", LONG),
    "leaves something": ("""
import sys
for path in ("/tmp/left", "/dev/shm/left", "/var/tmp/left", sys.prefix + "/left"):
    try:
        open(path, "w").write("left")
    except OSError:
        pass
done()
""", LONG),
    "finds something": ("""
for path in ("/tmp/left", "/dev/shm/left", "/var/tmp/left"):
    attempt(path, lambda: open(path).read())
attempt("tmp", lambda: os.listdir("/tmp") or 1/0)
done()
""", LONG),
}  # fmt: skip
ENDS = {
    "ignores SIGTERM": "timeout", "burns time": "timeout", "output flood": "flood", "flood of stdout": "timeout",
    "32-bit calls": "signal" if os.uname().machine == "x86_64" else "timeout",  # x86_64 alone has them; the filter kills
}  # fmt: skip
SETTLE_S = 5.0  # a killed process is gone a little after the kill


class World:
    """Canary files, sockets and a process, and whether they are as they were."""

    def __init__(self, folder: Path) -> None:
        os.chmod(folder, 0o777)
        self.folder = folder
        self.secret, self.key = folder / "secret", folder / ".ssh" / "id_rsa"
        self.key.parent.mkdir(mode=0o755)
        for path in (self.secret, self.key):
            path.write_text(SECRET, encoding="utf-8")
            path.chmod(0o666)
        self.streams = [socket.create_server(("127.0.0.1", 0))]
        self.datagrams = [_bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))]
        names = {"unix": str(folder / "s"), "abstract": f"\0{folder}/s", "unix_datagram": str(folder / "d"), "abstract_datagram": f"\0{folder}/d"}
        for kind, name in names.items():
            made = _bound(socket.AF_UNIX, socket.SOCK_DGRAM if "datagram" in kind else socket.SOCK_STREAM, name)
            (self.datagrams if "datagram" in kind else self.streams).append(made)
            if not name.startswith("\0"):
                os.chmod(name, 0o777)
        for server in self.streams:
            server.listen()
        for server in (*self.streams, *self.datagrams):
            server.setblocking(False)
        with socket.create_server(("127.0.0.1", 0)) as once:
            free_port = once.getsockname()[1]
        self.sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
        self.payload = {
            "secret": str(self.secret), "key": str(self.key), "home": str(folder), "pid": os.getpid(), "mark": SECRET, "sleeper": self.sleeper.pid,
            "tcp": self.streams[0].getsockname()[1], "udp": self.datagrams[0].getsockname()[1], "free_port": free_port,
            **{kind: name.replace("\0", "@") for kind, name in names.items()},
        }  # fmt: skip
        self.before = self._files()

    def harm(self) -> list[str]:
        """What is not as it was."""
        found = []
        if self._files() != self.before:
            found.append(f"files changed: {sorted(set(self._files()) ^ set(self.before))}")
        for server in self.streams:
            with suppress(BlockingIOError):
                server.accept()
                found.append(f"a connection to {server.getsockname()!r}")
        for server in self.datagrams:
            with suppress(BlockingIOError):
                server.recv(100)
                found.append(f"a datagram to {server.getsockname()!r}")
        if self.sleeper.poll() is not None or _state(self.sleeper.pid) not in "SR":
            found.append("the other process was signalled")
        return found

    def close(self) -> None:
        self.sleeper.kill()
        self.sleeper.wait()
        for server in (*self.streams, *self.datagrams):
            server.close()

    def _files(self) -> list[tuple[Any, ...]]:
        return [(str(path), status.st_mode, status.st_uid, status.st_mtime_ns, status.st_size) for path in sorted(self.folder.rglob("*")) for status in [path.stat()]]


def assault(tier: str) -> dict[str, list[str]]:
    """Run every attack; attack to leaks. Empty lists are what is wanted."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whatever outlives its jail becomes our child
    os.environ["WEAKSPOT_TEST_API_KEY"] = SECRET
    leaks = {}
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        world = World(Path(folder))
        try:
            for name, (source, limits) in ATTACKS.items():
                started = time.monotonic()
                ended = run(Program(PREAMBLE + source, world.payload), limits=limits, tier=tier)
                leaks[name] = [*told(name, ended), *world.harm(), *survivors(world)]
                if time.monotonic() - started > 40:
                    leaks[name].append("it could not be stopped in time")
            for left in ("/tmp/left", "/dev/shm/left", "/var/tmp/left"):
                if Path(left).exists():
                    leaks["leaves something"].append(left)
        finally:
            world.close()
    return leaks


def told(name: str, ended: Ended) -> list[str]:
    """What an attack says it got, and whether it ended as it must."""
    wanted = ENDS.get(name, "exit")
    if ended.how != wanted:
        return [f"ended with {ended.how} {ended.code}, not {wanted}"]
    if wanted != "exit":
        return []
    try:
        return json.loads(ended.data)
    except ValueError:
        return [f"said {ended.data[:200]!r}"]


def survivors(world: World) -> list[str]:
    """Processes of a jail that are still there: they would have become this process's children."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        found = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split() if int(pid) != world.sleeper.pid]
        if not found or time.monotonic() > deadline:
            return [f"process {pid} outlived its jail" for pid in found]
        for pid in found:
            os.waitpid(int(pid), os.WNOHANG)
        time.sleep(0.01)


def _bound(family: int, kind: int, address: Any) -> socket.socket:
    made = socket.socket(family, kind)
    made.bind(address)
    return made


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


if __name__ == "__main__":
    signal.alarm(240)
    print(json.dumps(assault(sys.argv[1])))
