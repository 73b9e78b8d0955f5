"""What is left of a scripted teacher's lessons when every seventh reply is a refusal: a Markdown table, one row a strategy.

    python -m bench.scripted_funnels

The teachers are those of the strategies' tests: right answers, 12 lessons wanted, 4 failures, human tasks near and far.
"""

from __future__ import annotations

from curricula.strategies.contract import list_strategies
from curricula.teacher import TeacherReply, TeacherRequest
from tests.curricula.teachers import Teacher, brief, figs, judged, write
from tests.curricula.test_strategies_prompts import teacher_of

SEEDS = (*brief().seeds, *(figs(n) for n in range(40, 60)))
REFUSAL = "I'm sorry, I can't help with that."


class Moody(Teacher):
    """Every seventh reply is a refusal."""

    def _answer(self, request: TeacherRequest) -> TeacherReply:
        reply = super()._answer(request)
        return TeacherReply(REFUSAL, cost_usd=reply.cost_usd) if len(self.requests) % 7 == 0 else reply


def main() -> None:
    """Print the table."""
    print("| strategy | requests | per kept | asked | parsed | new | verified | kept | refused for |\n|---|---|---|---|---|---|---|---|---|")
    for info in list_strategies():
        if "teacher" not in info.needs:
            continue
        asked = Moody(**{"repair": REFUSAL, **teacher_of(info.name).answers})
        counts = judged(write(info.name, brief(n_lessons=12, seeds=SEEDS), asked)).counts[0]
        why = "; ".join(f"{n} {reason.split(': ', 1)[1]}" for reason, n in counts.reasons.items())
        cells = (info.name, len(asked.requests), f"{len(asked.requests) / max(1, counts.kept):.1f}", counts.asked, counts.parsed, counts.deduplicated, counts.verified, counts.kept, why)
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main()
