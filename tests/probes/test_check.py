"""`probes check`: planted faults are found, sound suites pass, and the example is sound."""

from __future__ import annotations

import pytest

from probes.check import check_suite, require_sound
from probes.errors import WeakspotError
from probes.example import ROWS, write_example
from probes.jsonl import read_suite
from probes.splits import SMALLEST, SMALLEST_GATE, split_for_run, split_suite
from probes.suite import Probe, Suite


def suite(*probes: Probe, n_filler: int = 0) -> Suite:
    filler = (Probe("s", f"f{i}", f"What is {i + 1} + 7?", str(i + 8), "numeric", f"g{i}") for i in range(n_filler))
    return Suite("s", "jsonl", (*probes, *filler))


def problems(s: Suite) -> list[str]:
    return [finding.what for finding in check_suite(s) if finding.is_problem]


def notes(s: Suite) -> str:
    return "\n".join(finding.what for finding in check_suite(s) if not finding.is_problem)


FAULTS = [
    ([Probe("s", "a", "How many?", "five", "numeric")], "rejected by its own scorer"),
    ([Probe("s", "a", "Which one?", "x", "loglikelihood", choices=("y", "z"))], "not among the choices"),
    ([Probe("s", "a", "Which one?", "x", "regex")], "unknown scorer"),
    ([Probe("s", "a", "One?", "x"), Probe("s", "a", "Two?", "y")], "ids are not unique"),
    ([Probe("s", "a", " ? ", "x")], "nearly empty"),
    ([Probe("s", "a", "Who is it?", "x"), Probe("s", "b", "who is  it?", "x")], "may straddle two splits"),
    ([Probe("s", "a", "Who?", "x", group="g"), Probe("s", "b", "Who?", "y", group="g")], "different gold answers"),
]


@pytest.mark.parametrize("probes, told", FAULTS)
def test_a_planted_fault_is_a_problem(probes, told):
    found = problems(suite(*probes, n_filler=200))
    assert any(told in what for what in found), found


def test_a_finding_names_the_first_probes_and_counts_all():
    bad = [Probe("s", f"bad{i}", f"How many {i}?", "five", "numeric") for i in range(9)]
    (finding,) = [f for f in check_suite(suite(*bad, n_filler=200)) if f.is_problem]
    assert (finding.probe_ids, finding.n_probes) == (("bad0", "bad1", "bad2"), 9)


def test_a_sound_suite_has_notes_only():
    sound = suite(n_filler=300)
    assert problems(sound) == []
    assert "300 probes in 300 groups; splits: diagnose 1" in notes(sound)
    assert "the gate can show a gain of about" in notes(sound)


def test_repeating_the_prompt_is_noted_and_choices_mend_it():
    open_question = Probe("s", "a", "Is it odd or is it even?", "even")
    assert "repeating the prompt scores" in notes(suite(open_question, n_filler=200))
    closed = Probe("s", "a", "Is it odd or is it even?", "even", choices=("odd", "even"))
    assert "repeating the prompt scores" not in notes(suite(closed, n_filler=200))


def test_a_suite_too_small_to_run_is_noted_and_a_problem_where_a_run_would_split_it():
    small, large = suite(n_filler=SMALLEST_GATE), suite(n_filler=10 * SMALLEST_GATE)
    assert "too small to run" in notes(small) and problems(small) == []
    assert "too small to run" not in notes(large)
    (finding,) = [f for f in check_suite(small, is_split=True) if f.is_problem]
    assert "too small to run: it leaves" in finding.what and f"to gate, at least {SMALLEST_GATE} are needed" in finding.what
    assert [f for f in check_suite(large, is_split=True) if f.is_problem] == []


@pytest.mark.parametrize("n", range(40, 75, 5))
def test_the_check_and_a_run_agree_on_what_is_too_small(n):
    found = [f.what for f in check_suite(suite(n_filler=n), key="k", is_split=True) if f.is_problem]
    fits = all(len(probes) >= SMALLEST[split] for split, probes in split_suite(suite(n_filler=n), "k").items())
    assert fits == (found == [])
    if fits:
        split_for_run(suite(n_filler=n), "k")
    else:
        with pytest.raises(WeakspotError, match="leaves .* are needed"):
            split_for_run(suite(n_filler=n), "k")


def test_shares_key_and_limit_decide_what_is_too_small():
    probes = suite(n_filler=100)
    assert any(f.is_problem for f in check_suite(probes, shares={"diagnose": 0.8, "gate": 0.1, "audit": 0.1}, is_split=True))
    assert any(f.is_problem for f in check_suite(probes, limit=30, is_split=True))
    assert not any(f.is_problem for f in check_suite(probes, is_split=True))


def test_a_run_is_refused_with_the_first_problems():
    with pytest.raises(WeakspotError, match="suite 's' has 1 problem") as caught:
        require_sound(suite(Probe("s", "a", "How many?", "five", "numeric"), n_filler=100), "mine.jsonl")
    assert "rejected by its own scorer (a)" in caught.value.where and "probes check mine.jsonl" in caught.value.hint
    assert require_sound(suite(n_filler=100), "mine.jsonl") == suite(n_filler=100)


def test_missing_groups_and_repeats_inside_a_group_are_noted():
    assert "no probe has a group" in notes(suite(Probe("s", "a", "Who is it?", "x")))
    twins = [Probe("s", i, "Who is it?", "x", group="g") for i in "ab"]
    assert "asked again within its group" in notes(suite(*twins))
    assert problems(suite(*twins)) == []


def test_the_same_question_over_other_ranked_choices_is_another_question():
    pair = [Probe("s", str(i), "A fish lives in the", "sea", "loglikelihood", "g", ("sea", other)) for i, other in enumerate("xy")]
    assert problems(suite(*pair)) == []


@pytest.mark.parametrize("scorer", ["choice", "exact", "loglikelihood"])
def test_choices_make_another_question_whatever_the_scorer(scorer):
    pair = [Probe("s", gold, "Which of these?", gold, scorer, choices=(gold, "stone")) for gold in ("plum", "pear")]
    assert problems(suite(*pair, n_filler=100)) == []
    twins = [Probe("s", i, "Which of these?", "plum", scorer, choices=("plum", "stone")) for i in "ab"]
    assert any("different groups" in what for what in problems(suite(*twins, n_filler=100)))


def test_what_is_odd_about_the_prompts_of_an_lm_eval_task_is_noted_only():
    task = [Probe("s", "a", "Who is it?", "x", "lm-eval"), Probe("s", "b", "Who is it?", "y", "lm-eval"), Probe("s", "c", "", "y", "lm-eval")]
    assert problems(suite(*task, n_filler=100)) == []
    for told in ("different gold answers", "different groups", "nearly empty"):
        assert told in notes(suite(*task, n_filler=100))


def test_lm_eval_tasks_score_themselves():
    assert problems(suite(Probe("s", "a", "Who is it?", "", "lm-eval"))) == []


def test_an_empty_suite_is_a_problem():
    assert problems(suite()) == ["the suite has no probes"]


def test_the_example_passes_its_own_check(tmp_path):
    path = write_example("my-suite", tmp_path)
    example = read_suite(path)
    assert len(example.probes) > len(ROWS) == 5
    assert {p.scorer for p in example.probes} == {"exact", "numeric", "loglikelihood"}
    assert problems(example) == []


def test_an_example_overwrites_nothing_and_needs_a_good_name(tmp_path):
    write_example("mine", tmp_path)
    with pytest.raises(WeakspotError, match="is there already"):
        write_example("mine", tmp_path)
    with pytest.raises(WeakspotError, match="no suite name"):
        write_example("My Suite", tmp_path)
    with pytest.raises(WeakspotError, match="cannot be written"):
        write_example("mine", tmp_path / "nowhere")
