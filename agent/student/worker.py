"""The process that holds the model: `python -m agent.student.worker`.

JSON lines in on stdin (one job at a time), JSON lines out on stdout (heartbeats, progress, one result a
job); payloads of any size travel as files. Whatever libraries print goes to stderr, which is the log.
It ends when its parent ends: by signal on Linux, by end of stdin everywhere. It never opens the database.
"""

from __future__ import annotations

import ctypes
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from probes.errors import WeakspotError
from probes.suite import Probe, Suite

HEARTBEAT_S = 2.0
PROGRESS_S = 0.2  # at most five progress lines a second reach the supervisor
PR_SET_PDEATHSIG = 1


class Wire:
    """The stdout the supervisor reads, kept apart from the one that libraries print to."""

    def __init__(self) -> None:
        self._stream: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._lock = threading.Lock()

    def send(self, **event: Any) -> None:
        """Write one event."""
        line = json.dumps(event) + "\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()


def main(make_handlers: Callable[[Wire], Handlers] | None = None) -> None:
    """Serve jobs until told to shut down. The first argument is the process id of the parent to die with."""
    parent = int(sys.argv[1]) if len(sys.argv) > 1 else os.getppid()
    wire = Wire()
    _die_with(parent)
    jobs: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read_jobs, args=(jobs,), daemon=True).start()
    threading.Thread(target=_beat, args=(wire,), daemon=True).start()
    _quieten()
    handlers = (make_handlers or Handlers)(wire)
    while True:
        job = jobs.get()
        number, name, spec = job["job"], job["name"], job["spec"]
        if name == "shutdown":
            wire.send(event="done", job=number, result={})
            return
        started = time.monotonic()
        try:
            result = handlers.run(name, spec, number)
            wire.send(event="done", job=number, result=result, seconds=time.monotonic() - started)
        except WeakspotError as error:
            wire.send(
                event="failed", job=number, kind=type(error).__name__, message=error.message, where=error.where,
                hint=error.hint,
            )
        except Exception as error:  # crosses a process border: told to the supervisor, which raises
            traceback.print_exc()
            wire.send(event="failed", job=number, kind="Internal", message=f"{type(error).__name__}: {error}")


class Handlers:
    """One method a job; each takes the job's spec and returns what fits in a line of JSON."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._student: Any = None
        self._job = 0

    def run(self, name: str, spec: dict[str, Any], job: int) -> dict[str, Any]:
        self._job = job
        return getattr(self, f"do_{name}")(spec)

    def do_load(self, spec: dict[str, Any]) -> dict[str, Any]:
        from agent.student.warm import WarmStudent

        spec = {**spec, "folder": Path(spec["folder"]), "adapters_dir": Path(spec["adapters_dir"])}
        self._student = WarmStudent(**spec)
        return self._student.describe()

    def do_describe_task(self, spec: dict[str, Any]) -> dict[str, Any]:
        suite = self._student.describe_task(spec["task"], spec["include_path"])
        Path(spec["out"]).write_text(json.dumps(asdict(suite)), encoding="utf-8")
        return {"probes": len(suite.probes)}

    def do_evaluate(self, spec: dict[str, Any]) -> dict[str, Any]:
        body = json.loads(Path(spec["in"]).read_text(encoding="utf-8"))
        suite, probes = suite_from(body["suite"]), [probe_from(row) for row in body["probes"]]
        samples = self._student.evaluate(suite, probes, spec["adapter"], self._progress(f"answer {suite.name}"))
        with Path(spec["out"]).open("w", encoding="utf-8") as stream:
            for sample in samples:
                stream.write(json.dumps(asdict(sample)) + "\n")
        return {"samples": len(samples)}

    def do_train(self, spec: dict[str, Any]) -> dict[str, Any]:
        from agent.student.contract import TrainParams

        report = self._student.train(
            Path(spec["curriculum"]), TrainParams(**spec["params"]), Path(spec["out"]), self._progress("train")
        )
        return asdict(report)

    def do_effect(self, spec: dict[str, Any]) -> dict[str, Any]:
        return {"difference": self._student.effect(spec["adapter"], spec["other"], spec["prompts"])}

    def do_count_tokens(self, spec: dict[str, Any]) -> dict[str, Any]:
        rows = json.loads(Path(spec["in"]).read_text(encoding="utf-8"))
        Path(spec["out"]).write_text(json.dumps(self._student.count_tokens(rows)))
        return {"rows": len(rows)}

    def do_rollouts(self, spec: dict[str, Any]) -> dict[str, Any]:
        prompts = json.loads(Path(spec["in"]).read_text(encoding="utf-8"))
        answers = self._student.rollouts(prompts, spec["n"], spec["max_tokens"], spec["seed"], spec["adapter"], self._progress("try lessons"))
        Path(spec["out"]).write_text(json.dumps(answers), encoding="utf-8")
        return {"rows": len(answers)}

    def do_answer_scores(self, spec: dict[str, Any]) -> dict[str, Any]:
        rows = json.loads(Path(spec["in"]).read_text(encoding="utf-8"))
        scores = self._student.answer_scores(rows, spec["adapter"], self._progress("try lessons"))
        Path(spec["out"]).write_text(json.dumps(scores), encoding="utf-8")
        return {"rows": len(scores)}

    def do_embed(self, spec: dict[str, Any]) -> dict[str, Any]:
        texts = json.loads(Path(spec["in"]).read_text(encoding="utf-8"))
        vectors = self._student.embed(texts, self._progress("embed"))
        Path(spec["out"]).write_text(json.dumps(vectors.round(6).tolist()))
        return {"rows": len(texts)}

    def _progress(self, what: str) -> Callable[[int, int], None]:
        last = 0.0

        def report(done: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if done >= total or now - last >= PROGRESS_S:
                last = now
                self._wire.send(event="progress", job=self._job, what=what, done=done, total=total)

        return report


def suite_from(body: dict[str, Any]) -> Suite:
    """A suite from its JSON form."""
    return Suite(**{**body, "probes": tuple(probe_from(row) for row in body["probes"])})


def probe_from(body: dict[str, Any]) -> Probe:
    """A probe from its JSON form."""
    return Probe(**{**body, "choices": tuple(body["choices"])})


def _die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the signal was arranged
        os._exit(0)


def _read_jobs(jobs: queue.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        jobs.put(json.loads(line))
    os.killpg(os.getpgrp(), signal.SIGKILL) if os.getpgrp() == os.getpid() else os._exit(0)


def _beat(wire: Wire) -> None:
    while True:
        try:
            wire.send(event="heartbeat")
        except OSError:  # nobody reads any more
            os._exit(0)
        time.sleep(HEARTBEAT_S)


def _quieten() -> None:
    os.environ["TQDM_DISABLE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    os.environ["TRANSFORMERS_NO_ADVISORY_WARNINGS"] = "1"
    warnings.filterwarnings("ignore", category=FutureWarning)


if __name__ == "__main__":
    main()
