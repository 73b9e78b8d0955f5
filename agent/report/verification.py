"""What checked the lessons of a cycle, how often that is wrong, and how often the teacher was.

Store queries go in; one JSON-ready dictionary a cycle comes out, and the sentences that terminal, Markdown and HTML share.
"""

from __future__ import annotations

from typing import Any

from agent.report.wording import count, percent, percent_interval
from agent.statistics.intervals import clopper_pearson
from agent.store import Store

RATE_COLUMNS = ("verifier", "right", "wrong", "false accepts", "false rejects", "about")


def verification_facts(store: Store, run: str, cycle: int) -> dict[str, Any]:
    """`rates`: one row a verifier that judged a lesson of this cycle, and one for the judge. `teacher`: what verifiers said of its lessons, None without one.

    A lesson counts as wrong where its verifier failed it, as right where it passed; what could not be verified is counted apart.
    """
    rows = store.verification.verdicts_of_teacher(run, cycle)
    strategies = [{"strategy": name, **_errors([row for row in rows if row["strategy"] == name])} for name in dict.fromkeys(row["strategy"] for row in rows)]
    return {"rates": store.verification.of_cycle(run, cycle), "teacher": {**_errors(rows), "strategies": strategies} if rows else None}


def rate_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """One row of `rates` as text, in RATE_COLUMNS."""
    details = row["details"]
    about = row["disabled"]
    if row["verifier"] == "judge":
        about = f"left out: {about}" if about else f"calibrated: kappa {details['kappa']:.2f}, {details['swap_consistency']:.0%} of pairs judged alike in both orders"
        about = f"{row['model']}, {about}"
    elif not row["n_right"]:
        about = "no planted lessons"
    elif details.get("n_unverifiable"):
        about = f"{details['n_unverifiable']} right ones could not be verified here"
    else:
        about = "; ".join(details.get("mistakes", []))
    return (row["verifier"], str(row["n_right"]), str(row["n_wrong"]), percent(row["false_accept"]), percent(row["false_reject"]), about)


def teacher_sentence(teacher: dict[str, Any]) -> str:
    """How often the teacher was wrong, as far as that can be told; by strategy where there are several.

    Found, for a check that the teacher wrote too (an expression, tests) can be wrong in the same way as the answer.
    """
    if not teacher["n"]:
        return f"None of the teacher's {count(teacher['n_unverifiable'], 'lesson')} that came to a verifier could be verified."
    text = f"The teacher was found wrong in {_share(teacher)} that could be verified"
    if len(teacher["strategies"]) > 1:
        text += ": " + "; ".join(f"{row['strategy']} {_share(row)}" if row["n"] else f"{row['strategy']} none verifiable" for row in teacher["strategies"])
    return text + (f"; {teacher['n_unverifiable']:,} more could not be and were dropped." if teacher["n_unverifiable"] else ".")


def _errors(rows: list[dict[str, Any]]) -> dict[str, Any]:
    n_wrong, n_right, n_unverifiable = (sum(row["n"] for row in rows if row["outcome"] == outcome) for outcome in ("fail", "pass", "unverifiable"))
    n = n_wrong + n_right
    bounds = clopper_pearson(n_wrong, n)
    return {"n": n, "n_wrong": n_wrong, "n_unverifiable": n_unverifiable, "error_rate": n_wrong / n if n else None, "low": bounds.low, "high": bounds.high}


def _share(facts: dict[str, Any]) -> str:
    return f"{facts['n_wrong']:,} of {count(facts['n'], 'lesson')} ({percent(facts['error_rate'])}, 95 % interval {percent_interval(facts['low'], facts['high'])})"
