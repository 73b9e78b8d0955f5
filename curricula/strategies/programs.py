"""Try a program that makes problems, in the sandbox: is what it makes sound enough to be taught?

Its source goes in with the failures and their golds, items or the rule that it broke come out. Nothing here trusts it:
generating and solving happen in jails that know of each other only the plain data of a problem, twice, and what comes
back is data to be judged. `agreement` holds the items against a second program that was written from their texts alone.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import correlation, fmean, pstdev
from typing import Any

from curricula.lesson import Failure
from curricula.sandbox.call import call
from curricula.sandbox.run import Limits
from curricula.strategies.fit.difficulty import GRID, UNKNOWN, magnitudes
from curricula.strategies.fit.surface import Reading, final_answer
from curricula.strategies.replies import as_text
from curricula.strategies.votes import is_same
from curricula.verifiers.code import FENCE, MOST_CHARACTERS
from curricula.verifiers.statements import declared_answers

MAKER = ("generate", "wording", "solve", "read")
PER_LEVEL = 5  # trial problems at each of the nine levels of difficulty
MIN_DIFFERENT = 0.7  # share of the trial problems whose texts differ; easy levels of small numbers do repeat
MOST_ALIKE = 0.8  # share of the trial problems with one and the same answer: yes or no halves them, a constant does not
MIN_AGREEMENT = 0.9  # with the second program; what it can't read counts as disagreement, single items are dropped later
MOST_TEXT, MOST_ANSWER = 4000, 400  # characters
MIN_CORRELATION = 0.2  # as in fit/difficulty.py: below it a feature does not move with difficulty
LIMITS = Limits(wall_s=10, cpu_s=8)  # 45 problems take 20 ms; what needs seconds is stuck


@dataclass(frozen=True)
class Item:
    """One problem that a program made."""

    text: str
    answer: str
    seed: int
    difficulty: float


@dataclass(frozen=True)
class Tried:
    """What came of a program; `reason` is empty where nothing speaks against it."""

    items: tuple[Item, ...] = ()
    covered: tuple[int, ...] = ()
    """Failures (by index) that it reads and answers as their golds do."""
    reason: str = ""
    evidence: str = ""


def read_program(reply: str, functions: Sequence[str]) -> tuple[str, str]:
    """The source in a reply (its first fenced block, else all of it), and why it can't be one, or empty."""
    source = (FENCE.findall(reply) or [reply])[0].strip()
    if len(source) > MOST_CHARACTERS:
        return source, f"longer than {MOST_CHARACTERS} characters"
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source, "not Python"
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    missing = [name for name in functions if name not in defined]
    return source, f"no function {missing[0]}" if missing else ""


def program_hash(*sources: str) -> str:
    """16 hex digits."""
    return hashlib.sha256("\0".join(sources).encode("utf-8", "replace")).hexdigest()[:16]


def hashed_seed(*names: object) -> int:
    """48 bits of a hash: neighbouring cycles and purposes share no seed, and every program can hold it."""
    return int.from_bytes(hashlib.sha256(":".join(map(str, names)).encode()).digest()[:6], "big")


def try_program(source: str, failures: Sequence[Failure], seed: int) -> Tried:
    """Put a program to every rule but the second solution.

    Raises:
        NoSandbox: nothing was run.
    """
    draws = [(hashed_seed(seed, "trial", level, i), level) for level in GRID for i in range(PER_LEVEL)]
    made = make_items(source, draws)
    if made.reason:
        return made
    again = make_items(source, draws)
    if again.items != made.items:
        changed = [(one, other) for one, other in zip(made.items, again.items, strict=False) if one != other]
        evidence = f"seed {changed[0][0].seed}: {_show(changed[0][0])}, then {_show(changed[0][1])}" if changed else again.reason
        return Tried(made.items, reason="the same seed gives another problem", evidence=evidence)
    if reason := _sameness(made.items):
        return Tried(made.items, reason=reason[0], evidence=reason[1])
    return _against_golds(source, failures, made.items)


def make_items(source: str, draws: Sequence[tuple[int, float]]) -> Tried:
    """One item a draw (seed, difficulty), or the rule that the program broke over one of them.

    Raises:
        NoSandbox: nothing was run.
    """
    generated = call(source, [("generate", draw) for draw in draws], LIMITS)
    if broken := _broken(generated.error, "generate", generated.results, draws):
        return broken
    data = [result.value for result in generated.results]
    # another jail: what generate left in globals is no part of the problem
    told = call(source, [(name, (problem,)) for problem in data for name in ("wording", "solve")], LIMITS)
    if broken := _broken(told.error, "wording or solve", told.results, [(problem,) for problem in data for _ in range(2)]):
        return broken
    items = []
    for (seed, difficulty), text, answer in zip(draws, told.results[::2], told.results[1::2], strict=True):
        item = Item(str(text.value).strip() if isinstance(text.value, str) else "", as_answer(answer.value), seed, difficulty)
        if not 0 < len(item.text) <= MOST_TEXT or not item.answer:
            return Tried(reason="a problem without text or answer", evidence=f"seed {seed}: {_show(item)}")
        if any(is_same(said, item.answer) for said in declared_answers(item.text)):
            return Tried(reason="the text gives the answer away", evidence=_show(item))
        items.append(item)
    return Tried(tuple(items))


def agreement(solution: str, texts: Sequence[str]) -> tuple[list[str], str]:
    """What the second program answers to each text, empty where it can't; and why it fails as a whole, or empty.

    Raises:
        NoSandbox: nothing was run.
    """
    called = call(solution, [("answer", (text,)) for text in texts], LIMITS)
    answers = [as_answer(result.value) for result in called.results]
    return answers + [""] * (len(texts) - len(answers)), called.error


def disagreement(items: Sequence[Item], answers: Sequence[str]) -> str:
    """The first item over which too many disagree, told for a person, or empty where enough agree."""
    differ = [(item, answer) for item, answer in zip(items, answers, strict=True) if not is_same(item.answer, answer)]
    if len(differ) <= (1 - MIN_AGREEMENT) * len(items):
        return ""
    item, answer = next((pair for pair in differ if pair[1]), differ[0])
    return f"{len(differ)} of {len(items)}; first {_show(item)}, the second program says {answer!r}"


def as_answer(value: Any) -> str:
    """What a program returned as the text of an answer, in one line; empty for what is none or an essay."""
    text = " ".join(as_text(value).split())
    return text if len(text) <= MOST_ANSWER else ""


def fit_levels(items: Sequence[Item], readings: Sequence[Reading]) -> list[float]:
    """Difficulty 0 to 1 of each failure on the program's own scale: the level whose trial problems look most like it.

    Looks are those of `magnitudes` that grow with difficulty; where none does, `UNKNOWN`.
    """
    table = [magnitudes(item.text, item.answer) for item in items]
    levels = [item.difficulty for item in items]
    columns = []
    for column in zip(*table, strict=True):
        # a number of more than 308 digits has no end as a float, and no correlation
        is_usable = len(set(column)) > 1 and len(set(levels)) > 1 and all(map(isfinite, column))
        grows = correlation(column, levels) if is_usable else 0.0
        columns.append(grows / pstdev(column) if grows >= MIN_CORRELATION else 0.0)
    if not any(columns):
        return [UNKNOWN] * len(readings)
    at = sorted(set(levels))
    means = [[fmean(values) for values in zip(*(row for row, level in zip(table, levels, strict=True) if level == point), strict=True)] for point in at]
    fitted = []
    for reading in readings:
        own = magnitudes(reading.stem, reading.gold)
        distances = [sum((w * (x - m)) ** 2 for w, x, m in zip(columns, own, mean, strict=True) if w) for mean in means]
        fitted.append(at[distances.index(min(distances))])
    return fitted


def _broken(error: str, what: str, results: Sequence[Any], arguments: Sequence[tuple[Any, ...]]) -> Tried | None:
    for result, given in zip(results, arguments, strict=False):
        if result.error:
            return Tried(reason="the program fails", evidence=f"{what} with {', '.join(map(_brief, given))}: {result.error}")
    return Tried(reason="the program fails", evidence=f"{what}: {error}") if error else None


def _sameness(items: Sequence[Item]) -> tuple[str, str] | None:
    """Reason and evidence where problems or answers differ too little."""
    n_texts = len({" ".join(item.text.lower().split()) for item in items})
    if n_texts < MIN_DIFFERENT * len(items):
        return "too few different problems", f"{n_texts} different texts of {len(items)}; first {_show(items[0])}"
    answer, n_same = Counter(item.answer for item in items).most_common(1)[0]
    if n_same > MOST_ALIKE * len(items):
        return "nearly always the same answer", f"{answer!r} in {n_same} of {len(items)}"
    return None


def _against_golds(source: str, failures: Sequence[Failure], items: tuple[Item, ...]) -> Tried:
    read = call(source, [("read", (failure.prompt,)) for failure in failures], LIMITS)
    if read.error:
        return Tried(items, reason="the program fails", evidence=f"read: {read.error}")
    known = [i for i, result in enumerate(read.results) if result.value is not None]
    solved = call(source, [("solve", (read.results[i].value,)) for i in known], LIMITS) if known else None
    if not known or solved is None:
        why = next((result.error for result in read.results if result.error), "read gives None for all of them")
        return Tried(items, reason="covers none of the failures", evidence=why)
    if solved.error:
        return Tried(items, reason="the program fails", evidence=f"solve: {solved.error}")
    for i, result in zip(known, solved.results, strict=True):
        gold, answer = failures[i].gold, as_answer(result.value)
        if not is_same(answer, gold):
            said = result.error or repr(answer)
            return Tried(items, reason="disagrees with a gold answer", evidence=f"{failures[i].prompt[:600]}\nsolve(read(text)) gives {said}, right is {final_answer(gold)!r}")
    return Tried(items, tuple(known))


def _show(item: Item) -> str:
    return f"{item.text[:300]!r} with the answer {item.answer!r}"


def _brief(value: Any) -> str:
    try:
        return repr(value)[:300]
    except ValueError:  # a whole number that Python refuses to write down
        return "a number too long to show"
