"""A plausible run of three cycles in a real database, without a model: promoted, rejected, promoted.

Cycle 1 repairs the answer format (strict soars, lenient moves a little), cycle 2 breaks a protected suite and is
rejected, cycle 3 repairs a skill. Answers are drawn with a fixed seed; some of them are hostile text.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.config import Config
from agent.statistics.decision import GateInputs, ProtectedScores, decide
from agent.statistics.intervals import clopper_pearson
from agent.statistics.paired import group_p_value, non_inferior, paired_difference
from agent.store import Store
from agent.student.contract import Sample
from curricula.filters.decontaminate import Decontaminator
from curricula.filters.leaks import LeakWatch
from curricula.lesson import Lesson, Verdict
from probes.splits import split_suite
from probes.suite import Probe, Suite

RUN = "demo-20261122-101500-9f1c"
MODEL = "m" * 64
HOSTILE = ["</script><script>alert('x')</script>", "<img src=x onerror=alert(1)>", "\x1b[31mred\x1b[0m \u202eevil\u202c", "{{ 7*7 }} {% raw %}",
           "| a | b |\n```\n# heading\n=cmd|' /C calc'!A0", "javascript:alert(1)//\u2028' onmouseover='x"]
SKILLS = {  # skill -> share right of (base, cycle 1, cycle 2, cycle 3), lenient
    "addition": (0.55, 0.62, 0.64, 0.70), "larger": (0.60, 0.80, 0.80, 0.82), "roman numerals": (0.05, 0.05, 0.08, 0.45),
    "days": (0.10, 0.15, 0.2, 0.30), "odd or even": (0.5, 0.55, 0.55, 0.6)}
STRICT_OF_LENIENT = (0.04, 0.93, 0.95, 0.97)
STAGES = (("evaluate", 41.0), ("diagnose", 6.2), ("plan", 0.1), ("teach", 3.4), ("train", 118.0), ("gate", 96.0))


def adapter_name(cycle: int) -> str:
    """Content hash of the adapter made in a cycle; cycle 0 is the base."""
    return hashlib.sha256(f"adapter {cycle}".encode()).hexdigest() if cycle else ""


def make_suites() -> tuple[Suite, Suite]:
    """300 probes over five skills, and 120 protected ones."""
    probes = tuple(Probe("basics", f"{skill.split()[0]}-{i:03d}", f"What is {i} {skill} {i * 7 % 13}? Answer with only the answer.", str(i % 9), "exact",
                         f"{skill}-{i}", meta={"skill": skill, "level": i % 3}) for skill in SKILLS for i in range(60))
    protected = tuple(Probe("basics_protected", f"p-{i:03d}", f"Say the capital number {i}.", f"city{i}") for i in range(120))
    return Suite("basics", "built in", probes, "Small skills.", 32, "basics"), Suite("basics_protected", "built in", protected, "Must not fall.")


def build_run(state_dir: Path, *, n_cycles: int = 3, status: str = "finished", is_audited: bool = True, run: str = RUN, student: str = "smollm2-135m") -> str:
    """Fill the database below `state_dir` with one run and return its id."""
    with Store.open(state_dir) as store:
        _Builder(store, run, student).build(n_cycles, status, is_audited)
    return run


class _Builder:
    def __init__(self, store: Store, run: str, student: str) -> None:
        self.store, self.run, self.student = store, run, student
        self.suite, self.protected = make_suites()
        self.config = Config.model_validate({"name": "demo", "limits": {"cycles": 3}})
        self.splits = split_suite(self.suite, "weakspot")
        self.champion = ""
        self.scores: dict[tuple[str, str], list[Sample]] = {}

    def build(self, n_cycles: int, status: str, is_audited: bool) -> None:
        store, run = self.store, self.run
        store.runs.create(run, self.config.to_yaml(), self.config.hash(), {"weakspot": "0.1.0", "torch": "2.13.0"})
        store.runs.update(run, student=self.student, model_key=MODEL, noise_floor=0.0)
        with store.transaction():
            store.samples.add_suite(run, self.suite, "probe", self.splits)
            store.samples.add_suite(run, self.protected, "protected", {"protected": self.protected.probes})
        for cycle in range(4):
            if cycle <= n_cycles:
                self._answer(cycle)
        for cycle in range(1, n_cycles + 1):
            self._cycle(cycle)
        if is_audited and self.champion:
            self._audit()
        store.money.settle(store.money.reserve(run, 1, "label", 0.02), 0.0134, 1200, 300)
        if status != "running":
            store.runs.finish(run, status, "3 cycles done")

    def _answer(self, cycle: int) -> None:
        for split, probes in [*self.splits.items(), ("protected", self.protected.probes)]:
            samples = [self._sample(cycle, probe) for probe in probes]
            self.scores[adapter_name(cycle), split] = samples
            with self.store.transaction():
                self.store.samples.add(MODEL, adapter_name(cycle), f"{split}", zip(probes, samples, strict=True))

    def _sample(self, cycle: int, probe: Probe) -> Sample:
        """The same draw for the same probe in every cycle, so that most answers stay as they are."""
        luck = random.Random(probe.probe_id)
        jitter = random.Random(f"{probe.probe_id}/{cycle}")
        if probe.suite == "basics_protected":
            share = (0.8, 0.81, 0.60, 0.80)[cycle]
            right = (luck.random() if jitter.random() > 0.03 else jitter.random()) < share
            return Sample(probe.suite, probe.probe_id, probe.gold if right else "no idea", float(right), float(right))
        lenient = (luck.random() if jitter.random() > 0.06 else jitter.random()) < SKILLS[probe.meta["skill"]][cycle]
        strict = lenient and luck.random() < STRICT_OF_LENIENT[cycle]
        wrong = jitter.choice([*HOSTILE, "I am not sure about that.", "7 or 8", "12", ""])
        response = probe.gold if strict else f"The answer is {probe.gold}." if lenient else wrong
        return Sample(probe.suite, probe.probe_id, response, float(strict), float(lenient), n_tokens=5)

    def _cycle(self, cycle: int) -> None:
        store, run = self.store, self.run
        for stage, seconds in STAGES:
            store.runs.begin_stage(run, cycle, stage, "hash")
            with store.transaction():
                if stage == "diagnose":
                    self._diagnose(cycle)
                if stage == "teach":
                    self._teach(cycle)
                if stage == "train":
                    store.decisions.add_adapter(run, cycle, {
                        "adapter": adapter_name(cycle), "path": f"adapters/{adapter_name(cycle)}", "params": {"lora_r": 16}, "curriculum_sha256": "c" * 64,
                        "steps": 40, "tokens": 10400, "first_loss": 2.9, "final_loss": 0.41, "seconds": seconds, "effect": 3.2})
                if stage == "gate":
                    self._decide(cycle)
                store.runs.finish_stage(run, cycle, stage, {"cycle": cycle}, seconds + cycle)

    def _diagnose(self, cycle: int) -> None:
        samples = self.scores[self.champion, "diagnose"]
        probes = list(self.splits["diagnose"])
        rows: list[dict[str, Any]] = []
        members: list[dict[str, Any]] = []
        n_format = sum(sample.strict < sample.lenient for sample in samples)
        groups = {"W-format": ("answer format: says more than the answer", "format", [i for i, s in enumerate(samples) if s.lenient])} if n_format > 20 else {}
        for number, skill in enumerate(SKILLS):
            at = [i for i, probe in enumerate(probes) if probe.meta["skill"] == skill]
            if sum(samples[i].strict for i in at) < 0.6 * len(at):
                groups[f"W-{number:02d}"] = (f"{skill} {HOSTILE[1] if number == 2 else ''}".strip(), "skill", at)
        for rank, (name, (label, kind, at)) in enumerate(groups.items(), 1):
            failures = [i for i in at if not samples[i].strict]
            rate = len(failures) / len(at)
            rows.append({"weakness": name, "rank": rank, "label": label, "kind": kind, "state": "open" if cycle == 1 else "improving", "n": len(at),
                         "n_failures": len(failures), "failure_rate": rate, "ci_low": max(0.0, rate - 0.1), "ci_high": min(1.0, rate + 0.08), "lift": 1.4,
                         "p_value": 0.001, "stability": 0.9, "x": float(rank), "y": 0.0, "keywords": label.split()[:3], "failure_types": {"wrong": len(failures)},
                         "medoids": [f"basics/{probes[failures[0]].probe_id}"] if failures else []})
            members += [{"weakness": name, "suite": "basics", "probe_id": probes[i].probe_id, "is_failure": int(not samples[i].strict)} for i in at]
        around = random.Random(cycle)
        points = [{"suite": "basics", "probe_id": probe.probe_id, "x": list(SKILLS).index(probe.meta["skill"]) % 3 * 3 + around.gauss(0, 0.6),
                   "y": list(SKILLS).index(probe.meta["skill"]) // 3 * 3 + around.gauss(0, 0.6),
                   "failure_type": None if sample.strict else "format" if sample.lenient else "wrong"} for probe, sample in zip(probes, samples, strict=True)]
        self.store.weaknesses.add(self.run, cycle, rows, members, points)
        self.store.weaknesses.add_outline(self.run, cycle, self._outline(probes, samples, rows))
        self.store.weaknesses.add_plan(self.run, cycle, [{"weakness": row["weakness"], "strategy": "symbolic", "n_lessons": 60, "learnability": 0.6,
                                                          "reason": f"{row['n_failures']} failures"} for row in rows],
                                       {"cycle": cycle, "gain": 0.1, "gain_low": 0.02, "gain_high": 0.9 if cycle == 1 else 0.11, "power": 0.5, "promotion": 0.4, "n_lessons": 300,
                                        "n_kept": 240.0, "n_tokens": 9000, "seconds": 200.0, "usd": 0.0, "usd_left": None, "n_looks": cycle - 1})
        self.weaknesses = rows

    def _outline(self, probes: list[Probe], samples: list[Sample], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """All probes, the skills below (by level below these), weak ones as weaknesses, the format beneath the root."""
        nodes: list[dict[str, Any]] = []

        def add(parent: str | None, label: str, at: list[int], failed: int, weakness: str, depth: int) -> str:
            bounds = clopper_pearson(len(at) - failed, len(at))
            nodes.append({"id": f"N{len(nodes) + 1}", "parent": parent, "label": label, "n": len(at), "n_failures": failed, "accuracy": 1 - failed / len(at),
                          "ci_low": bounds.low, "ci_high": bounds.high, "weakness": weakness, "depth": depth})
            return str(nodes[-1]["id"])

        def wrong(at: list[int]) -> int:
            return sum(not samples[i].lenient for i in at)

        everything = list(range(len(probes)))
        root = add(None, "all probes", everything, wrong(everything), "", 0)
        weak = {row["weakness"]: row for row in rows}
        if "W-format" in weak:
            add(root, weak["W-format"]["label"], [i for i in everything if samples[i].lenient], weak["W-format"]["n_failures"], "W-format", 1)
        for number, skill in enumerate(SKILLS):
            at = [i for i in everything if probes[i].meta["skill"] == skill]
            name = f"W-{number:02d}"
            row = weak.get(name)
            parent = add(root, row["label"] if row else skill, at, row["n_failures"] if row else wrong(at), name if row else "", 1)
            for level in range(3):
                part = [i for i in at if probes[i].meta["level"] == level]
                add(parent, f"level {level} {HOSTILE[0] if number == 3 else ''}".strip(), part, wrong(part), "", 2)
        return nodes

    def _teach(self, cycle: int) -> None:
        for row in self.weaknesses:
            kept = [Lesson(f"Cycle {cycle}: {row['label']} question {i}?", str(i), str(i), "symbolic", 1, check=str(i), check_kind="engine",
                           operator="sums", weakness_id=row["weakness"]) for i in range(40)]
            bad = [(Lesson(f"Cycle {cycle}: {row['label']} copy {i}?", str(i), str(i), "symbolic", 1, weakness_id=row["weakness"]),
                    Verdict("near_duplicate", "fail", "near duplicate of another lesson", "0.93")) for i in range(6)]
            bad.append((Lesson("", "", "", "symbolic", 1, weakness_id=row["weakness"], raw="<b>not json</b>"), Verdict("parse", "fail", "not JSON")))
            self.store.lessons.add_kept(self.run, cycle, kept)
            self.store.lessons.add_rejected(self.run, cycle, bad)
            self.store.lessons.add_funnel(self.run, cycle, [{"weakness": row["weakness"], "strategy": "symbolic", "wanted": 40, "asked": 60, "parsed": 59,
                                                             "deduplicated": 53, "decontaminated": 50, "verified": 46, "kept": 40,
                                                             "reasons": {"near duplicate": 6, "not JSON": 1, "contamination": 3}}])
        watch = LeakWatch(Decontaminator([*self.suite.probes, *self.protected.probes]))
        for place, probe in (("lesson", self.splits["gate"][cycle]), ("anchor", self.splits["audit"][cycle]), ("anchor", self.protected.probes[cycle])):
            watch.at(place).check(Lesson(f"{probe.prompt} {HOSTILE[cycle]}", "1", "1", "symbolic", int(place == "lesson")))
        watch.at("lesson").check(Lesson("Name a tree.", "birch", "birch", "symbolic", 1))
        self.store.leaks.add(self.run, cycle, watch)
        self.store.lessons.add_curriculum(self.run, cycle, 240 + cycle, 9000, 0.34, "c" * 64, f"runs/{self.run}/cycle-{cycle:03d}/curriculum.jsonl",
                                          {
                                              "real_share": 0.34, "tokens_by_weakness": {row["weakness"]: 600 * cycle for row in self.weaknesses}, "rows": [{"lesson_id": f"L{i:012x}", "n_tokens": 20, "part": part} for part, n in
                                                                           (("new", 160), ("replay", 20), ("anchor", 60)) for i in range(n)]})

    def _decide(self, cycle: int) -> None:
        def of(adapter: str, split: str, score: str) -> list[float]:
            return [getattr(sample, score) for sample in self.scores[adapter, split]]

        old, new = self.champion, adapter_name(cycle)
        made = decide(GateInputs(
            champion=of(old, "gate", "strict"), candidate=of(new, "gate", "strict"), base=of("", "gate", "strict") if old else None,
            champion_lenient=of(old, "gate", "lenient"), candidate_lenient=of(new, "gate", "lenient"),
            protected={"basics_protected": ProtectedScores(of(old, "protected", "lenient"), of(new, "protected", "lenient"), None)},
            alpha_total=0.1, look=cycle, margin=0.08, effect_logits=3.2))
        test = non_inferior(of("", "protected", "lenient"), of(new, "protected", "lenient"), 0.08)
        facts = {score: _paired(of(old, "gate", score), of(new, "gate", score), "champion", "candidate") for score in ("strict", "lenient")}
        protected = [{"suite": "basics_protected", "n": 120, "base": _mean(of("", "protected", "lenient")), "champion": _mean(of(old, "protected", "lenient")),
                      "candidate": _mean(of(new, "protected", "lenient")), "gain": test.gain, "ci_low": test.lower, "margin": 0.08}]
        per_weakness = [{"weakness": row["weakness"], "label": row["label"], "n": 20, "before": 0.1, "after": 0.4, "fixed": 7, "broken": 1, "gain": 0.3,
                         "shrunk_gain": 0.27, "shrunk_low": 0.11, "shrunk_high": 0.43, "p_value": 0.035, "q_value": 0.07}
                        for row in self.weaknesses if row["kind"] != "format"]
        self.store.decisions.record(self.run, cycle, {
            "decision": made.decision, "reason": "; ".join(made.reasons), "champion": old, "candidate": new, "look": cycle, "p_value": made.p_value,
            "level": made.level, "details": {
                "rules": [{**asdict(rule), "is_met": rule.passed} for rule in made.rules], "reasons": made.reasons, "gate": {**facts["strict"], "score": "strict"},
                **facts, "protected": protected, "format_only": made.format_only, "smallest_detectable_gain": made.smallest_detectable, "noise_floor": 0.0,
                "per_weakness": per_weakness}})
        if made.decision == "promote":
            self.champion = new

    def _audit(self) -> None:
        def of(adapter: str, split: str, score: str) -> list[float]:
            return [getattr(sample, score) for sample in self.scores[adapter, split]]

        facts = {score: _paired(of("", "audit", score), of(self.champion, "audit", score), "base", "champion") for score in ("strict", "lenient")}
        test = non_inferior(of("", "protected", "lenient"), of(self.champion, "protected", "lenient"), 0.08)
        with self.store.transaction():
            self.store.decisions.add_audit(self.run, self.champion, {
                "n": facts["strict"]["n"], "score": "strict", **facts, "per_suite": [{"suite": "basics", **facts}],
                "protected": [{"suite": "basics_protected", "n": 120, "base": _mean(of("", "protected", "lenient")),
                               "champion": _mean(of(self.champion, "protected", "lenient")), "gain": test.gain, "ci_low": test.lower, "margin": 0.08}]})


def _mean(values: list[float]) -> float:
    return sum(values) / max(1, len(values))


def _paired(old: list[float], new: list[float], name_before: str, name_after: str) -> dict[str, Any]:
    found = paired_difference(old, new)
    return {"n": found.n, name_before: _mean(old), name_after: _mean(new), "fixed": found.fixed, "broken": found.broken, "gain": found.gain,
            "ci_low": found.ci_low, "ci_high": found.ci_high, "p_value": group_p_value(old, new, None)}
