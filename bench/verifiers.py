r"""`make bench-verifiers`: how often the verifiers are wrong on data they were not made from, into bench/results/verifiers.json.

    python -m bench.verifiers [sandbox] [code] [math] [citation]     (all by default; the others' numbers stay in the file)

`code`: HumanEval's reference solutions, whole and broken. `math`: GSM8K's test golds in twenty spellings, whole and
altered. Both from ../shared/data. `citation`: the documentation in /usr/share/doc. `sandbox`: milliseconds to start.
"""

from __future__ import annotations

import gzip
import json
import os
import platform
import random
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from curricula.lesson import Lesson
from curricula.sandbox import tiers
from curricula.sandbox.examine import examine
from curricula.sandbox.mutants import emptied, mutants
from curricula.sandbox.run import Limits, Program, run
from curricula.verifiers.citation import CitationVerifier
from curricula.verifiers.contract import verify
from curricula.verifiers.corpus import normal

ROOT = Path(__file__).parents[1]
DATA = next((place for place in (ROOT.parent / "shared" / "data", ROOT.parent.parent / "shared" / "data") if place.exists()), None)
OUT = Path(__file__).parent / "results" / "verifiers.json"
N_MUTANTS = 8
DOCUMENTS = Path("/usr/share/doc")
N_DOCUMENTS = 300
BROKEN_LIMITS = Limits(wall_s=8, cpu_s=4)


def sandbox() -> dict[str, Any]:
    """Milliseconds from the call to the first foreign instruction, and for a whole run that does nothing, per tier."""
    found = {}
    for tier in tiers.TIERS:
        info = tiers.probe(tier)
        if not info.holds:
            found[tier] = {"holds": False, "why": info.why}
            continue
        whole, start = [], []
        for _ in range(50):
            begun = time.perf_counter()
            start.append(run(Program("pass"), tier=tier).start_s * 1000)
            whole.append((time.perf_counter() - begun) * 1000)
        found[tier] = {"holds": True, "start_ms": summary(start), "run_ms": summary(whole)}
    return found


def code() -> dict[str, Any]:
    """HumanEval: every reference passes; emptied, mutated, or leaving early, none does."""
    rows = human_eval()
    outcome: Counter[str] = Counter()
    survivors, unnoticed, wrong = [], [], []
    started = time.monotonic()
    for row in rows:
        solution, tests, entry = row["prompt"] + row["canonical_solution"], row["test"], row["entry_point"]
        lesson = Lesson("Write it.", f"```python\n{solution}\n```", solution, "bench", 1, verifier="code", check=tests, check_kind="tests", meta={"entry_point": entry})
        verdict = verify(lesson)
        outcome[f"reference: {verdict.outcome}"] += 1
        if verdict.outcome != "pass":
            wrong.append([row["task_id"], verdict.reason, verdict.evidence])
        for kind, broken in (
            ("emptied", emptied(solution, entry)),
            ("os._exit(0) before everything", "import os\nos._exit(0)\n" + solution),
            ("os._exit(0) first in the body", row["prompt"] + "    import os\n    os._exit(0)\n" + row["canonical_solution"]),
        ):
            found = examine(broken, tests, entry, BROKEN_LIMITS)
            outcome[f"{kind}: {'accepted' if found.outcome == 'pass' else 'refused'}"] += 1
        n_noticed = 0
        tried = mutants(solution, N_MUTANTS)
        for mutant in tried:
            found = examine(mutant.source, tests, entry, BROKEN_LIMITS)
            n_noticed += found.outcome != "pass"
            outcome[f"mutants: {'accepted' if found.outcome == 'pass' else 'refused'}"] += 1
            if found.outcome == "pass":
                survivors.append([row["task_id"], mutant.change])
        outcome["problems with a mutant"] += bool(tried)
        if tried and not n_noticed:
            unnoticed.append(row["task_id"])
    return {"problems": len(rows), **dict(sorted(outcome.items())), "references refused": wrong, "problems where no mutant is noticed": unnoticed, "mutants accepted": survivors,
            "seconds": round(time.monotonic() - started, 1)}


def all_mutants() -> dict[str, Any]:
    """What it would change to ask that a lesson's tests notice every mutant, not one: for the faults that HumanEval's tests miss.

    Takes the accepted mutants of the section `code` as wrong solutions, and counts those in which one of their own mutants goes unnoticed.
    """
    rows = {row["task_id"]: row for row in human_eval()}
    survivors = json.loads(OUT.read_text(encoding="utf-8"))["code"]["mutants accepted"]
    started = time.monotonic()
    accepted_now, accepted_then = 0, []
    for task, change in survivors:
        row = rows[task]
        solution = next(mutant.source for mutant in mutants(row["prompt"] + row["canonical_solution"], N_MUTANTS) if mutant.change == change)
        lesson = Lesson("Write it.", f"```python\n{solution}\n```", solution, "bench", 1, verifier="code", check=row["test"], check_kind="tests", meta={"entry_point": row["entry_point"]})
        accepted_now += verify(lesson).outcome == "pass"
        if all(examine(mutant.source, row["test"], row["entry_point"], BROKEN_LIMITS).outcome != "pass" for mutant in mutants(solution, N_MUTANTS)):
            accepted_then.append([task, change])
    problems = {task for task, _ in survivors}
    return {"accepted mutants": len(survivors), "pass the verifier": accepted_now, "would pass if every mutant must be noticed": accepted_then,
            "references that would be refused": len(problems), "seconds": round(time.monotonic() - started, 1)}


def math() -> dict[str, Any]:
    """GSM8K test golds: every spelling accepted, every alteration refused."""
    golds = gsm8k_golds()
    started = time.monotonic()
    refused, accepted, n_right, n_wrong = [], [], 0, 0
    for gold in golds:
        for spelling in spellings(gold):
            n_right += 1
            verdict = verify(math_lesson(spelling, gold))
            if verdict.outcome != "pass":
                refused.append([spelling, gold, verdict.reason])
        for altered in alterations(gold):
            n_wrong += 1
            if verify(math_lesson(altered, gold)).outcome == "pass":
                accepted.append([altered, gold])
    return {"golds": len(golds), "right": n_right, "false_reject": len(refused) / n_right, "wrong": n_wrong, "false_accept": len(accepted) / n_wrong,
            "refused": refused[:20], "accepted": accepted[:20], "seconds": round(time.monotonic() - started, 1)}


def citation() -> dict[str, Any]:
    """True quotes of real documents, and seven ways to spoil one."""
    documents = {str(path.relative_to(DOCUMENTS)): text for path in sorted(DOCUMENTS.rglob("*")) if (text := _prose(path))}
    if len(documents) < 20:
        sys.exit(f"only {len(documents)} documents in {DOCUMENTS}")
    rng = random.Random(7)
    verifier = CitationVerifier(DOCUMENTS)
    names = sorted(documents)
    wrong: dict[str, list[Any]] = {}
    counts: Counter[str] = Counter()
    started = time.monotonic()
    for name in rng.sample(names, min(N_DOCUMENTS, len(names))):
        quote = _passage(documents[name], rng)
        if not quote:
            continue
        other = next((n for n in rng.sample(names, len(names)) if normal(quote) not in normal(documents[n])), None)
        for kind, (said, source) in quotations(quote, name, other, documents, rng).items():
            if not kind.startswith("true") and source == name and normal(said) in normal(documents[name]):
                continue  # the document happens to say that too
            counts[kind] += 1
            verdict = verifier.verify(Lesson("Cite it.", f'It is stated that "{said}" [{source}].', "", "bench", 1, verifier="citation"))
            if (verdict.outcome == "pass") != kind.startswith("true"):
                wrong.setdefault(kind, []).append([name, said[:160], verdict.reason, verdict.evidence[:120]])
    rates = {kind: {"n": n, "wrong": len(wrong.get(kind, [])) / n} for kind, n in sorted(counts.items())}
    n_true = sum(n for kind, n in counts.items() if kind.startswith("true"))
    n_false = sum(counts.values()) - n_true
    return {"documents": len(documents), "false_reject": sum(len(rows) for kind, rows in wrong.items() if kind.startswith("true")) / n_true,
            "false_accept": sum(len(rows) for kind, rows in wrong.items() if not kind.startswith("true")) / n_false, "n_true": n_true, "n_false": n_false, "kinds": rates,
            "examples": {kind: rows[:2] for kind, rows in wrong.items()}, "seconds": round(time.monotonic() - started, 1)}


def quotations(quote: str, name: str, other: str | None, documents: dict[str, str], rng: random.Random) -> dict[str, tuple[str, str]]:
    """A passage as it stands, in three harmless spellings, and spoiled; kind to (quote, source)."""
    words = quote.split()
    middle = rng.choice([i for i in range(2, len(words) - 2) if words[i].isalpha() and words[i].lower() not in ("a", "an", "the")])
    found = {
        "true: as it stands": (quote, name),
        "true: case and spacing": ("  ".join(words).upper(), name),
        "true: no punctuation": (" ".join(word.strip(".,;:()'") for word in words), name),
        "true: left out in the middle": (" ".join(words[:8]) + " ... " + " ".join(words[-8:]), name),
        "invented source": (quote, f"{name}.2019"),
        "word dropped": (" ".join(words[:middle] + words[middle + 1 :]), name),
        "word put in": (" ".join([*words[:middle], "hardly", *words[middle:]]), name),
        "negated": (" ".join([*words[:middle], "not", *words[middle:]]), name),
    }
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if len(long) > 1:
        i, j = rng.sample(long, 2)
        swapped = list(words)
        swapped[i], swapped[j] = words[j], words[i]
        if words[i].lower() != words[j].lower():
            found["two words swapped"] = (" ".join(swapped), name)
        stranger = next((w for w in rng.sample(documents[name].split(), 200 if len(documents[name].split()) >= 200 else 20) if len(w) > 4 and w.isalpha() and w.lower() != words[i].lower()), "")
        if stranger:
            found["another word"] = (" ".join([*words[:i], stranger, *words[i + 1 :]]), name)
    if other:
        found["wrong source"] = (quote, other)
        found["half of another document"] = (" ".join(words[:10]) + " " + " ".join(documents[other].split()[40:50]), name)
    if any(character.isdigit() for character in quote):
        found["number changed"] = ("".join(str((int(c) + 1) % 10) if c.isdigit() else c for c in quote), name)
    return found


def _prose(path: Path) -> str:
    """A document of at least 200 words; empty for what is no plain text."""
    if not path.is_file() or path.is_symlink() or path.suffix in {".gz", ".png", ".svg", ".css", ".js"} or path.stat().st_size > 400_000:
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        return ""
    return text if len(text.split()) >= 200 else ""


def _passage(text: str, rng: random.Random) -> str:
    """Twenty to forty words in a row that hold no quotation mark, bracket or ellipsis; empty where there are none."""
    words = text.split()
    for _ in range(200):
        start = rng.randrange(0, len(words) - 40)
        chosen = words[start : start + rng.randint(20, 40)]
        if not any(mark in " ".join(chosen) for mark in ('"', "[", "]", "“", "...", "…", "http", "10.")) and sum(word.isalpha() for word in chosen) > 14:
            return " ".join(chosen)
    return ""


def human_eval() -> list[dict[str, Any]]:
    """The 164 problems."""
    with gzip.open(data("human_eval.jsonl.gz"), "rt", encoding="utf-8") as file:
        return [json.loads(row) for row in file]


def gsm8k_golds() -> list[int]:
    """The 1,319 test golds, all whole numbers."""
    rows = data("gsm8k_test.jsonl").read_text(encoding="utf-8").splitlines()
    return [int(json.loads(row)["answer"].rpartition("####")[2].strip().replace(",", "")) for row in rows]


def data(name: str) -> Path:
    """A file of ../shared/data, or an end with the reason."""
    if DATA is None:
        sys.exit("no ../shared/data beside the repository")
    return DATA / name


def math_lesson(answer: str, gold: int) -> Lesson:
    """A lesson that ends on the answer as spelled."""
    return Lesson("How many?", f"We work it out step by step.\nThe answer is {answer}", answer, "bench", 1, verifier="math", check=str(gold), check_kind="gold")


def spellings(n: int) -> list[str]:
    """Twenty ways to write a whole number."""
    sign, size = ("-" if n < 0 else ""), abs(n)
    grouped = f"{size:,}"
    return [
        str(n), f"{sign}{grouped}", f"{sign}${size}.00", f"{sign}${grouped}", f"{n} dollars", f"{sign}{grouped} apples", rf"\boxed{{{n}}}", rf"$\boxed{{{sign}{grouped}}}$",
        f"${n}$", rf"\({n}\)", rf"{sign}\frac{{{2 * size}}}{{2}}", f"{3 * n}/3", f"{n * 100}%", rf"{n * 100}\%", f"{n}.0", f"**{n}**", f"x = {n}",
        sign + grouped.replace(",", "{,}"), rf"{n}\text{{ miles}}", rf"{n / 10!r} \times 10".replace("e+", r"\cdot 10^"),
    ]  # fmt: skip


def alterations(n: int) -> list[str]:
    """Ways to write another number, some near, some by a slip of the pen."""
    size, sign = abs(n), ("-" if n < 0 else "")
    digits = str(size)
    swapped = digits[1] + digits[0] + digits[2:] if len(digits) > 1 and digits[0] != digits[1] else digits + "1"
    return [
        str(n + 1), f"{n - 1:,}", f"${n * 10}" if n else "$7", str(-n) if n else "3", f"{sign}{swapped}", f"{n}%" if n else "1%", f"{n}.5", rf"\frac{{{n}}}{{2}}" if n else r"\frac{1}{2}",
        f"{n} or {n + 2}", rf"\boxed{{{n + 7}}}", f"{n}{n}" if n else "10", f"{sign}{size + 1000:,}", f"{2 * n + 1}/2", f"{n + 1} dollars", f"{sign}{digits[0]},{digits[1:]}7", f"{(n + 1) * 100}%",
        f"x = {n - 2}", rf"{n}\sqrt{{2}}" if n else r"\sqrt{2}", f"{n} + 1", "no answer",
    ]  # fmt: skip


def summary(values: list[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median": round(middle, 1), "low": round(low, 1), "high": round(high, 1)}


SECTIONS = {"sandbox": sandbox, "code": code, "all_mutants": all_mutants, "math": math, "citation": citation}


def main() -> None:
    """Measure what was asked for and write it down."""
    known = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {}
    for name in sys.argv[1:] or SECTIONS:
        known[name] = {**SECTIONS[name](), "tier": tiers.in_force(), "load": os.getloadavg()[0]}
        print(name, json.dumps({key: value for key, value in known[name].items() if not isinstance(value, list) or len(value) < 8}))
    known["machine"] = f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
