"""Control comparisons in words: did lessons with a target bring more than lessons without one?

Facts of `agent.stages.contrast` go in, lines of text come out, the same for terminal and Markdown. Figures of the gate
split are labelled: it has been looked at before. Only the audit split is fit for a claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agent.report.table import make_table
from agent.report.wording import count, interval, p_phrase, percent, points
from agent.store import Store

if TYPE_CHECKING:
    from rich.console import RenderableType

NAMES = {"targeted": "targeted", "untargeted": "untargeted", "random_real": "random human-made"}
WHERE = {"all": "all items", "aimed_at": "items it aimed at"}


def control_facts(store: Store, run: str) -> list[dict[str, Any]]:
    """All comparisons of a run, each with its `headline`."""
    return [{"headline": control_headline(row["details"]), **row["details"]} for row in store.controls.all(run)]


def control_headline(facts: dict[str, Any]) -> str:
    """One sentence: targeted minus untargeted over all items, with its interval and what it is worth."""
    if not facts["n_seeds"]:
        return "no seed of this comparison is complete."
    found = difference(facts, "targeted", "untargeted")
    verdict = "targeting helped" if found["ci_low"] > 0 else "targeting cost" if found["ci_high"] < 0 else "no difference is shown"
    caution = "; one seed: the chance of training is not in the interval" if facts["n_seeds"] == 1 else ""
    optimistic = "" if facts["split"] == "audit" else "; gate items, looked at before"
    return (f"{verdict}: targeted minus untargeted {points(found['mean'])} points ({interval(found['ci_low'], found['ci_high'])}, {p_phrase(found['p_value'])}; "
            f"{facts['score']}, {found['n_items']:,} {facts['split']} items, {count(facts['n_seeds'], 'seed')}{caution}{optimistic}).")


def difference(facts: dict[str, Any], arm: str, minus: str, where: str = "all", score: str | None = None) -> dict[str, Any]:
    """One row of `differences`; the gate's score unless another is named."""
    return next(row for row in facts["differences"] if (row["arm"], row["minus"], row["where"], row["score"]) == (arm, minus, where, score or facts["score"]))


def arm_rows(facts: dict[str, Any]) -> list[list[str]]:
    """A row an arm: name, lessons, tokens, human-made share, parent, accuracy, gain over the parent with its interval."""
    rows = []
    for arm in facts["arms"]:
        gain = difference(facts, arm["arm"], "parent")
        rows.append([NAMES[arm["arm"]], f"{arm['n_lessons']:.0f}", f"{arm['n_tokens']:,.0f}", percent(arm["real_share"]), percent(arm[f"parent_{facts['score']}"]),
                     percent(arm[facts["score"]]), f"{points(gain['mean'])} ({interval(gain['ci_low'], gain['ci_high'])})"])
    return rows


def difference_rows(facts: dict[str, Any]) -> list[list[str]]:
    """A row a contrast: which, on which items, score, difference with interval, p, seeds in its favour."""
    rows = []
    for row in facts["differences"]:
        if row["minus"] != "parent":
            ahead = sum(value > 0 for value in row["per_seed"])
            rows.append([f"{NAMES[row['arm']]} – {NAMES[row['minus']]}", f"{WHERE[row['where']]} ({row['n_items']:,})", row["score"],
                         f"{points(row['mean'])} ({interval(row['ci_low'], row['ci_high'])})", p_phrase(row["p_value"]), f"{ahead} of {row['n_seeds']}"])
    return rows


def lessons_line(facts: dict[str, Any]) -> str:
    """How many lessons each arm needs for what the untargeted one gained; empty where no smaller share was trained."""
    if len(facts["curves"].get("untargeted", ())) < 3:
        return ""
    needed = facts["lessons_needed"]
    said = [f"{NAMES[arm]} {needed[arm]:.0f}" if needed[arm] is not None else f"{NAMES[arm]} never got there" for arm in NAMES
            if arm != "untargeted" and len(facts["curves"][arm]) > 1]
    return f"Lessons for the untargeted arm's gain ({points(needed['gain'])} with {facts['curves']['untargeted'][-1]['lessons']:.0f}): {', '.join(said)} (straight lines between {_shares(facts)})."


def control_tables(facts: dict[str, Any]) -> Iterator[RenderableType]:
    """For a terminal: the sentence, the arms, the differences."""
    from rich.text import Text

    yield Text(control_headline(facts), style="bold")
    for title, head, rows, numeric in ((f"cycle {facts['cycle']}, arms from one parent", ARM_HEAD, arm_rows(facts), (1, 2, 3, 4, 5)),
                                       ("differences", DIFFERENCE_HEAD, difference_rows(facts), (5,))) if facts["n_seeds"] else ():
        table = make_table(title, *head, numeric=numeric)
        for row in rows:
            table.add_row(*map(Text, row))
        yield table
    if line := lessons_line(facts):
        yield Text(line)


ARM_HEAD: Sequence[str] = ("arm", "lessons", "tokens", "human-made", "parent", "after", "gain (95 %)")
DIFFERENCE_HEAD: Sequence[str] = ("difference", "on", "score", "points (95 %)", "p", "seeds ahead")


def _shares(facts: dict[str, Any]) -> str:
    return ", ".join(f"{point['lessons']:.0f}" for point in facts["curves"]["untargeted"])
