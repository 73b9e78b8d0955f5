"""Self-Instruct: a teacher continues a list of tasks, then finds inputs and outputs for each.

Eight tasks stand in a prompt, six by people and two by machine; the teacher goes on to the fifteenth. What is a stub, an
essay, needs a picture, or repeats anything in the pool is dropped before an instance is asked for. Tasks with finite
labels get labels first and inputs to fit them (input first, a model writes one label only); all others input first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from curricula.filters.rouge import RougePool
from curricula.lesson import Candidate, Lesson
from curricula.strategies.desk import MAX_ANSWER, AtDesk, Desk, Draft, Told
from curricula.strategies.seeds import require_seeds, task_line
from curricula.verifiers.contract import verify

HUMAN, MACHINE = 6, 2  # of the tasks in a prompt (section 2.2)
FIRST_UNWANTED = 16  # the completion ends where this item would begin
NEW_TASKS = FIRST_UNWANTED - 1 - HUMAN - MACHINE
MIN_WORDS, MAX_WORDS = 4, 150
N_INSTANCES = 2
UNFIT = re.compile(r"\b(images?|graphs?|pictures?|photos?|files?|maps?|draw|plots?|go to)\b", re.IGNORECASE)
ITEM = re.compile(r"(?:^|\n)[ \t]*(\d{1,2})\.[ \t]*")
INSTANCE = re.compile(r"(?:Input:\s*(?P<input>.*?))?\s*Output:\s*(?P<output>.*)", re.DOTALL | re.IGNORECASE)
LABEL = re.compile(r"Class label:\s*(?P<label>[^\n]*)\n?(?P<input>.*?)(?=\n\s*Class label:|\Z)", re.DOTALL | re.IGNORECASE)


class _Writer:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.human = [
            (seed.lesson_id, line)
            for seed in require_seeds(desk.brief, desk.strategy)
            if MIN_WORDS <= len((line := task_line(seed)).split()) <= MAX_WORDS
        ]
        # a machine task is shown only if it is proved and came from people's: so no list feeds on itself for long
        self.machine = [(row.lesson_id, task_line(row)) for row in desk.brief.earlier if row.depth <= 1]
        self.pool = RougePool([line for _, line in self.human + self.machine])

    def batch(self, n_lessons: int) -> Iterator[Candidate]:
        """One list of tasks, its labels or inputs, its second answers."""
        desk = self.desk
        shown = desk.next_failures()
        demos = self._demos()
        self.parents = desk.parents(shown) + tuple(name for name, _ in demos)
        self.depth = 2 if {name for name, _ in self.machine} & set(self.parents) else 1
        stop = (f"\n{FIRST_UNWANTED}.", f"\n{FIRST_UNWANTED} .")
        request = desk.request(
            "tasks",
            {"failures": desk.failures(shown), "demos": [line for _, line in demos]},
            temperature=0.7,
            top_p=0.5,
            presence_penalty=2.0,
            stop=stop,
            max_tokens=1024,
        )
        [told] = desk.ask([request])
        if told.is_cut:
            yield self._refused("cut off by its length", told, "tasks")
            return
        tasks = []
        for task in read_tasks(told.text, len(demos) + 1) or [""]:
            like = self.pool.nearest(task)
            if reason := "no task in the reply" if not task else unfit(task) or ("too like another task" if like.score else ""):
                evidence = f"ROUGE-L {like.score:.2f}: {like.text}" if like.score else ""
                yield self._refused(reason, told, "tasks", raw=task, evidence=evidence)
            else:
                tasks.append(task)
                self.pool.add(task)
        yield from self._instances(tasks, shown)

    def _demos(self) -> list[tuple[str, str]]:
        """Six human and two machine tasks in random order; while there is no machine task, people's in its place."""
        rng = self.desk.rng
        machine = rng.sample(self.machine, min(MACHINE, len(self.machine)))
        human = rng.sample(self.human, min(HUMAN + MACHINE - len(machine), len(self.human)))
        chosen = human + machine
        rng.shuffle(chosen)
        return chosen

    def _instances(self, tasks: Sequence[str], shown: tuple[int, ...]) -> Iterator[Candidate]:
        desk = self.desk
        kinds = desk.ask(
            [desk.request("classify", {"instruction": task}, temperature=0.0, max_tokens=4) for task in tasks]
        )
        has_labels = [kind.text.strip().lower().startswith("yes") for kind in kinds]
        requests = [
            desk.request("labels_first", {"instruction": task}, temperature=0.0, max_tokens=300)
            if is_labelled
            else desk.request(
                "input_first", {"instruction": task, "n_instances": N_INSTANCES}, temperature=0.0, max_tokens=300
            )
            for task, is_labelled in zip(tasks, has_labels, strict=True)
        ]
        drafts = []
        for task, is_labelled, told in zip(tasks, has_labels, desk.ask(requests), strict=True):
            operator = "labels_first" if is_labelled else "input_first"
            found = [] if told.error else read_labels(told.text) if is_labelled else read_inputs(told.text)
            if told.is_cut:
                found = found[:-1]
            for (given, output), reason in zip(found, bad_instances(found), strict=True):
                problem = f"{task}\n\n{given}" if given else task
                if reason:
                    yield self._refused(reason, told, operator, raw=f"{problem}\n{output}")
                    continue
                meta = {"instruction": task, "input": given}
                drafts.append(
                    Draft(problem, output, told, operator=operator, parents=self.parents, depth=self.depth, shown=shown, meta=meta)
                )
            if not found:
                yield self._refused("no instance in the reply", told, operator)
        for candidate in desk.drafted(drafts):
            yield candidate
            self._learn(candidate.lesson)

    def _learn(self, lesson: Lesson | None) -> None:
        if lesson is not None and lesson.depth <= 1 and verify(lesson).outcome == "pass":
            self.machine.append((lesson.lesson_id, lesson.meta["instruction"]))

    def _refused(self, reason: str, told: Told, operator: str, raw: str = "", evidence: str = "") -> Candidate:
        return self.desk.refused(
            reason, told, raw=raw, evidence=evidence, operator=operator, parents=self.parents, depth=self.depth
        )


def read_tasks(text: str, first: int) -> list[str]:
    """The items of a numbered list that goes on at `first`, whose number the prompt already gave; one line each."""
    body = text if re.match(rf"\s*{first}\.", text) else f"{first}. {text}"
    parts = ITEM.split(body)[1:]
    numbered = zip(parts[::2], parts[1::2], strict=True)
    return [" ".join(item.split()) for number, item in numbered if int(number) < FIRST_UNWANTED and item.strip()]


def unfit(task: str) -> str:
    """Which heuristic of the paper's appendix a task falls to, or empty."""
    n_words = len(task.split())
    if n_words < MIN_WORDS:
        return "three words or fewer"
    if n_words > MAX_WORDS:
        return f"more than {MAX_WORDS} words"
    if UNFIT.search(task):
        return "needs more than text"
    if task.lower().startswith("write a program"):
        return "asks for a program"
    if not task[0].isascii() or not task[0].isalnum():
        return "begins with punctuation or a foreign character"
    return ""


def read_inputs(text: str) -> list[tuple[str, str]]:
    """(input, output) pairs, the input empty where the task takes none."""
    parts = re.split(r"(?:^|\n)\s*Example\s*\d+[.:]?\s*", re.split(r"\n\s*Task:", text)[0])
    found = [INSTANCE.search(part) for part in parts]
    return [((m["input"] or "").strip(), m["output"].strip()) for m in found if m]


def read_labels(text: str) -> list[tuple[str, str]]:
    """(input, label) pairs in the labels' order; a field name in front of the input is part of it."""
    body = re.split(r"\n\s*Task:", text)[0]
    return [(m["input"].strip(), m["label"].strip()) for m in LABEL.finditer(body)]


def bad_instances(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """For each pair why it is dropped, or empty. Inputs with two different outputs drop both: which is right?"""
    outputs: dict[str, set[str]] = {}
    for given, output in pairs:
        outputs.setdefault(given.casefold(), set()).add(output.casefold())
    reasons, seen = [], set()
    for given, output in pairs:
        key = (given.casefold(), output.casefold())
        if not output:
            reason = "empty output"
        elif len(output) > MAX_ANSWER:
            reason = f"output longer than {MAX_ANSWER} characters"
        elif given and key[0] == key[1]:
            reason = "output repeats the input"
        elif len(outputs[key[0]]) > 1:
            reason = "equal inputs with different outputs"
        elif key in seen:
            reason = "same instance twice"
        else:
            reason = ""
        seen.add(key)
        reasons.append(reason)
    return reasons


STRATEGY = AtDesk("self_instruct", "Self-Instruct (Wang 2022), sections 2.2 and 2.3, appendix A", "teacher, corpus", _Writer, per_batch=NEW_TASKS)
