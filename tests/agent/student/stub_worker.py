"""The real worker process with handlers that need no model: `python -m tests.agent.student.stub_worker PARENT`."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from agent.student.contract import BadAdapter
from agent.student.worker import Handlers, main


class Echo:
    """A student whose answers say what it was asked."""

    def rollouts(self, prompts, n, max_tokens, seed, adapter, progress):
        progress(1, 1)
        return [[f"{prompt} {max_tokens} {seed} {adapter}"] * n for prompt in prompts]

    def answer_scores(self, rows, adapter, progress):
        return [(-float(len(prompt)), float(len(completion))) for prompt, completion in rows]


class StubHandlers(Handlers):
    """`effect` does what its first prompt says."""

    def do_load(self, spec):
        self._student = Echo()
        return {"device": "none", "dtype": "none", "template": "t", "engine": "stub"}

    def do_effect(self, spec):
        order, *rest = spec["prompts"]
        report = self._progress("stub")
        report(1, 2)
        if order == "pid":
            return {"difference": os.getpid()}
        if order == "environment":
            Path(rest[0]).write_text("\n".join(f"{key}={value}" for key, value in os.environ.items()))
        if order == "print":
            print("a library chatters")
            os.write(1, b"and so does C code\n")
        if order == "die" or order == "die once" and not Path(rest[0]).exists():
            if rest:
                Path(rest[0]).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "freeze once" and not Path(rest[0]).exists():
            Path(rest[0]).touch()
            os.kill(os.getpid(), signal.SIGSTOP)
        if order == "bad adapter":
            raise BadAdapter("it is bad", where="there", hint="mend it")
        if order == "bug":
            raise ZeroDivisionError("a bug of ours")
        if order == "sleep":
            time.sleep(60)
        return {"difference": 0.5}


if __name__ == "__main__":
    main(StubHandlers)
