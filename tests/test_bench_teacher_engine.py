"""The teacher engine's benchmark in small: what it counts is true, and the engine loses nothing, pays once and keeps its cap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.provider import SHARES, fate
from bench.teacher_engine import CONCURRENCY, capped, limit_s, ours

SCALE = 0.3  # seconds; shorter latencies than the second that is the least for a hang


@pytest.fixture(scope="module", autouse=True)
def _warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """litellm's first call imports for seconds; and a machine that is busy with other tests must not end in the deadline."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bench.teacher_engine.TIMEOUT_S", 60 / SCALE)
        ours(["warm"], 0.01, tmp_path_factory.mktemp("warm"))
        yield


def test_nothing_is_lost_or_paid_twice_and_the_second_run_asks_nothing(tmp_path: Path) -> None:
    trouble = [next(f"{kind} {i}" for i in range(9999) if fate(f"{kind} {i}", 1, SCALE).kind == kind) for kind in SHARES]
    prompts = [*(f"question {i}" for i in range(75)), *trouble, *(f"question {i}" for i in range(75, 150))]
    found = ours(prompts, SCALE, tmp_path)
    provider, ledger = found["provider"], found["ledger"]
    assert set(provider["kinds"]) == {"good", *SHARES}, "every kind of trouble was met"
    assert found["lost"] == 0 and found["answered_twice"] == 0 and provider["answers"] == len(prompts)
    assert ledger["tokens_of_answers"] == 60 * len(prompts) and ledger["open_entries"] == 0
    assert ledger["usd"] >= ledger["provider_bills_usd"], "the ledger never under-reports"
    assert found["second_run"] == {"requests": 0, "same_replies": True, "usd": 0}
    assert provider["most_in_flight"] <= CONCURRENCY


def test_the_cap_holds_and_is_used_up(tmp_path: Path) -> None:
    found = capped([f"capped {i}" for i in range(300)], SCALE / 3, tmp_path)
    assert found["is_stopped"] and found["peak_usd"] <= found["cap_usd"]
    assert 0.5 * found["cap_usd"] < found["provider_bills_usd"] <= found["spent_usd"] <= found["cap_usd"]


def test_the_limit_is_the_work_over_the_concurrency() -> None:
    calm = [prompt for prompt in (f"p{i}" for i in range(4000)) if fate(prompt, 1, 1.0).kind == "good"][:2000]
    assert limit_s(calm, 1.0) == pytest.approx(sum(fate(prompt, 1, 1.0).seconds for prompt in calm) / CONCURRENCY)
    assert limit_s(calm[:1], 1.0) == fate(calm[0], 1, 1.0).seconds
    trouble = next(prompt for prompt in (f"p{i}" for i in range(4000)) if fate(prompt, 1, 1.0).kind == "broken")
    assert limit_s([trouble], 1.0) > fate(trouble, 1, 1.0).seconds, "what a broken body takes is in it"
