"""What a candidate gained on a format weakness: by the type of failure alone, so that no repair counts twice.

The gate's answers of champion and candidate go in; one row a format weakness comes out, in the keys of a skill's gain.
Skills are credited by content (the lenient score), so a right answer that only took on the right shape is here and not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agent.diagnosis.typing import failure_type
from agent.student.contract import Sample
from probes.suite import Probe

Pairs = Sequence[tuple[Probe, Sample]]


def form_gains(weaknesses: Iterable[dict[str, Any]], before: Pairs, after: Pairs) -> list[dict[str, Any]]:
    """One row for each open format weakness among a cycle's: n, before, after (shares without its failure), fixed, broken, gain."""
    rows = []
    for weakness in weaknesses:
        if weakness["kind"] == "format" and weakness["is_open"] and weakness["failure_types"]:
            old, new = form_scores(max(weakness["failure_types"], key=weakness["failure_types"].get), before, after)
            n, fixed, broken = len(old), sum(b > a for a, b in zip(old, new, strict=True)), sum(b < a for a, b in zip(old, new, strict=True))
            rows.append({"weakness": weakness["weakness"], "label": weakness["label"], "n": n, "before": sum(old) / max(1, n), "after": sum(new) / max(1, n),
                         "fixed": fixed, "broken": broken, "gain": (fixed - broken) / max(1, n), "shrunk_gain": None, "q_value": None})
    return rows


def form_scores(kind: str, before: Pairs, after: Pairs) -> tuple[list[float], list[float]]:
    """For both models, 0 where an answer fails by this type and else 1; for `format`, of the items that both have right in content."""
    typed = [(failure_type(old, probe), failure_type(new, probe)) for (probe, old), (_, new) in zip(before, after, strict=True)]
    if kind == "format":
        typed = [pair for pair in typed if set(pair) <= {None, "format"}]
    return [float(old != kind) for old, _ in typed], [float(new != kind) for _, new in typed]
