"""The teacher engine against a provider that refuses, breaks, resets and hangs: speed, losses, double payment, the cap.

    python -m bench.teacher_engine [N [SCALE]]      (make bench-teacher)

N requests (1,500) at 64 in flight, latency log-normal with a mean of SCALE (1) seconds; 5 % of attempts are refused (half
with Retry-After), 2 % end in a broken body, 1 % in a reset, 0.5 % never. The same requests go through a plain
loop over `litellm.batch_completion`, which asks for what is missing until nothing is.

The limit: the sum of the seconds that every request's attempts take up to its first good one, over 64, but no less than
the longest single request takes. A hang counts as long as the slowest answer: no client can call it one before.
Refusals take no time; what a client asks for without need (twice, or again after an answer) is not in the limit.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from agent.config import load_config
from agent.store import Store
from agent.teacher.contract import BudgetExceeded
from agent.teacher.engine import LLMTeacher
from agent.teacher.open import StoreCache, StoreLedger
from bench.provider import TOKENS, fate, provider
from curricula.teacher import TeacherRequest

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else its import asks the network
ROOT = Path(__file__).parent.parent
CONCURRENCY = 64
TIMEOUT_S = 30.0  # times SCALE, 5 at least; for both
PRICE = (1e-6, 2e-6)  # US dollars a token
OTHER_DRAWS = ("sum", "word", "city", "tree")  # words that other prompts begin with
CAP_SHARE = 0.5  # of what all requests of the cap's trial would cost
RUN = "bench"


class Watched(StoreLedger):
    """The store's ledger, with the highest balance it ever had."""

    peak_usd = 0.0

    def reserve(self, usd: float, tag: str, model: str) -> int:
        """As in `StoreLedger`."""
        entry = super().reserve(usd, tag, model)
        self.peak_usd = max(self.peak_usd, self._store.money.running_usd(self._run))
        return entry


def limit_s(prompts: list[str], scale: float) -> float:
    """The least seconds in which all prompts can be answered, as the module says."""
    chains = []
    slowest = max(fate(prompt, 1, scale).seconds for prompt in prompts)
    for prompt in prompts:
        attempts, taken, waited = 0, 0.0, 0.0
        while True:
            attempts += 1
            met = fate(prompt, attempts, scale)
            taken += slowest if met.kind == "hang" else met.seconds
            waited += met.wait_s
            if met.kind == "good":
                break
        chains.append((taken, waited))
    return max(sum(taken for taken, _ in chains) / CONCURRENCY, max(taken + waited for taken, waited in chains))


def teacher_on(store: Store, address: str, scale: float, budget_usd: float) -> tuple[LLMTeacher, Watched]:
    """The engine on a real database, with its ledger."""
    sets = ["teacher.model=openai/scripted", f"teacher.api_base={address}/v1", f"teacher.concurrency={CONCURRENCY}", f"teacher.timeout_s={max(5.0, TIMEOUT_S * scale):g}",
            f"teacher.usd_per_million_in={PRICE[0] * 1e6:g}", f"teacher.usd_per_million_out={PRICE[1] * 1e6:g}", "teacher.max_tokens=50"]
    ledger = Watched(store, RUN, budget_usd)
    return LLMTeacher(load_config(None, sets, {}).config.teacher, StoreCache(store), ledger, backoff_s=scale), ledger


def books_of(address: str) -> dict[str, Any]:
    """What the provider says it did."""
    with urllib.request.urlopen(f"{address}/books", timeout=10) as reply:
        return json.load(reply)


def ours(prompts: list[str], scale: float, folder: Path) -> dict[str, Any]:
    """All prompts through the engine, then once more."""
    with provider(scale) as address, Store.open(folder) as store:
        store.runs.create(RUN, "", "", {})
        requests = [TeacherRequest(prompt, max_tokens=50, tag="bench/ask") for prompt in prompts]
        teacher, ledger = teacher_on(store, address, scale, 100.0)
        with teacher:
            replies, seconds, cpu_s = timed(lambda: teacher.ask(requests))
        books = books_of(address)
        settled = next(store.db.query("SELECT sum(tokens_in + tokens_out) AS tokens, sum(settled_usd) AS usd, sum(settled_usd IS NULL) AS n_open FROM ledger"))
        with teacher_on(store, address, scale, 100.0)[0] as second:
            again = second.ask(requests)
        return {
            "seconds": seconds, "cpu_ms_a_request": 1e3 * cpu_s / len(prompts), "lost": sum(bool(reply.error) or reply.text != f"re: {prompt}" for prompt, reply in zip(prompts, replies, strict=True)),
            "answered_twice": books["answers"] - books["prompts_answered"], "provider": books,
            "ledger": {"tokens_of_answers": settled["tokens"], "usd": settled["usd"], "open_entries": settled["n_open"], "provider_bills_usd": billed_usd(books)},
            "second_run": {"requests": books_of(address)["requests"] - books["requests"], "same_replies": [a.text for a in again] == [b.text for b in replies], "usd": sum(reply.cost_usd for reply in again)},
        }


def capped(prompts: list[str], scale: float, folder: Path) -> dict[str, Any]:
    """The same with too little money."""
    cap_usd = CAP_SHARE * len(prompts) * (TOKENS[0] * PRICE[0] + TOKENS[1] * PRICE[1])
    with provider(scale) as address, Store.open(folder) as store:
        store.runs.create(RUN, "", "", {})
        teacher, ledger = teacher_on(store, address, scale, cap_usd)
        is_stopped = False
        with teacher:
            try:
                teacher.ask([TeacherRequest(prompt, max_tokens=50, tag="bench/ask") for prompt in prompts])
            except BudgetExceeded:
                is_stopped = True
        books = books_of(address)
        return {"cap_usd": cap_usd, "peak_usd": ledger.peak_usd, "spent_usd": store.money.spent_usd(RUN), "provider_bills_usd": billed_usd(books),
                "is_stopped": is_stopped, "most_in_flight": books["most_in_flight"]}


def plain(prompts: list[str], scale: float) -> dict[str, Any]:
    """`litellm.batch_completion` over what is missing, until nothing is."""
    import litellm

    with provider(scale) as address:
        found: dict[str, str] = {}
        n_rounds = 0

        def loop() -> None:
            nonlocal n_rounds
            while missing := [prompt for prompt in prompts if prompt not in found]:
                n_rounds += 1
                results = litellm.batch_completion(
                    model="openai/scripted", messages=[[{"role": "user", "content": prompt}] for prompt in missing], api_base=f"{address}/v1", api_key="none",
                    max_tokens=50, max_workers=CONCURRENCY, timeout=max(5.0, TIMEOUT_S * scale))  # fmt: skip
                for prompt, result in zip(missing, results, strict=True):
                    text = None if isinstance(result, Exception) else result.choices[0].message.content
                    if isinstance(text, str):
                        found[prompt] = text

        _, seconds, cpu_s = timed(loop)
        books = books_of(address)
        return {"seconds": seconds, "cpu_ms_a_request": 1e3 * cpu_s / len(prompts), "rounds": n_rounds, "answered_twice": books["answers"] - books["prompts_answered"], "provider": books}


def billed_usd(books: dict[str, Any]) -> float:
    """What the provider charges: every body that it sent whole, broken ones too."""
    return books["tokens_billed"] / sum(TOKENS) * (TOKENS[0] * PRICE[0] + TOKENS[1] * PRICE[1])


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Its result, seconds and CPU seconds."""
    begun, cpu = time.perf_counter(), time.process_time()
    return work(), time.perf_counter() - begun, time.process_time() - cpu


def draw(word: str, n: int, scale: float, folder: Path) -> dict[str, Any]:
    """The engine alone on other prompts, so on other latencies and faults: one draw of them is luck, hangs most of all."""
    prompts = [f"{word} {i}" for i in range(n)]
    engine, least_s = ours(prompts, scale, folder), limit_s(prompts, scale)
    return {"limit_s": least_s, "seconds": engine["seconds"], "share_of_limit": least_s / engine["seconds"], "kinds": engine["provider"]["kinds"],
            **{name: engine[name] for name in ("lost", "answered_twice")}, "second_run_requests": engine["second_run"]["requests"]}


def measure(n: int, scale: float) -> dict[str, Any]:
    """Everything, on `n` requests."""
    import litellm

    litellm.suppress_debug_info = True
    prompts = [f"question {i}" for i in range(n)]
    with tempfile.TemporaryDirectory() as folder:
        ours([f"warm {i}" for i in range(4)], 0.01, Path(folder) / "warm")  # imports
        engine = ours(prompts, scale, Path(folder) / "engine")
        cap = capped([f"capped {i}" for i in range(n // 2)], scale, Path(folder) / "cap")
        draws = {word: draw(word, n, scale, Path(folder) / word) for word in OTHER_DRAWS}
    least_s = limit_s(prompts, scale)
    loop = plain(prompts, scale)
    return {"n": n, "scale_s": scale, "concurrency": CONCURRENCY, "limit_s": least_s, "share_of_limit": least_s / engine["seconds"],
            "engine": engine, "other_draws": draws, "cap": cap, "batch_completion": {**loop, "share_of_limit": least_s / loop["seconds"]}}


def main(n: str = "1500", scale: str = "1") -> None:
    """Measure, print, write the file."""
    found = measure(int(n), float(scale))
    engine, loop, cap = found["engine"], found["batch_completion"], found["cap"]
    print(f"{'':28}{'engine':>12}{'batch_completion':>18}")
    for label, key in (("seconds", "seconds"), ("share of the limit", ""), ("CPU ms a request", "cpu_ms_a_request"), ("answered twice", "answered_twice")):
        a, b = (found["share_of_limit"], loop["share_of_limit"]) if not key else (engine[key], loop[key])
        print(f"{label:28}{a:>12.3g}{b:>18.3g}")
    print(f"share of the limit in other draws: {', '.join(format(one['share_of_limit'], '.2f') for one in found['other_draws'].values())}")
    print(f"limit {found['limit_s']:.1f} s; lost {engine['lost']}; ledger ${engine['ledger']['usd']:.4f}, provider bills ${engine['ledger']['provider_bills_usd']:.4f}; "
          f"second run: {engine['second_run']['requests']} requests\ncap ${cap['cap_usd']:.4f}: highest balance ${cap['peak_usd']:.4f}, provider bills ${cap['provider_bills_usd']:.4f}, "
          f"{cap['most_in_flight']} in flight")
    body = {"machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
            "versions": {name: metadata.version(name) for name in ("litellm", "openai", "aiohttp")}, **found}
    (ROOT / "bench" / "results").mkdir(parents=True, exist_ok=True)
    (ROOT / "bench" / "results" / "teacher_engine.json").write_text(json.dumps(body, indent=2) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
