"""Alpaca: one request for a list of twenty tasks with their answers, three of which are given.

What Self-Instruct takes four requests for comes in one: instruction, input and output together. Two kinds of request
take turns. `seeded` begins its list with three random human tasks, and machine tasks are never fed back; `targeted`
begins it with failing probes and names the tasks already written that are nearest to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from curricula.filters.rouge import RougePool
from curricula.lesson import Candidate
from curricula.strategies.desk import MAX_ANSWER, AtDesk, Desk, Draft, Told
from curricula.strategies.seeds import require_seeds, task_line

N_TASKS = 20  # in a list
N_DEMOS = 3  # of them are given
N_NEW = N_TASKS - N_DEMOS
N_WRITTEN = 10  # nearest tasks named as already written
MAX_DEMO_WORDS = 100
TOKENS = 3072  # as Alpaca; teacher.max_tokens may be lower, then the last task is often cut
FIELD = re.compile(r"^\s*(?:\d{1,2}\s*\.)?\s*(Instruction|Input|Output)\s*:[ \t]*", re.IGNORECASE | re.MULTILINE)
NO_INPUT = re.compile(r"^\W*no\s?input\W*$", re.IGNORECASE)


@dataclass(frozen=True)
class Task:
    """One block of the list; `reason` says why it can't be used, else it is empty."""

    instruction: str
    input: str
    output: str
    raw: str
    reason: str = ""


class _Writer:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        seeds = require_seeds(desk.brief, desk.strategy)
        short = [seed for seed in seeds if len(seed.prompt.split()) + len(seed.answer.split()) <= MAX_DEMO_WORDS]
        self.seeds = short or list(seeds)
        self.written = RougePool([row.meta.get("instruction") or task_line(row) for row in desk.brief.earlier])
        self.pool = RougePool([*map(task_line, seeds), *(failure.prompt for failure in desk.brief.failures)])
        for row in desk.brief.earlier:
            self.pool.add(row.meta.get("instruction") or task_line(row))
        self.is_targeted = False

    def batch(self, n_lessons: int) -> Iterator[Candidate]:
        """One list, read and answered a second time."""
        desk = self.desk
        self.is_targeted = not self.is_targeted
        shown = desk.next_failures(N_DEMOS)
        operator, variables, parents = self._demos(shown)
        request = desk.request(operator, {"failures": desk.failures(shown), "n_tasks": N_TASKS, **variables}, max_tokens=TOKENS)
        [told] = desk.ask([request])
        n_given = len(shown) if operator == "targeted" else len(variables["demos"])
        drafts = []
        for task in read_list(told.text, N_TASKS - n_given, is_cut=told.is_cut) or [Task("", "", "", told.text, "no task in the reply")]:
            like = self.pool.nearest(task.instruction)
            reason = task.reason or ("too like another task" if like.score else "")
            if reason:
                step = "parse" if task.reason else "strategy"
                evidence = f"ROUGE-L {like.score:.2f}: {like.text}" if like.score else ""
                yield desk.refused(reason, told, raw=task.raw, step=step, evidence=evidence, operator=operator, parents=parents)
                continue
            self.pool.add(task.instruction)
            self.written.add(task.instruction)
            drafts.append(self._draft(task, told, operator, parents, shown))
        yield from desk.drafted(drafts)

    def _demos(self, shown: tuple[int, ...]) -> tuple[str, dict, tuple[str, ...]]:
        """Operator, its own variables, parents."""
        desk = self.desk
        if self.is_targeted:
            nearest = [self.written.most_alike(desk.brief.failures[i].prompt, N_WRITTEN) for i in shown]
            titles = [title for turn in zip(*(row + [""] * (N_WRITTEN - len(row)) for row in nearest), strict=True) for title in turn if title]
            return "targeted", {"written": list(dict.fromkeys(titles))[:N_WRITTEN]}, desk.parents(shown)
        seeds = desk.rng.sample(self.seeds, min(N_DEMOS, len(self.seeds)))
        demos = [{"instruction": task_line(seed), "input": "", "output": seed.answer} for seed in seeds]
        return "seeded", {"demos": demos}, desk.parents(shown) + tuple(seed.lesson_id for seed in seeds)

    def _draft(self, task: Task, told: Told, operator: str, parents: tuple[str, ...], shown: tuple[int, ...]) -> Draft:
        problem = f"{task.instruction}\n\n{task.input}" if task.input else task.instruction
        meta = {"instruction": task.instruction, "input": task.input}
        return Draft(problem, task.output, told, operator=operator, parents=parents, shown=shown, meta=meta)


def read_list(text: str, most: int, *, is_cut: bool) -> list[Task]:
    """The blocks between `###`, the first of which the prompt has begun; the last is dropped where the reply was cut."""
    blocks = [block for block in re.split(r"^\s*#{3,}\s*$", "Instruction: " + text.lstrip(), flags=re.MULTILINE) if block.strip()]
    tasks = [_read_block(block) for block in blocks if block.strip() != "Instruction:"]
    if is_cut and tasks:
        tasks[-1] = Task("", "", "", tasks[-1].raw, "cut off by its length")
    return tasks[:most]


def _read_block(block: str) -> Task:
    twice = block.count("Instruction:") > 1  # the reply repeated the field that the prompt had begun
    parts = FIELD.split(block.strip().removeprefix("Instruction: ") if twice else block)
    fields = {name.lower(): value.strip() for name, value in zip(parts[1::2], parts[2::2], strict=True)}
    instruction, given, output = (fields.get(key, "") for key in ("instruction", "input", "output"))
    reason = ""
    if not instruction:
        reason = "block without an instruction"
    elif not output:
        reason = "block without an output"
    elif len(output) > MAX_ANSWER:
        reason = f"output longer than {MAX_ANSWER} characters"
    return Task(" ".join(instruction.split()), "" if NO_INPUT.match(given) else given, output, block.strip(), reason)


STRATEGY = AtDesk("alpaca", "Stanford Alpaca (Taori 2023), prompt.txt and generate_instruction.py", "teacher, corpus", _Writer, per_batch=N_NEW)
