"""What a small real model makes as a teacher: every strategy that asks one, tried once, as a Markdown table.

    python -m bench.teacher_funnels GGUF_FILE [N_LESSONS [MOST_TOKENS [STRATEGY ...]]]

MOST_TOKENS ends a strategy after that many tokens from the teacher (0: never); its row then says so. llama.cpp (extra `server`) serves the file on loopback; the failures are the scripted student's on `basics`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from agent.config import load_config
from agent.fakes import scripted_student
from agent.loop import start
from agent.store import Store
from agent.teacher.engine import LLMTeacher
from agent.teacher.memory import MemoryCache, MemoryLedger
from agent.trial import run_trial
from agent.watch import SilentWatcher
from curricula.strategies.contract import list_strategies
from tests.agent.teacher.llama_server import llama_server
from tests.e2e.driver import SETTINGS

MAX_TOKENS = 600  # of a reply: a program needs as many, and the model rambles to any limit
TEACHER = ["teacher.model=openai/smollm2", "teacher.timeout_s=240", "teacher.concurrency=4", f"teacher.max_tokens={MAX_TOKENS}",
           "teacher.usd_per_million_in=0", "teacher.usd_per_million_out=1"]


def main(gguf: str, n_lessons: str = "2", most_tokens: str = "0", *names: str) -> None:
    """Print one row a strategy as it is done."""
    known = [info.name for info in list_strategies() if "teacher" in info.needs]
    with tempfile.TemporaryDirectory() as folder, llama_server(Path(gguf), n_parallel=4) as url:
        state = Path(folder)
        outcome = start(load_config(None, [*SETTINGS, "limits.cycles=1"], {}), state, SilentWatcher(), open_student=scripted_student())
        config = load_config(None, [*TEACHER, f"teacher.api_base={url}"], {}).config
        with Store.read(state) as store:
            worst = max(store.weaknesses.of_cycle(outcome.run, 1), key=lambda row: row["n_failures"])["weakness"]
            print("| strategy | requests | tokens in | out | asked | parsed | new | verified | kept | why not | s |\n|---|---|---|---|---|---|---|---|---|---|---|")
            for name in names or known:
                print(row_of(store, outcome.run, worst, name, int(n_lessons), int(most_tokens), config), flush=True)


def row_of(store: Store, run: str, weakness: str, name: str, n_lessons: int, most_tokens: int, config) -> str:
    """One strategy's funnel."""
    started = time.monotonic()
    with LLMTeacher(config.teacher, MemoryCache(), MemoryLedger((most_tokens or 10**9) / 1e6)) as teacher:
        trial = run_trial(store, run, weakness, name, n_lessons, config, teacher)
    counts = trial.funnel.counts[0]
    why = "; ".join(f"{n} {reason.split(': ', 1)[1]}" for reason, n in list(counts.reasons.items())[:4])
    why += "; stopped at the token limit" if trial.funnel.stopped else ""
    (Path(tempfile.gettempdir()) / f"funnel-{name}.json").write_text(
        json.dumps([[row.verdict.reason, row.candidate.raw, row.candidate.lesson and row.candidate.lesson.prompt, row.candidate.lesson and row.candidate.lesson.completion]
                    for row in trial.funnel.judged], ensure_ascii=False, indent=1))  # fmt: skip
    cells = (name, len(trial.requests), trial.tokens[0], trial.tokens[1], counts.asked, counts.parsed, counts.deduplicated, counts.verified, counts.kept, why, round(time.monotonic() - started))
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    main(*sys.argv[1:])
