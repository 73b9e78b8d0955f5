"""The process between us and foreign code: `python -I -S`, one job on stdin, then it builds the jail.

launcher ── first process of the jail ── the program
(waits)     (waits, says how it ended)   (locked down, then runs)

On the status pipe it says `ready` when everything is in force and foreign code is about to run, `refused: why` when
the kernel would not, and at the end `exit N` or `signal N`. The program has no hold of that pipe. Standard library only, and little of it: imports are
most of the 20 ms that a start takes. The job is marshalled: it comes from the same interpreter, and `json` takes longer.
"""

from __future__ import annotations

import marshal
import os
import sys

from curricula.sandbox import jail, kernel, lockdown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NO_CHANNEL = -1


def main() -> None:
    """Read the job from stdin and see it through; leaves the process."""
    job = marshal.loads(sys.stdin.buffer.read())
    os.dup2(1, 0)  # /dev/null
    kernel.prctl(kernel.PR_SET_PDEATHSIG, kernel.SIGKILL)
    try:
        if job["tier"] != "namespaces":
            _supervise(job)
        jail.leave_namespaces()
        first = os.fork()
        if first == 0:
            # nobody inside may look into this process or outlive the launcher
            kernel.prctl(kernel.PR_SET_PDEATHSIG, kernel.SIGKILL)
            jail.build_root(job["readable"])
            _supervise(job)
        _close(job["status"], *job["channels"].values())
        os.waitpid(first, 0)
    except OSError as error:
        _tell(job["status"], f"refused: {error}")
        os._exit(1)
    os._exit(0)


def _supervise(job: dict[str, Any]) -> None:
    """Start the program and say how it ended; the end of the jail's first process ends everything in there."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    here = os.getpid()
    program = os.fork()
    if program == 0:
        _run(job, here)
    _close(*job["channels"].values())
    while True:
        ended, code = os.waitpid(-1, 0)
        if ended == program:
            break
    _tell(job["status"], f"signal {os.WTERMSIG(code)}" if os.WIFSIGNALED(code) else f"exit {os.WEXITSTATUS(code)}")
    os._exit(0)


def _run(job: dict[str, Any], parent: int) -> None:
    try:
        lockdown.lock(tier=job["tier"], user=job["user"], readable=job["readable"], **job["limits"])
        if os.getppid() != parent:  # it died before its death could be asked to be told
            os._exit(1)
    except (OSError, ValueError) as error:
        _tell(job["status"], f"refused: {error}")
        os._exit(1)
    _tell(job["status"], "ready")
    os.close(job["status"])
    scope = {"__name__": "__main__", "payload": job["payload"], "reader": NO_CHANNEL, "writer": NO_CHANNEL, **job["channels"]}
    code = 1
    try:
        sys.path.remove(job["home"])
        exec(compile(job["program"], "<program>", "exec"), scope)
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # whatever foreign code does ends as an exit code
        code = 1
    finally:
        os._exit(code & 0xFF)


def _tell(status: int, line: str) -> None:
    os.write(status, line.encode()[:400] + b"\n")


def _close(*channels: int) -> None:
    for channel in channels:
        os.close(channel)
