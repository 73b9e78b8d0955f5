"""Tasks that lm-eval brings or the user wrote as lm-eval YAML: listed as probes, answered doc by doc.

A task or group name goes in, a suite whose probes point at docs comes out; the same docs are answered
later by index. The task scores itself: strict is its first metric under its first filter (lm-eval's
headline number), lenient the best of all its filters and our own extraction.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import socket
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import chdir
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent.student.backend import DEFAULT_MAX_TOKENS, StudentLM
from agent.student.contract import Sample
from agent.student.tasks import margin, run
from probes.errors import WeakspotError
from probes.scorers import score
from probes.suite import Probe, Suite

if TYPE_CHECKING:
    from lm_eval.api.task import Task
    from lm_eval.tasks import TaskManager

PAIR_METRICS = ("f1", "mcc")  # lm-eval logs these as (gold, chosen): equality says right or wrong
UNUSABLE = ("perplexity", "bits_per_byte", "bleu", "chrf", "ter", "rouge", "brier_score", "likelihood")
"""Metrics that do not say of one answer whether it is right."""
LABELS = ("task", "task_alias", "tag", "group", "metadata")
"""Settings of a task that change no score."""
CONNECT_S = 4.0  # seconds to wait for the hub before it counts as out of reach
HALF = 0.5  # graded metrics in 0..1 (token F1) count as right from here
SHORT_GOLD = 60  # characters; longer golds are rationales, which our extraction cannot look for


class TaskShelf:
    """lm-eval tasks, loaded once and kept."""

    def __init__(self) -> None:
        self._managers: dict[str, TaskManager] = {}
        self._loaded: dict[tuple[str, str], dict[str, Task]] = {}

    def describe(self, name: str, include_path: str) -> Suite:
        """All docs of a task, or of every task of a group, as probes `task/index`.

        Raises:
            WeakspotError: unknown name, data set out of reach, or a task without right and wrong.
        """
        tasks = self.load(name, include_path)
        probes = []
        for task_name, task in tasks.items():
            _check(task_name, task)
            config = config_hash(task)
            probes += [_probe(name, task_name, task, config, index, doc) for index, doc in enumerate(task.eval_docs)]
        if not probes:
            raise WeakspotError(f"lm-eval task {name!r} has no docs", where=include_path)
        settings = [task.get_config("generation_kwargs") or {} for task in tasks.values()]
        limits = [options.get("max_gen_toks") for options in settings]
        return Suite(
            name=suite_name(name), origin="lm-eval", probes=tuple(probes), location=name, include_path=include_path,
            max_tokens=max(limit or DEFAULT_MAX_TOKENS for limit in limits),
            description=f"lm-eval {'task' if len(tasks) == 1 else 'group'} {name}, {len(tasks)} task(s)",
        )

    def evaluate(self, lm: StudentLM, suite: Suite, probes: Sequence[Probe]) -> list[Sample]:
        """Answer chosen docs; samples in the order of `probes`."""
        tasks = self.load(suite.location or suite.name, suite.include_path)
        chosen: dict[str, set[int]] = defaultdict(set)
        for probe in probes:
            if probe.meta.get("task") not in tasks:
                raise WeakspotError(f"probe {probe.probe_id!r} is not part of lm-eval task {suite.location!r}")
            chosen[probe.meta["task"]].add(probe.doc_index)
        samples = {task: sorted(indices) for task, indices in chosen.items()}
        logged = run(lm, {task: tasks[task] for task in samples}, samples)
        rows: dict[tuple[str, int], list[dict]] = defaultdict(list)
        for task, entries in logged.items():
            for entry in entries:
                rows[(task, entry["doc_id"])].append(entry)
        results = []
        for probe in probes:
            task_name = probe.meta["task"]
            position = samples[task_name].index(probe.doc_index)
            entries = rows[(task_name, probe.doc_index)]
            results.append(_sample(lm, tasks[task_name], probe, position, entries))
        return results

    def load(self, name: str, include_path: str) -> dict[str, Task]:
        """Tasks by name; the user's folder is tried alone first, which is fast and needs no network."""
        key = (name, include_path)
        if key not in self._loaded:
            go_offline_if_unreachable()
            self._loaded[key] = self._load(name, include_path)
        return self._loaded[key]

    def _load(self, name: str, include_path: str) -> dict[str, Task]:
        if include_path and not Path(include_path).is_dir():
            raise WeakspotError(f"folder {include_path!r} of lm-eval tasks does not exist",
                                hint="suites.include_path names a folder with .yaml files")
        if include_path:
            own = self._manager(include_path, False)
            if name in own.all_tasks:
                return _build(own, name, include_path, fallback=lambda: self._manager(include_path, True))
        known = self._manager(include_path, True)
        if name not in known.all_tasks:
            close = difflib.get_close_matches(name, known.all_tasks, n=3, cutoff=0.6)
            raise WeakspotError(
                f"lm-eval knows no task {name!r}" + (f"; did you mean {', '.join(close)}?" if close else ""),
                where=f"searched {len(known.all_tasks)} tasks" + (f" and {include_path}" if include_path else ""),
                hint="lm-eval ls tasks shows them all; your own YAML needs suites.include_path",
            )
        return _build(known, name, include_path)

    def _manager(self, include_path: str, with_defaults: bool) -> TaskManager:
        from lm_eval.tasks import TaskManager

        key = f"{include_path}|{with_defaults}"
        if key not in self._managers:
            self._managers[key] = TaskManager(include_path=include_path or None, include_defaults=with_defaults)
        return self._managers[key]


def suite_name(task: str) -> str:
    """A task's name within the rules for suites."""
    return re.sub(r"[^a-z0-9._-]+", "-", task.lower()).strip("-._")[:64] or "task"


def config_hash(task: Task) -> str:
    """16 hex digits over all that says how a task asks and scores: shots, description, templates, generation, filters, metrics, data set.

    A `!function` counts with the whole file it stands in. Names and `metadata` do not count.
    """
    settings = {key: value for key, value in vars(task.config).items() if key not in LABELS}
    return hashlib.sha256(json.dumps(_plain(settings), sort_keys=True).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    """A setting as JSON that is the same in every process: no addresses, no order of sets."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, partial):
        return [_plain(value.func), _plain(value.args), _plain(value.keywords)]
    if code := getattr(value, "__code__", None):
        file = Path(code.co_filename)
        return [value.__qualname__, hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else code.co_code.hex()]
    return [type(value).__qualname__, _plain(getattr(value, "__dict__", {}))]


def go_offline_if_unreachable() -> None:
    """Without a route to the hub, answer from the local cache at once: its clients retry for half a minute a file."""
    import datasets
    import huggingface_hub

    if huggingface_hub.constants.HF_HUB_OFFLINE or any(name.lower().endswith("s_proxy") for name in os.environ):
        return
    host = urlsplit(huggingface_hub.constants.ENDPOINT).hostname or ""
    try:
        socket.create_connection((host, 443), timeout=CONNECT_S).close()
    except OSError:
        huggingface_hub.constants.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True


def _build(manager: TaskManager, name: str, include_path: str, fallback: Any = None) -> dict[str, Task]:
    try:
        return manager.load([name])["tasks"]
    except FileNotFoundError as error:
        if include_path and Path.cwd() != Path(include_path).resolve():
            with chdir(include_path):  # data_files relative to the YAML's folder
                return _build(manager, name, include_path, fallback)
        raise _unavailable(name, error) from error
    except KeyError as error:
        if fallback is None:
            raise _unavailable(name, error) from error
        return _build(fallback(), name, include_path)  # a group of the user's that names built-in tasks
    except Exception as error:  # YAML and data sets of others fail in every way there is
        raise _unavailable(name, error) from error


def _unavailable(name: str, error: Exception) -> WeakspotError:
    text = " ".join(str(error).split())[:300]
    network = ("Connection", "Offline", "HfHub", "LocalEntry", "DatasetNotFound", "Timeout", "ConnectError", "Gated")
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    if any(word in type(link).__name__ for link in chain for word in network) or "on the Hub" in text or "Hugging Face Hub" in text:
        return WeakspotError(
            f"the data set of lm-eval task {name!r} is out of reach and not in the local cache", where=f"{type(error).__name__}: {text}",
            hint="check the network, or use a YAML task with local data_files, or a JSONL suite", exit_code=1,
        )
    return WeakspotError(f"lm-eval task {name!r} can't be built", where=f"{type(error).__name__}: {text}",
                         hint="check the task's YAML")


def _check(name: str, task: Task) -> None:
    if getattr(task, "UNSAFE_CODE", False):
        raise WeakspotError(f"lm-eval task {name!r} runs code that the model writes", hint="weakspot has no sandbox for it")
    if getattr(task, "MULTIMODAL", False):
        raise WeakspotError(f"lm-eval task {name!r} needs images or audio", hint="use a text task")
    metrics = [metric for metric, higher in task.higher_is_better().items() if higher and not _is_unusable(metric)]
    if task.OUTPUT_TYPE == "loglikelihood_rolling" or not metrics:
        raise WeakspotError(
            f"lm-eval task {name!r} does not say of each answer whether it is right",
            where=f"output {task.OUTPUT_TYPE}, metrics: {', '.join(task.higher_is_better()) or 'none'}",
            hint="use a task with a metric such as acc or exact_match",
        )


def _is_unusable(metric: str) -> bool:
    return any(word in metric.lower() for word in UNUSABLE)


def _probe(suite: str, task_name: str, task: Task, config: str, index: int, doc: Any) -> Probe:
    text, choices = task.doc_to_text(doc), _choices(task, doc)
    if isinstance(text, int):  # tasks like Winogrande: the choices are whole contexts
        text = " / ".join(choices)
    prompt = str(text).strip()
    normal = " ".join(prompt.casefold().split())
    return Probe(
        suite=suite_name(suite), probe_id=f"{task_name}/{index}", prompt=prompt, gold=_gold(task, doc, choices),
        scorer="lm-eval", group=hashlib.sha256(normal.encode()).hexdigest()[:16], choices=choices,
        meta={"task": task_name, "task_config": config}, doc_index=index,
    )


def _choices(task: Task, doc: Any) -> tuple[str, ...]:
    if task.get_config("doc_to_choice") is None:
        return ()
    return tuple(str(choice) for choice in task.doc_to_choice(doc))


def _gold(task: Task, doc: Any, choices: tuple[str, ...]) -> str:
    target = task.doc_to_text(doc) if getattr(task, "multiple_input", 0) else task.doc_to_target(doc)
    if isinstance(target, list):
        target = target[0] if target else ""
    if isinstance(target, int) and not isinstance(target, bool) and choices:
        return choices[target] if 0 <= target < len(choices) else ""
    return str(target).strip() if not choices else str(target)


def _sample(lm: StudentLM, task: Task, probe: Probe, position: int, entries: list[dict]) -> Sample:
    values = [_value(task, entry) for entry in entries]
    strict = values[0]
    lenient = max(values)
    sample = Sample(probe.suite, probe.probe_id, "", strict, lenient, finish="choice")
    if task.OUTPUT_TYPE == "generate_until":
        response = str(entries[0]["resps"][0][0])
        ending = lm.endings[(task.task_name, position)]
        return replace(sample, response=response, lenient=max(lenient, _own_reading(probe, response)),
                       finish=ending.finish, n_tokens=ending.n_tokens)
    answers = entries[0]["filtered_resps"]
    if task.OUTPUT_TYPE == "loglikelihood":
        is_greedy = bool(answers[0][1])
        return replace(sample, response=probe.gold if is_greedy else "")
    answers = answers[: len(probe.choices)]  # mutual-information tasks append unconditional scores
    best = max(range(len(answers)), key=lambda index: answers[index][0])
    gap = margin(answers, probe.choices.index(probe.gold)) if probe.gold in probe.choices else None
    return replace(sample, response=probe.choices[best], lenient=strict, margin=gap)


def _value(task: Task, entry: dict) -> float:
    better = task.higher_is_better()
    for metric in entry["metrics"]:
        value = entry[metric]
        if not better.get(metric, True) or _is_unusable(metric):
            continue
        if isinstance(value, tuple | list) and len(value) == 2 and metric in PAIR_METRICS:
            return float(value[0] == value[1])
        if isinstance(value, bool | int | float) or getattr(value, "shape", None) == ():
            return float(float(value) >= HALF)
    raise WeakspotError(
        f"lm-eval task {task.task_name!r} gave no metric that says right or wrong",
        where=f"metrics: {', '.join(entry['metrics'])}", hint="use a task with a metric such as acc or exact_match",
    )


def _own_reading(probe: Probe, response: str) -> float:
    if not probe.gold or len(probe.gold) > SHORT_GOLD:
        return 0.0
    scorer = "choice" if probe.choices else "numeric" if re.fullmatch(r"-?[\d.,]+", probe.gold) else "exact"
    return score(scorer, response, probe.gold, probe.choices).lenient
