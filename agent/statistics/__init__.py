"""Is it better, by how much, and how sure are we: pure functions, no I/O, no clock, no global seed.

Scores of the same items go in (0 or 1 each), p-values, intervals and one `Decision` come out. The one thing
to know: champion and candidate are always compared item by item, never as two separate percentages.
"""

from __future__ import annotations

from agent.statistics.continuous import MeanDifference, mean_difference
from agent.statistics.decision import Decision, GateInputs, ProtectedScores, decide
from agent.statistics.evalue import e_value
from agent.statistics.intervals import Interval, benjamini_hochberg, clopper_pearson, wilson
from agent.statistics.paired import (
    NonInferiority,
    PairedDifference,
    mcnemar_exact,
    non_inferior,
    paired_difference,
    sign_flip_exact,
)
from agent.statistics.power import (
    items_for_gain,
    items_for_margin,
    margin_power,
    mcnemar_power,
    smallest_detectable_gain,
)
from agent.statistics.resampling import sign_flip
from agent.statistics.rules import Need, Rule
from agent.statistics.shrinkage import GroupGain, ShrunkGain, shrink_gains
from agent.statistics.spending import spend

__all__ = [
    "Decision",
    "GateInputs",
    "GroupGain",
    "Interval",
    "MeanDifference",
    "Need",
    "NonInferiority",
    "PairedDifference",
    "ProtectedScores",
    "Rule",
    "ShrunkGain",
    "benjamini_hochberg",
    "clopper_pearson",
    "decide",
    "e_value",
    "items_for_gain",
    "items_for_margin",
    "margin_power",
    "mcnemar_exact",
    "mcnemar_power",
    "mean_difference",
    "non_inferior",
    "paired_difference",
    "shrink_gains",
    "sign_flip",
    "sign_flip_exact",
    "smallest_detectable_gain",
    "spend",
    "wilson",
]
