"""Find what the student is bad at: typed failures, clusters with evidence, names, ids that last.

`find_weaknesses` is the pure function (texts and outcomes in, weaknesses out); `diagnose` is what the stage calls:
it types the failures, finds the weaknesses, knows those of earlier cycles again and says what became of them.
"""

from __future__ import annotations

from agent.diagnosis.assembly import Diagnosis, diagnose
from agent.diagnosis.embedding import map_coordinates
from agent.diagnosis.evidence import Criteria
from agent.diagnosis.find import find_weaknesses
from agent.diagnosis.lineage import Departed
from agent.diagnosis.suspects import Suspect, find_suspects
from agent.diagnosis.typing import failure_type
from agent.diagnosis.weakness import Weakness

__all__ = [
    "Criteria",
    "Departed",
    "Diagnosis",
    "Suspect",
    "Weakness",
    "diagnose",
    "failure_type",
    "find_suspects",
    "find_weaknesses",
    "map_coordinates",
]
