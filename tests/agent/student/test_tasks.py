"""Probes through lm-eval: order, scores, endings, and agreement with lm-eval's own Hugging Face model."""

from __future__ import annotations

import pytest
from lm_eval.api.instance import Instance

from agent.student.backend import StudentLM
from agent.student.tasks import ProbeTask, evaluate_probes
from agent.student.template import Template
from probes.suite import Probe


@pytest.fixture(scope="module")
def lm(loaded) -> StudentLM:
    return StudentLM(loaded[0], Template(loaded[1], ""), batch_size=4)


@pytest.fixture(scope="module")
def reference(loaded):
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=loaded[0], tokenizer=loaded[1], batch_size=1)


def requests(kind: str, arguments: list[tuple]) -> list[Instance]:
    return [Instance(kind, {}, args, 0, ("t", index, 1)) for index, args in enumerate(arguments)]


def text(lm: StudentLM, prompt: str) -> str:
    return lm.template.render([{"role": "user", "content": prompt}])


def test_log_probabilities_agree_with_lm_eval(lm, reference):
    arguments = [(text(lm, f"q{i}"), answer) for i in range(5) for answer in ("yes", "no", "perhaps so")]
    arguments += [("no blank", "x"), ("blank at the end ", "x"), ("", "alone")]
    ours = lm.loglikelihood(requests("loglikelihood", arguments))
    theirs = reference.loglikelihood(requests("loglikelihood", arguments), disable_tqdm=True)
    for (a, greedy_a), (b, greedy_b) in zip(ours, theirs, strict=True):
        assert a == pytest.approx(b, abs=1e-3) and greedy_a == greedy_b


def test_rolling_log_probability_agrees_with_lm_eval(lm, reference):
    texts = [("a short text",), ("long " * 230,)]  # the second needs more than one window of 512
    ours = lm.loglikelihood_rolling(requests("loglikelihood_rolling", texts))
    theirs = reference.loglikelihood_rolling(requests("loglikelihood_rolling", texts), disable_tqdm=True)
    assert ours == pytest.approx(theirs, abs=1e-2)


def test_generation_agrees_with_lm_eval(lm, reference):
    options = {"until": ["e"], "max_gen_toks": 12, "do_sample": False}
    arguments = [(text(lm, "q" * i), options) for i in range(1, 8)]
    ours = lm.generate_until(requests("generate_until", arguments))
    theirs = reference.generate_until(requests("generate_until", arguments), disable_tqdm=True)
    assert ours == theirs


def test_endings_and_limits(lm, loaded):
    arguments = [(text(lm, "a"), {"until": [], "max_gen_toks": 3}), (text(lm, "a"), {"until": [], "max_gen_toks": 5})]
    lm.generate_until(requests("generate_until", arguments))
    assert [(lm.endings["t", i].finish, lm.endings["t", i].n_tokens) for i in (0, 1)] == [("length", 3), ("length", 5)]
    short = StudentLM(loaded[0], lm.template, batch_size=4, max_tokens=2)
    short.generate_until(requests("generate_until", arguments))
    assert short.endings["t", 1].n_tokens == 2


def test_equal_prompts_are_answered_once(lm, monkeypatch):
    from agent.student import decode

    asked = []
    original = decode.generate
    monkeypatch.setattr(decode, "generate", lambda m, prompts, **k: (asked.extend(prompts), original(m, prompts, **k))[1])
    arguments = [(text(lm, "same"), {"max_gen_toks": 3})] * 3 + [(text(lm, "other"), {"max_gen_toks": 3})]
    answers = lm.generate_until(requests("generate_until", arguments))
    assert len(asked) == 2 and len(set(answers[:3])) == 1


def test_samples_keep_order_and_are_scored_by_the_suites_scorer(lm):
    prompts = [f"{'long ' * (7 - i)}question {i}" for i in range(7)]
    blank = [Probe("s", f"p{i}", prompt, "?") for i, prompt in enumerate(prompts)]
    said = [sample.response for sample in evaluate_probes(lm, blank, 6)]
    assert len(set(said)) > 1
    probes = [Probe("s", f"p{i}", prompt, said[i] if i % 2 else "nothing of the kind") for i, prompt in enumerate(prompts)]
    samples = evaluate_probes(lm, probes, 6)
    assert [sample.probe_id for sample in samples] == [f"p{i}" for i in range(7)]
    assert [sample.strict for sample in samples] == [float(i % 2 and bool(said[i].strip())) for i in range(7)]
    assert all(sample.lenient >= sample.strict for sample in samples)


def test_choices_are_ranked_with_the_end_of_the_turn(lm):
    choices = ("1", "10", "100")
    probes = [Probe("s", f"p{i}", f"how many {i}", "10", "loglikelihood", choices=choices) for i in range(4)]
    mixed = [probes[0], Probe("s", "g", "say", "x"), *probes[1:]]
    samples = evaluate_probes(lm, mixed, 4)
    assert [sample.probe_id for sample in samples] == ["p0", "g", "p1", "p2", "p3"]
    for sample, probe in zip(samples, mixed, strict=True):
        if probe.scorer != "loglikelihood":
            continue
        context = text(lm, probe.prompt)
        scores = lm.loglikelihood(requests("loglikelihood", [(context, choice + "<|im_end|>") for choice in choices]))
        best = max(range(3), key=lambda i: scores[i][0])
        assert sample.response == choices[best] and sample.finish == "choice"
        assert sample.strict == sample.lenient == float(choices[best] == "10")
        others = max(scores[0][0], scores[2][0])
        assert sample.margin == pytest.approx(scores[1][0] - others, abs=1e-3)


def test_the_task_is_a_plain_lm_eval_task(lm):
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    probes = [Probe("s", f"p{i}", f"q {i}", "never") for i in range(3)]
    task = ProbeTask("s", probes, 4, lm.template)
    results = simple_evaluate(
        model=lm, tasks=[task], task_manager=TaskManager(include_defaults=False), bootstrap_iters=0,
        apply_chat_template=True,
    )
    assert results["results"]["s"]["strict,none"] == 0.0 and len(results["samples"]["s"]) == 3


def test_progress_counts_up_to_all(loaded):
    seen = []
    lm = StudentLM(loaded[0], Template(loaded[1], ""), batch_size=3, progress=lambda done, total: seen.append((done, total)))
    evaluate_probes(lm, [Probe("s", f"p{i}", f"q {i}", "x") for i in range(7)], 3)
    assert seen[-1] == (7, 7) and seen == sorted(seen)
