"""An LLM's votes on gold labels: which probes are asked, what is shown, what counts as agreement."""

from __future__ import annotations

from agent.diagnosis.vote import VOTES, ask_votes, worth_asking
from agent.fakes import ScriptedTeacher
from agent.student.contract import Sample
from curricula.teacher import TeacherRequest
from probes.suite import Probe

STORY = Probe("s", "story", "Ann had some pens. How many has she now?", "12", "numeric")
PICK = Probe("s", "pick", "Which is a fruit?", "oak", "choice", choices=("fig", "oak"))


def test_four_of_five_are_agreement_and_the_gold_is_never_shown() -> None:
    def answer(request: TeacherRequest) -> str:
        if "fruit" in request.prompt:
            return "A fig is one.\nAnswer: fig" if "attempt 1" in request.prompt or "attempt 2" in request.prompt else "Answer: oak"
        return "I think so.\nAnswer: 3" if "attempt 5" in request.prompt else "2 + 5 = 7\nAnswer: $7.00"

    teacher = ScriptedTeacher(answer)
    assert ask_votes([STORY, PICK], teacher) == {("s", "story"): "$7.00"}
    assert len(teacher.asked) == len({request.prompt for request in teacher.asked}) == 2 * VOTES
    assert not [request for request in teacher.asked if "12" in request.prompt]
    assert "fig | oak" in teacher.asked[-1].prompt
    assert ask_votes([], teacher) == {}


def test_what_is_no_answer_is_no_vote() -> None:
    assert ask_votes([STORY], ScriptedTeacher(lambda _: "It is 7.")) == {}
    assert ask_votes([STORY], ScriptedTeacher(lambda _: "Answer: 7 or 8")) == {}
    assert ask_votes([STORY], ScriptedTeacher(lambda _: "")) == {}


def test_wrong_answers_are_asked_about_and_the_choice_stays() -> None:
    probes = [Probe("s", str(i), "?", "1") for i in range(40)]
    samples = [Sample("s", str(i), "" if i % 4 == 0 else "2", 0.0, float(i % 4 == 1)) for i in range(40)]
    chosen = worth_asking(probes, samples, 8)
    assert len(chosen) == 8 and {int(probe.probe_id) % 4 for probe in chosen} == {2, 3}
    assert worth_asking(probes[::-1], samples[::-1], 8) == chosen
    assert worth_asking(probes, samples, 0) == []
