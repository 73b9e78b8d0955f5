"""Suites as lm-eval tasks: weakspot's own probes, and tasks that lm-eval knows by name or YAML folder.

Probes go in, samples with a strict and a lenient score come out, always through `lm_eval.evaluate`.
`evaluate` and not `simple_evaluate`: the latter surveys the machine (`pip list`, compilers) after every call.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from lm_eval.api.instance import Instance
from lm_eval.api.metrics import mean
from lm_eval.api.task import Task, TaskConfig
from lm_eval.evaluator import evaluate as run_lm_eval
from lm_eval.filters import build_filter_ensemble

from agent.student.backend import StudentLM
from agent.student.contract import Sample
from agent.student.template import Template
from probes.scorers import score
from probes.suite import Probe

SEED = 1234  # lm-eval's default seed for few-shot sampling


class ProbeTask(Task):
    """Probes of one suite as an lm-eval task built in memory, so no data set is written or downloaded.

    `loglikelihood` probes rank their choices, each followed by the end of the turn: the probability that
    the student answers exactly this, which stays fair when one choice is the beginning of another.
    """

    def __init__(self, name: str, probes: Sequence[Probe], max_tokens: int, template: Template) -> None:
        # No super().__init__(): it downloads a data set.
        self._docs = [asdict(probe) | {"choices": list(probe.choices)} for probe in probes]
        self._template = template
        self.is_choice = probes[0].scorer == "loglikelihood"
        self.OUTPUT_TYPE = "multiple_choice" if self.is_choice else "generate_until"
        self._options = {"until": [], "max_gen_toks": max_tokens}
        self._config = TaskConfig(
            task=name, num_fewshot=0, output_type=self.OUTPUT_TYPE, metadata={"version": 1.0},
            generation_kwargs=None if self.is_choice else dict(self._options),
        )
        self._filters = [build_filter_ensemble("none", [["take_first", None]])]
        self._instances = None

    def has_training_docs(self) -> bool:
        return False

    def has_validation_docs(self) -> bool:
        return False

    def has_test_docs(self) -> bool:
        return True

    def test_docs(self) -> list[dict]:
        return self._docs

    def doc_to_text(self, doc: dict) -> str:
        return doc["prompt"]

    def doc_to_target(self, doc: dict) -> str:
        return doc["gold"]

    def fewshot_context(self, doc: dict, num_fewshot: int = 0, **kwargs: Any) -> str:
        return self._template.render([{"role": "user", "content": doc["prompt"]}])

    def construct_requests(self, doc: dict, ctx: str, **kwargs: Any) -> list[Instance]:
        metadata = kwargs["metadata"]
        if self.is_choice:
            lead, close = self._template.delimiter(ctx), self._template.closing_text
            return [
                Instance("loglikelihood", doc, (ctx, lead + choice + close), index, metadata)
                for index, choice in enumerate(doc["choices"])
            ]
        return [Instance("generate_until", doc, (ctx, self._options), 0, metadata)]

    def process_results(self, doc: dict, results: Sequence[Any]) -> dict[str, float]:
        if not self.is_choice:
            both = score(doc["scorer"], results[0], doc["gold"], tuple(doc["choices"]))
            return {"strict": both.strict, "lenient": both.lenient}
        is_right = float(doc["choices"][_best(results)] == doc["gold"])
        return {"strict": is_right, "lenient": is_right}

    def aggregation(self) -> dict[str, Any]:
        return {"strict": mean, "lenient": mean}

    def higher_is_better(self) -> dict[str, bool]:
        return {"strict": True, "lenient": True}


def evaluate_probes(lm: StudentLM, probes: Sequence[Probe], max_tokens: int) -> list[Sample]:
    """Answer weakspot's own probes; samples in the order of `probes`."""
    samples: dict[int, Sample] = {}
    kinds = {"generation": False, "choice": True}
    for kind, is_choice in kinds.items():
        chosen = [i for i, probe in enumerate(probes) if (probe.scorer == "loglikelihood") == is_choice]
        if not chosen:
            continue
        task = ProbeTask(f"{probes[0].suite}-{kind}", [probes[i] for i in chosen], max_tokens, lm.template)
        for row in run(lm, {task.task_name: task})[task.task_name]:
            index = chosen[row["doc_id"]]
            samples[index] = _own_sample(lm, task, probes[index], row)
    return [samples[i] for i in range(len(probes))]


def run(lm: StudentLM, tasks: dict[str, Task], samples: dict[str, list[int]] | None = None) -> dict[str, list[dict]]:
    """lm-eval's logged samples by task; `samples` picks docs by index (ascending)."""
    random.seed(0)
    np.random.seed(SEED)
    for task in tasks.values():
        if task.get_config("num_fewshot") is None:
            task.set_config(key="num_fewshot", value=0)
        task.set_fewshot_seed(seed=SEED)
    results = run_lm_eval(
        lm=lm, task_dict={"tasks": tasks, "groups": {}, "group_map": {}}, samples=samples, bootstrap_iters=0,
        log_samples=True, apply_chat_template=lm.template.is_chat, fewshot_as_multiturn=True,
        system_instruction=lm.template.bare_system_turn,
    )
    return results["samples"]


def _own_sample(lm: StudentLM, task: ProbeTask, probe: Probe, row: dict) -> Sample:
    sample = Sample(probe.suite, probe.probe_id, "", float(row["strict"]), float(row["lenient"]))
    if task.is_choice:
        answers = row["filtered_resps"]
        gap = margin(answers, probe.choices.index(probe.gold))
        return replace(sample, response=probe.choices[_best(answers)], finish="choice", margin=gap)
    ending = lm.endings[(task.task_name, row["doc_id"])]
    return replace(sample, response=row["resps"][0][0], finish=ending.finish, n_tokens=ending.n_tokens)


def margin(answers: Sequence[Any], gold: int) -> float | None:
    """Gold's log-probability minus the best other's, in nats."""
    others = [answer[0] for index, answer in enumerate(answers) if index != gold]
    return float(answers[gold][0] - max(others)) if others else None


def _best(answers: Sequence[Any]) -> int:
    return max(range(len(answers)), key=lambda index: answers[index][0])
