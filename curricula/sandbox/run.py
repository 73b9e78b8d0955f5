"""Run a program in the sandbox: source and data go in, the bytes it wrote and how it ended come out.

Nothing is decided in there. A program may lie about everything but its own end, so a caller trusts only bytes that it
checks itself, and treats whatever is not `exit 0` with the right bytes as a failure. Two programs can be joined by
pipes (`partner`), each in a jail of its own: that is how tests call a solution without sharing an interpreter with it.

    ended = run(Program("import os; os.write(writer, b'4')"))

Inside, `payload` is the data given, `reader` and `writer` are file descriptors (-1: none).
"""

from __future__ import annotations

import itertools
import marshal
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import FileIO
from typing import Any

from curricula.sandbox import tiers
from probes.errors import WeakspotError

START_S = 30.0  # for the jail to stand; it takes 30 ms on an idle machine
END_S = 30.0  # for the kernel to clear away a killed jail
FIRST_USER, N_USERS = 1_900_000_000, 200_000_000  # user ids that nobody hands out (systemd's "unused" range)
_serial = itertools.count()


class NoSandbox(WeakspotError):
    """No tier is in force, or the kernel refused one while it was being built: nothing foreign was run."""


@dataclass(frozen=True)
class Limits:
    """What a program may use."""

    wall_s: float = 10.0
    """From the moment it starts to run."""
    cpu_s: int = 8
    memory_mb: int = 512
    """Address space; a process more is never allowed, so this is the whole of it."""
    file_mb: int = 8
    """Largest file in its /tmp."""
    output_bytes: int = 1_000_000
    """What it may write to its pipe; beyond that it is killed."""


@dataclass(frozen=True)
class Program:
    """Python source, run as `__main__`, and what it finds as `payload` (plain data)."""

    source: str
    payload: Any = None


@dataclass(frozen=True)
class Ended:
    """What came of a program."""

    how: str
    """`exit`, `signal`, `timeout` or `flood`; the launcher says so, not the program."""
    code: int
    """Exit code or signal; 0 for `timeout` and `flood`."""
    data: bytes
    """What it wrote to its pipe, at most `output_bytes`."""
    seconds: float
    start_s: float
    """Until the jail stood."""

    @property
    def is_clean(self) -> bool:
        """It came to its own end without an error. Says nothing of what it did until then."""
        return self.how == "exit" and self.code == 0


def run(program: Program, *, partner: Program | None = None, limits: Limits = Limits(), tier: str | None = None) -> Ended:
    """Run one program, or two that talk; all of it is gone when this returns.

    With a `partner`, the program reads what the partner writes from `reader` and writes to it through `partner_writer`
    (in its payload, which must be a dict); what it writes to `writer` comes back here. The partner ends with it.

    Raises:
        NoSandbox: nothing foreign was run.
    """
    tier = tier or tiers.in_force()
    if tier is None:
        raise NoSandbox("no sandbox: foreign code is not run on this machine", where=tiers.why_none(), hint="weakspot doctor")
    with ExitStack() as stack:
        result_reader, result_writer = _pipe(stack)
        if partner is None:
            main = stack.enter_context(_started(program, tier, limits, None, result_writer))
        else:
            there_reader, there_writer = _pipe(stack)
            back_reader, back_writer = _pipe(stack)
            program = Program(program.source, {**program.payload, "partner_writer": there_writer.fileno()})
            other = stack.enter_context(_started(partner, tier, limits, there_reader, back_writer))
            main = stack.enter_context(_started(program, tier, limits, back_reader, result_writer, there_writer))
            for end in (there_reader, there_writer, back_reader, back_writer):
                end.close()
            other.wait_until_ready()
        result_writer.close()
        main.wait_until_ready()
        return _attended(main, result_reader.fileno(), limits)


class _Running:
    """A launched program, as seen through its status pipe."""

    def __init__(self, process: subprocess.Popen[bytes], status: int) -> None:
        self.process = process
        self.status = status
        self.said = b""
        self.started = time.monotonic()
        self.start_s = 0.0

    def wait_until_ready(self) -> None:
        """Until foreign code runs; NoSandbox if it never will."""
        deadline = self.started + START_S
        while b"\n" not in self.said and self.hear(max(0.0, deadline - time.monotonic())):
            continue
        first = self.said.partition(b"\n")[0].decode(errors="replace")
        if first != "ready":
            raise NoSandbox("the sandbox could not be built, so the code was not run", where=first or "the launcher said nothing", hint="weakspot doctor")
        self.start_s = time.monotonic() - self.started

    def hear(self, timeout_s: float) -> bool:
        """Read what the launcher says; False at its end or after the time."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.status, selectors.EVENT_READ)
            if not selector.select(timeout_s):
                return False
        more = os.read(self.status, 4096)
        self.said += more
        return bool(more)

    def kill(self) -> None:
        """Kill the launcher; the kernel kills what depends on it. Returns when nobody holds the status pipe, or raises."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            self.process.poll()  # it had ended by itself
        self.process.wait()
        deadline = time.monotonic() + END_S
        while self.hear(max(0.0, deadline - time.monotonic())):
            continue
        if time.monotonic() > deadline:
            raise WeakspotError(f"a sandbox was killed and is still there after {END_S:g} s", where=f"process group {self.process.pid}", hint="weakspot doctor", exit_code=1)


@contextmanager
def _started(program: Program, tier: str, limits: Limits, reader: FileIO | None, writer: FileIO, also: FileIO | None = None) -> Iterator[_Running]:
    status_reader, status_writer = os.pipe()
    channels = {name: end.fileno() for name, end in (("reader", reader), ("writer", writer), ("also", also)) if end is not None}
    user = FIRST_USER + (os.getpid() * 64 + next(_serial) % 64) % N_USERS if os.geteuid() == 0 else 0
    job = {
        "tier": tier, "program": program.source, "payload": program.payload, "status": status_writer, "channels": channels,
        "user": user, "home": tiers.HOME, "readable": list(tiers.readable()),
        "limits": {"memory_mb": limits.memory_mb, "cpu_s": limits.cpu_s, "file_mb": limits.file_mb},
    }  # fmt: skip
    try:
        process = subprocess.Popen(
            tiers.command(tier), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=tiers.ENVIRONMENT,
            pass_fds=(status_writer, *channels.values()), cwd="/", start_new_session=True)  # fmt: skip
    finally:
        os.close(status_writer)
    running = _Running(process, status_reader)
    try:
        assert process.stdin is not None
        try:
            process.stdin.write(marshal.dumps(job))
            process.stdin.close()
        except BrokenPipeError:
            running.said = b"refused: the launcher did not start\n"
        yield running
    finally:
        running.kill()
        os.close(status_reader)


def _attended(main: _Running, result: int, limits: Limits) -> Ended:
    """Read the result until its end, the launcher's word, the time or the size is reached."""
    started = time.monotonic()
    deadline = started + limits.wall_s
    data = bytearray()
    is_open = {result, main.status}
    with selectors.DefaultSelector() as selector:
        for channel in is_open:
            selector.register(channel, selectors.EVENT_READ)
        while is_open and main.said.count(b"\n") < 2:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                return Ended("timeout", 0, bytes(data), time.monotonic() - started, main.start_s)
            for key, _ in ready:
                more = os.read(key.fd, 65536)
                if not more:
                    selector.unregister(key.fd)
                    is_open.discard(key.fd)
                elif key.fd == result:
                    data += more
                else:
                    main.said += more
            if len(data) > limits.output_bytes:
                return Ended("flood", 0, bytes(data[: limits.output_bytes]), time.monotonic() - started, main.start_s)
    seconds = time.monotonic() - started
    rest = _rest(result, limits.output_bytes + 1 - len(data)) if result in is_open else b""
    data += rest
    if len(data) > limits.output_bytes:
        return Ended("flood", 0, bytes(data[: limits.output_bytes]), seconds, main.start_s)
    lines = main.said.decode(errors="replace").splitlines()
    how, _, code = lines[1].partition(" ") if len(lines) > 1 else ("signal", "", str(int(signal.SIGKILL)))
    return Ended(how, int(code), bytes(data), seconds, main.start_s)


def _rest(channel: int, most: int) -> bytes:
    """What is already in the pipe; does not wait for more."""
    os.set_blocking(channel, False)
    found = bytearray()
    while len(found) < most:
        try:
            more = os.read(channel, 65536)
        except BlockingIOError:
            break
        if not more:
            break
        found += more
    return bytes(found)


def _pipe(stack: ExitStack) -> tuple[FileIO, FileIO]:
    """Reader and writer, closed at the latest with the stack."""
    reader, writer = os.pipe()
    return stack.enter_context(FileIO(reader, "rb")), stack.enter_context(FileIO(writer, "wb"))
