"""The student as the loop sees it: a worker process behind the `Student` protocol. Never imports torch.

`open_student(config, state_dir)` finds the weights and returns a `WorkerStudent`, which starts its worker
at the first job, restarts it when it dies (twice a job at most) and kills it when its heart stops.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.config import StudentConfig
from agent.student import adapters
from agent.student.contract import (
    AnswerScore,
    BadAdapter,
    Progress,
    Sample,
    TrainingFailed,
    TrainParams,
    TrainResult,
)
from agent.student.sources import resolve_student
from agent.student.worker import suite_from
from probes.errors import WeakspotError
from probes.suite import Probe, Suite

HEARTBEAT_TIMEOUT_S = 60.0
MAX_RESTARTS = 2  # per job; a third death of the same job is not chance
CLOSE_TIMEOUT_S = 5.0
LOG_TAIL_LINES = 12

_KEPT = ("PATH", "HOME", "USER", "LANG", "LC_", "TZ", "TMPDIR", "PYTHON", "VIRTUAL_ENV", "XDG_", "HF_", "HUGGINGFACE_",
         "TRANSFORMERS_", "LM_", "TORCH_", "PYTORCH_", "CUDA_", "NVIDIA_", "OMP_", "MKL_", "KMP_", "GOMP_", "LD_",
         "WEAKSPOT_", "SSL_", "REQUESTS_", "CURL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
         "http_proxy", "https_proxy", "no_proxy", "all_proxy", "SYSTEMROOT")
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSW", "CREDENTIAL", "AUTH")


def open_student(config: StudentConfig, state_dir: Path, progress: Progress | None = None) -> WorkerStudent:
    """Find the configured student's weights (downloading them if need be) and wrap them; the worker starts later.

    Raises:
        WeakspotError: the student can't be found or brought here.
    """
    source = resolve_student(config.model, state_dir / "models", progress)
    return WorkerStudent(
        source_path=source.path, name=source.name, weights_key=source.weights_key, state_dir=state_dir,
        system_prompt=config.system_prompt, max_tokens=config.max_tokens, batch_size=config.batch_size,
        dtype=config.dtype, device=config.device, progress=progress,
    )


class WorkerDied(Exception):
    """The worker ended or fell silent in the middle of a job."""


class WorkerStudent:
    """A `Student` whose model lives in a worker process. Safe to use from several threads, one job at a time."""

    def __init__(
        self, *, source_path: Path, name: str, weights_key: str, state_dir: Path, system_prompt: str | None = None,
        max_tokens: int | None = None, batch_size: int = 32, dtype: str = "auto", device: str = "auto",
        progress: Progress | None = None, heartbeat_timeout_s: float = HEARTBEAT_TIMEOUT_S,
        module: str = "agent.student.worker",
    ) -> None:
        self.name = name
        self.source_path = source_path
        self.adapters_dir = state_dir / "adapters"
        self.scratch_dir = state_dir / "scratch"
        self.log_file = state_dir / "logs" / "worker.log"
        for folder in (self.adapters_dir, self.scratch_dir, self.log_file.parent):
            folder.mkdir(parents=True, exist_ok=True)
        _sweep(self.scratch_dir)
        self._load_spec = dict(
            folder=str(source_path), name=name, weights_key=weights_key, adapters_dir=str(self.adapters_dir),
            system_prompt=system_prompt, max_tokens=max_tokens, batch_size=batch_size, dtype=dtype, device=device,
        )
        self._progress = progress
        self._module = module
        self._timeout_s = heartbeat_timeout_s
        self._worker: _Worker | None = None
        self._description: dict[str, str] = {}
        self._lock = threading.RLock()

    @property
    def model_key(self) -> str:
        """Hash of base weights, chat template, system prompt, engine and dtype. Starts the worker when first asked."""
        body = [self._load_spec["weights_key"], self._load_spec["max_tokens"], self.describe()]
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]

    def describe(self) -> dict[str, str]:
        """`device`, `dtype`, `template` (hash) and `engine` in use."""
        with self._lock:
            if not self._description:
                self._description = self._run("load", dict(self._load_spec), None, is_load=True)
            return self._description

    def describe_task(self, task: str, include_path: str = "") -> Suite:
        """Docs of an lm-eval task or group as a suite.

        Raises:
            WeakspotError: unknown task, or its data set can't be loaded.
        """
        with self._scratch() as scratch:
            out = scratch / "suite.json"
            self._run("describe_task", {"task": task, "include_path": include_path, "out": str(out)}, None)
            return suite_from(json.loads(out.read_text(encoding="utf-8")))

    def evaluate(
        self, suite: Suite, probes: Sequence[Probe], adapter: str = "", progress: Progress | None = None
    ) -> list[Sample]:
        """Answer `probes` (all of `suite`) through lm-eval; samples in the order of `probes`.

        Raises:
            BadAdapter: the adapter is missing, altered, non-finite or does not fit the base.
        """
        if not probes:
            return []
        if adapter:
            adapters.verify(self.adapters_dir / adapter, adapter)
        with self._scratch() as scratch:
            ask, answer = scratch / "probes.json", scratch / "samples.jsonl"
            body = {"suite": {**asdict(suite), "probes": []}, "probes": [asdict(probe) for probe in probes]}
            ask.write_text(json.dumps(body), encoding="utf-8")
            self._run("evaluate", {"in": str(ask), "out": str(answer), "adapter": adapter}, progress)
            with answer.open(encoding="utf-8") as stream:
                return [Sample(**json.loads(line)) for line in stream]

    def train(self, curriculum: Path, params: TrainParams, progress: Progress | None = None) -> TrainResult:
        """Train a LoRA adapter of the base (fresh, or on from `params.start`) on a prompt/completion JSONL file.

        Raises:
            TrainingFailed: no adapter was made; nothing changed.
            BadAdapter: `params.start` can't be used.
            WeakspotError: not enough free disk.
        """
        adapters.require_free_disk(self.adapters_dir, 0)
        if params.start:
            adapters.verify(self.adapters_dir / params.start, params.start)
        with self._scratch() as scratch:
            made = scratch / "adapter"
            spec = {"curriculum": str(curriculum.resolve()), "params": asdict(params), "out": str(made)}
            report = self._run("train", spec, progress)
            folder = adapters.install(made, self.adapters_dir)
        return TrainResult(adapter=folder.name, path=folder, **report)

    def effect(self, adapter: str, other: str, prompts: Sequence[str]) -> float:
        """Largest absolute difference of next-token logits between two adapters over `prompts`."""
        return self._run("effect", {"adapter": adapter, "other": other, "prompts": list(prompts)}, None)["difference"]

    def count_tokens(self, rows: Sequence[tuple[str, str]]) -> list[int]:
        """Tokens of each (prompt, completion) as trained on, template included."""
        return self._by_files("count_tokens", [list(row) for row in rows], None)

    def rollouts(self, prompts: Sequence[str], n: int, *, max_tokens: int, seed: int, adapter: str = "") -> list[list[str]]:
        """`n` answers to each prompt, drawn at temperature 1, of at most `max_tokens` tokens."""
        return self._by_files("rollouts", list(prompts), None, n=n, max_tokens=max_tokens, seed=seed, adapter=adapter)

    def answer_scores(self, rows: Sequence[tuple[str, str]], adapter: str = "") -> list[AnswerScore]:
        """How near the student is to answering as each (prompt, completion) does, the end of the turn included."""
        return [AnswerScore(*score) for score in self._by_files("answer_scores", [list(row) for row in rows], None, adapter=adapter)]

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> list[list[float]]:
        """Mean-pooled last hidden states of the base."""
        return self._by_files("embed", list(texts), progress)

    def close(self) -> None:
        """Stop the worker. Safe to call twice."""
        with self._lock:
            if self._worker:
                self._worker.stop()
                self._worker = None

    def __enter__(self) -> WorkerStudent:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _by_files(self, job: str, body: list, progress: Progress | None, **spec: Any) -> list:
        if not body:
            return []
        if adapter := spec.get("adapter"):
            adapters.verify(self.adapters_dir / adapter, adapter)
        with self._scratch() as scratch:
            ask, answer = scratch / "in.json", scratch / "out.json"
            ask.write_text(json.dumps(body), encoding="utf-8")
            self._run(job, {"in": str(ask), "out": str(answer), **spec}, progress)
            return json.loads(answer.read_text(encoding="utf-8"))

    def _scratch(self) -> tempfile.TemporaryDirectory:
        return _Scratch(prefix=f"{os.getpid()}-", dir=self.scratch_dir)

    def _run(self, job: str, spec: dict[str, Any], progress: Progress | None, is_load: bool = False) -> dict[str, Any]:
        """One job, tried again on a fresh worker when the worker dies."""
        with self._lock:
            for attempt in range(MAX_RESTARTS + 1):
                try:
                    if self._worker is None:
                        self._worker = _Worker(self._module, self.log_file, self._timeout_s)
                        loaded = self._worker.call("load", dict(self._load_spec), None)
                        if is_load:
                            return loaded
                        self._description = self._description or loaded
                    return self._worker.call(job, spec, progress or self._progress)
                except WorkerDied as death:
                    self._kill()
                    if attempt == MAX_RESTARTS:
                        raise self._given_up(job, death) from None
                except WeakspotError:
                    raise
                except BaseException:
                    self._kill()  # interrupted: the worker is in the middle of something nobody waits for
                    raise
        raise AssertionError("unreachable")

    def _kill(self) -> None:
        if self._worker:
            self._worker.kill()
            self._worker = None

    def _given_up(self, job: str, death: WorkerDied) -> WeakspotError:
        kind = TrainingFailed if job == "train" else WeakspotError
        return kind(
            f"the student worker died {MAX_RESTARTS + 1} times during {job!r}: {death}",
            where=f"{self.log_file}, last lines:\n{_tail(self.log_file)}",
            hint="if it ran out of memory, lower student.batch_size or train.batch_size", exit_code=1,
        )


class _Scratch(tempfile.TemporaryDirectory):
    def __enter__(self) -> Path:  # type: ignore[override]
        return Path(super().__enter__())


class _Worker:
    """One worker process and the thread that started it and reads it.

    The thread matters: Linux sends the parent-death signal when the *thread* that forked ends, and stages
    run in short-lived pool threads.
    """

    def __init__(self, module: str, log_file: Path, timeout_s: float) -> None:
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._log_file = log_file
        self._timeout_s = timeout_s
        self._jobs = 0
        self._process: subprocess.Popen[str] | None = None
        started = threading.Event()
        self._thread = threading.Thread(target=self._live, args=(module, log_file, started), daemon=True)
        self._thread.start()
        started.wait()
        if self._process is None:
            raise WeakspotError("the student worker could not be started", where=str(log_file))

    def call(self, name: str, spec: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
        """Send a job and wait for its result.

        Raises:
            WorkerDied: it ended, or no heartbeat for `timeout_s`.
        """
        assert self._process is not None and self._process.stdin is not None
        self._jobs += 1
        try:
            self._process.stdin.write(json.dumps({"job": self._jobs, "name": name, "spec": spec}) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerDied(f"it no longer listens ({error})") from None
        while True:
            try:
                event = self._events.get(timeout=self._timeout_s)
            except queue.Empty:
                raise WorkerDied(f"no heartbeat for {self._timeout_s:.0f} s") from None
            match event["event"]:
                case "eof":
                    raise WorkerDied(_ending(self._process))
                case "progress" if progress and event["job"] == self._jobs:
                    progress(event["what"], event["done"], event["total"])
                case "done" if event["job"] == self._jobs:
                    return event["result"]
                case "failed" if event["job"] == self._jobs:
                    raise _error(event, self._log_file)

    def stop(self) -> None:
        """Ask it to end; kill it when it does not."""
        try:
            self.call("shutdown", {}, None)
            assert self._process is not None
            self._process.wait(CLOSE_TIMEOUT_S)
        except (WorkerDied, WeakspotError, subprocess.TimeoutExpired):
            self.kill()
        self._thread.join(CLOSE_TIMEOUT_S)
        for pipe in (self._process.stdin, self._process.stdout) if self._process else ():
            if pipe:
                pipe.close()

    def kill(self) -> None:
        """SIGKILL to its whole process group."""
        assert self._process is not None
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self._process.wait()

    def _live(self, module: str, log_file: Path, started: threading.Event) -> None:
        try:
            with log_file.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", module, str(os.getpid())], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8", start_new_session=True,
                    env=worker_environment(os.environ),
                )
        finally:
            started.set()
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.put(json.loads(line))
        self._events.put({"event": "eof"})


def _sweep(scratch_dir: Path) -> None:
    """Remove what processes that are gone have left: folders are named after the process that made them."""
    for folder in scratch_dir.iterdir():
        owner = folder.name.split("-")[0]
        if owner.isdigit() and not _is_running(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs, as somebody else
        return True
    return True


def worker_environment(environ: Any) -> dict[str, str]:
    """What a worker needs to know, and nothing that looks like a secret."""
    kept = {key: value for key, value in environ.items() if key.startswith(_KEPT)}
    kept = {key: value for key, value in kept.items() if not any(word in key.upper() for word in _SECRET)}
    root = str(Path(__file__).resolve().parents[2])
    # Threads that wait for each other must sleep, not spin: beside any other load on the same two cores,
    # spinning made evaluation 5 to 9 times slower and burnt 6 times the CPU (docs/log.md).
    kept.setdefault("OMP_WAIT_POLICY", "passive")
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [root, kept.get("PYTHONPATH", "")]))
    return kept


def _error(event: dict[str, Any], log_file: Path) -> WeakspotError:
    kinds = {"BadAdapter": BadAdapter, "TrainingFailed": TrainingFailed, "NonFiniteLoss": TrainingFailed}
    if event["kind"] == "Internal":
        return WeakspotError(f"the student worker failed: {event['message']}", where=str(log_file),
                             hint="the end of that log has the traceback", exit_code=1)
    return kinds.get(event["kind"], WeakspotError)(event["message"], where=event["where"], hint=event["hint"])


def _ending(process: subprocess.Popen[str]) -> str:
    code = process.wait()
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _tail(file: Path) -> str:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
    return "\n".join(lines[-LOG_TAIL_LINES:])
