"""Every number of a decision is recomputed here from the stored samples: counts and p values by SQL, intervals from those counts.

The walk over `details` at the end fails for any number that this file does not recompute, so that none can slip in.
"""

from __future__ import annotations

import json
import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agent.config import Config, load_config
from agent.fakes import Script, scripted_student
from agent.loop import start
from agent.stages.form import form_scores
from agent.stages.power import visible
from agent.statistics.decision import GateInputs
from agent.statistics.intervals import benjamini_hochberg
from agent.statistics.paired import non_inferior, paired_difference
from agent.statistics.power import smallest_detectable_gain
from agent.statistics.shrinkage import GroupGain, shrink_gains
from agent.statistics.spending import spend_on_base
from agent.store.weaknesses import ENDED
from agent.student.contract import Sample
from agent.watch import SilentWatcher
from probes.suite import Probe
from tests.e2e.driver import SETTINGS

PAIRS = """
    CREATE TEMP VIEW pairs AS
    SELECT d.run, d.cycle, 'champion' AS against, p.split, p.suite, p.probe_id, p.suite || '/' || CASE p.grp WHEN '' THEN p.prompt || p.choices ELSE p.grp END AS unit,
           b.strict AS strict_0, a.strict AS strict_1, b.lenient AS lenient_0, a.lenient AS lenient_1
    FROM decisions d JOIN runs r USING (run) JOIN probes p ON p.run = d.run AND p.split IN ('gate', 'protected')
    JOIN samples b ON b.model_key = r.model_key AND b.adapter = d.champion AND b.probe_hash = p.probe_hash
    JOIN samples a ON a.model_key = r.model_key AND a.adapter = d.candidate AND a.probe_hash = p.probe_hash
    UNION ALL
    SELECT d.run, d.cycle, 'base', p.split, p.suite, p.probe_id, p.suite || '/' || CASE p.grp WHEN '' THEN p.prompt || p.choices ELSE p.grp END,
           b.strict, a.strict, b.lenient, a.lenient
    FROM decisions d JOIN runs r USING (run) JOIN probes p ON p.run = d.run AND p.split IN ('gate', 'protected')
    JOIN samples b ON b.model_key = r.model_key AND b.adapter = '' AND b.probe_hash = p.probe_hash
    JOIN samples a ON a.model_key = r.model_key AND a.adapter = d.candidate AND a.probe_hash = p.probe_hash"""
TAIL = """
    WITH RECURSIVE term(k, p) AS (  -- binomial probabilities at 1/2, from k = 0 upwards
        SELECT 0, pow(0.5, :n) UNION ALL SELECT k + 1, p * (:n - k) / (k + 1) FROM term WHERE k < :n)
    SELECT coalesce(sum(p), 1) AS p FROM term WHERE k >= :fixed"""


class Recomputed:
    """One decision of a run, from the rows alone."""

    def __init__(self, state: Path, cycle: int) -> None:
        self.db = sqlite3.connect(f"file:{state / 'weakspot.db'}?mode=ro", uri=True)
        self.db.row_factory = sqlite3.Row
        self.db.execute(PAIRS)
        self.cycle = cycle
        self.row = self.one("SELECT d.*, r.config FROM decisions d JOIN runs r USING (run) WHERE cycle = :cycle")
        import yaml

        self.config = Config.model_validate(yaml.safe_load(self.row["config"]))

    def one(self, sql: str, **values: Any) -> sqlite3.Row:
        return self.db.execute(sql, {"cycle": self.cycle, **values}).fetchone()

    def scores(self, against: str, split: str, score: str, suite: str = "%") -> tuple[list[float], list[float], list[str]]:
        rows = self.db.execute(f"SELECT {score}_0, {score}_1, unit FROM pairs WHERE cycle = ? AND against = ? AND split = ? AND suite LIKE ? ORDER BY suite, probe_id",
                               [self.cycle, against, split, suite]).fetchall()
        return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]

    def counts(self, score: str, extra: str = "", **values: Any) -> dict[str, Any]:
        return dict(self.one(f"SELECT count(*) AS n, avg({score}_0) AS champion, avg({score}_1) AS candidate, coalesce(sum({score}_1 > {score}_0), 0) AS fixed, "
                             f"coalesce(sum({score}_1 < {score}_0), 0) AS broken, avg({score}_1 - {score}_0) AS gain FROM pairs "
                             f"WHERE cycle = :cycle AND against = 'champion' AND split = 'gate' {extra}", **values))

    def mcnemar(self, fixed: int, broken: int) -> float:
        return min(1.0, self.one(TAIL, n=fixed + broken, fixed=fixed)["p"]) if fixed else 1.0

    def p_value(self, score: str) -> float:
        found = self.counts(score)
        return max(self.mcnemar(found["fixed"], found["broken"]), self._by_groups(score))

    def _by_groups(self, score: str) -> float:
        """Sign-flip over groups: their nets by SQL, the ways to reach each sum counted here."""
        nets = [r[0] for r in self.db.execute(f"SELECT sum({score}_1 - {score}_0) AS net FROM pairs WHERE cycle = ? AND against = 'champion' AND split = 'gate' "
                                              f"GROUP BY unit HAVING net <> 0", [self.cycle])]
        ways = {0: 1.0}
        for net in nets:
            step: dict[int, float] = {}
            for total, p in ways.items():
                for sign in (1, -1):
                    step[total + sign * int(abs(net))] = step.get(total + sign * int(abs(net)), 0.0) + p / 2
            ways = step
        return min(1.0, sum(p for total, p in ways.items() if total >= sum(nets)))

    def level(self) -> float:
        return self.config.gate.alpha * 6 / (math.pi**2 * self.row["look"] ** 2)

    def details(self) -> dict[str, Any]:
        """The same dictionary as the gate stored, every number made again."""
        gate, look = self.config.gate, self.row["look"]
        facts = {}
        for score in ("strict", "lenient"):
            found = self.counts(score)
            interval = paired_difference(*self.scores("champion", "gate", score)[:2], groups=self.scores("champion", "gate", score)[2])
            facts[score] = {**found, "ci_low": interval.ci_low, "ci_high": interval.ci_high, "p_value": self.p_value(score)}
        main = facts[gate.score]
        discordance = (main["fixed"] + main["broken"]) / main["n"]
        noise = dict(self.one(f"SELECT count(*) AS n, coalesce(sum(a.{gate.score} <> s.{gate.score}), 0) AS flips, coalesce(sum(a.{gate.score} > s.{gate.score}), 0) AS up, "
                              f"coalesce(sum(a.{gate.score} < s.{gate.score}), 0) AS down FROM repeats a JOIN runs r USING (run) "
                              f"JOIN probes p ON p.run = a.run AND p.suite = a.suite AND p.probe_id = a.probe_id "
                              f"JOIN samples s ON s.model_key = r.model_key AND s.adapter = a.adapter AND s.probe_hash = p.probe_hash"))
        noise |= {"share": noise["flips"] / noise["n"], "p_value": min(1.0, 2 * min(self.mcnemar(noise["up"], noise["down"]), self.mcnemar(noise["down"], noise["up"]))), "nats": 0.0}
        protected, rules = self._protected()
        smallest = smallest_detectable_gain(main["n"], discordance, self.level())
        effect = self.one("SELECT effect FROM adapters WHERE adapter = :adapter", adapter=self.row["candidate"])["effect"]
        base = []
        if self.row["champion"]:
            before, after, units = self.scores("base", "gate", gate.score)
            base = [("base", non_inferior(before, after, gate.margin, spend_on_base(0.05, None, look), units).lower, -gate.margin)]
        return {
            "strict": facts["strict"], "lenient": facts["lenient"], "gate": {**main, "score": gate.score}, "noise": noise, "noise_floor": noise["share"],
            "smallest_detectable_gain": smallest, "protected": protected, "per_weakness": self._per_weakness(), "forecast": self._forecast(),
            "format_only": main["p_value"] <= self.level() and main["gain"] > 0 and facts["lenient"]["ci_low"] <= 0,
            "test": {"name": "mcnemar", "n_planned": main["n"], "ended": "all answered", "e_value": None, "peeks": [], "margin_gain": None,
                     "margin_ci_low": None, "margin_ci_high": None},
            "rules": [("effect", effect, 0.0), ("integrity", 0.0, 0.0), ("same_model", noise["p_value"], 0.01), ("gate", main["p_value"], self.level()),
                      ("noise_floor", main["gain"], noise["share"]), *base, *rules]}

    def _protected(self) -> tuple[list[dict[str, Any]], list[tuple[str, float, float]]]:
        gate, rows, rules = self.config.gate, [], []
        for (suite,) in self.db.execute("SELECT suite FROM suites WHERE role = 'protected' ORDER BY rowid").fetchall():
            of = {against: self.scores(against, "protected", gate.protected_score, suite) for against in ("champion", "base")}
            test = non_inferior(*of["base"][:2], gate.margin, 0.05, of["base"][2])
            counted = self.one(f"SELECT n, {gate.protected_score}_before AS base, {gate.protected_score}_after AS candidate, {gate.protected_score}_fixed + "
                               f"{gate.protected_score}_broken AS differ FROM v_paired WHERE cycle = :cycle AND against = 'base' AND suite = :suite", suite=suite)
            champion = self.one(f"SELECT {gate.protected_score}_before AS it FROM v_paired WHERE cycle = :cycle AND against = 'champion' AND suite = :suite", suite=suite)["it"]
            rows.append({"suite": suite, "n": counted["n"], "discordance": counted["differ"] / counted["n"], "base": counted["base"], "candidate": counted["candidate"],
                         "champion": champion, "gain": counted["candidate"] - counted["base"], "ci_low": test.lower, "margin": gate.margin, "is_met": test.is_met,
                         "score": gate.protected_score})
            parents = [("champion", 0.05)] + ([("base", spend_on_base(0.05, None, self.row["look"]))] if self.row["champion"] else [])
            rules += [(f"protected:{suite}:{parent}", non_inferior(*of[parent][:2], gate.margin, alpha, of[parent][2]).lower, -gate.margin) for parent, alpha in parents]
        return rows, rules

    def _per_weakness(self) -> list[dict[str, Any]]:
        score, rows = "lenient", []  # skills are credited by content
        for weakness, label in self.db.execute("SELECT weakness, label FROM weaknesses WHERE cycle = ? AND kind <> 'format' ORDER BY rank", [self.cycle]).fetchall():
            found = self.counts(score, "AND (suite, probe_id) IN (SELECT suite, probe_id FROM gate_members WHERE cycle = :cycle AND weakness = :weakness)", weakness=weakness)
            rows.append({"weakness": weakness, "label": label, "n": found["n"], "before": found["champion"] or 0.0, "after": found["candidate"] or 0.0,
                         "fixed": found["fixed"], "broken": found["broken"], "gain": found["gain"] or 0.0, "p_value": self.mcnemar(found["fixed"], found["broken"])})
        shrunk = shrink_gains([GroupGain(row["weakness"], row["n"], row["fixed"], row["broken"]) for row in rows])
        skills = [{**row, "q_value": q, "shrunk_gain": one.shrunk, "shrunk_low": one.ci_low, "shrunk_high": one.ci_high}
                  for row, q, one in zip(rows, benjamini_hochberg([row["p_value"] for row in rows]), shrunk, strict=True)]
        return skills + self._per_form()

    def _per_form(self) -> list[dict[str, Any]]:
        """Format weaknesses, by the type of failure of each stored answer."""
        rows, pairs = [], {0: [], 1: []}
        for at, parent in ((0, self.row["champion"]), (1, self.row["candidate"])):
            for row in self.db.execute("SELECT p.*, s.response, s.strict, s.lenient, s.finish, s.n_tokens, s.margin FROM probes p JOIN runs r USING (run) JOIN samples s "
                                       "ON s.model_key = r.model_key AND s.adapter = ? AND s.probe_hash = p.probe_hash WHERE split = 'gate' ORDER BY suite, position", [parent]):
                probe = Probe(row["suite"], row["probe_id"], row["prompt"], row["gold"], row["scorer"], row["grp"], tuple(json.loads(row["choices"])), json.loads(row["meta"]))
                pairs[at].append((probe, Sample(row["suite"], row["probe_id"], row["response"], row["strict"], row["lenient"], row["finish"], row["n_tokens"], row["margin"])))
        for weakness, label, state, types in self.db.execute("SELECT weakness, label, state, failure_types FROM weaknesses WHERE cycle = ? AND kind = 'format' ORDER BY rank", [self.cycle]):
            kinds = json.loads(types)
            if kinds and state not in ENDED:
                old, new = form_scores(max(kinds, key=kinds.get), pairs[0], pairs[1])
                fixed, broken = sum(b > a for a, b in zip(old, new, strict=True)), sum(b < a for a, b in zip(old, new, strict=True))
                rows.append({"weakness": weakness, "label": label, "n": len(old), "before": sum(old) / max(1, len(old)), "after": sum(new) / max(1, len(old)), "fixed": fixed,
                             "broken": broken, "gain": (fixed - broken) / max(1, len(old)), "shrunk_gain": None, "q_value": None})
        return rows

    def _forecast(self) -> dict[str, Any]:
        gate, known = self.config.gate, {}
        for row in self.db.execute("SELECT v.* FROM v_paired v JOIN decisions d USING (run, cycle) WHERE against = 'champion' AND d.look = ?", [self.row["look"] - 1]):
            name, score = ("gate", gate.score) if row["split"] == "gate" else (row["suite"], gate.protected_score)
            known[name] = (row[f"{score}_fixed"] + row[f"{score}_broken"]) / row["n"]  # one probe suite in this run
        sizes = {row[0]: row[1] for row in self.db.execute("SELECT CASE split WHEN 'gate' THEN 'gate' ELSE suite END, count(*) FROM probes WHERE split IN ('gate', 'protected') GROUP BY 1")}
        n_gate = sizes.pop("gate")
        return visible(gate, n_gate, sizes, self.row["look"], known, has_champion=bool(self.row["champion"]))


@pytest.fixture(scope="module", params=[Script(), Script(forgets=0.3)], ids=["promotes", "forgets"])
def state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    start(load_config(None, SETTINGS, {}), folder, SilentWatcher(), open_student=scripted_student(request.param))
    return folder


@pytest.mark.parametrize("cycle", [1, 2])
def test_every_number_of_a_decision_comes_out_again(state: Path, cycle: int) -> None:
    made = Recomputed(state, cycle)
    stored, again = json.loads(made.row["details"]), made.details()
    rules = [(rule["name"], rule["value"], rule["threshold"]) for rule in stored["rules"]]
    assert [name for name, *_ in rules] == [name for name, *_ in again["rules"]]
    for (name, value, threshold), (_, value_again, threshold_again) in zip(rules, again["rules"], strict=True):
        assert (value, threshold) == pytest.approx((value_again, threshold_again), abs=1e-9), name
    assert (made.row["p_value"], made.row["level"]) == pytest.approx((again["gate"]["p_value"], made.level()), rel=1e-9)
    assert made.row["decision"] == ("promote" if all(rule["is_met"] for rule in stored["rules"]) else made.row["decision"])
    untouched = {key for key in stored if key not in again}
    assert untouched == {"reasons", "needs", "collapse", "judge"}, "sentences, what `needs` says is checked below, and two monitors with tables of their own"
    for key in set(again) - {"rules"}:
        assert _same(stored[key], again[key], key) == []
    for need in stored["needs"]:
        assert need["n"] in (again["gate"]["n"], *(row["n"] for row in again["protected"])) and need["n_needed"] > need["n"]


def test_the_counting_view_agrees_with_the_samples(state: Path) -> None:
    made = Recomputed(state, 1)
    seen = made.one("SELECT sum(n) AS n, sum(strict_fixed) AS fixed, sum(strict_broken) AS broken FROM v_paired WHERE cycle = :cycle AND against = 'champion' AND split = 'gate'")
    counted = made.counts("strict")
    assert (seen["n"], seen["fixed"], seen["broken"]) == (counted["n"], counted["fixed"], counted["broken"])


def test_levels_are_the_documented_ones() -> None:
    assert GateInputs([], []).alpha_total == Config().gate.alpha and GateInputs([], []).alpha_protected == 0.05


def _same(stored: Any, again: Any, where: str) -> list[str]:
    """Paths at which two nested values differ."""
    if isinstance(stored, dict) and isinstance(again, dict):
        if set(stored) != set(again):
            return [f"{where}: {sorted(set(stored) ^ set(again))}"]
        return [found for key in stored for found in _same(stored[key], again[key], f"{where}.{key}")]
    if isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        return [found for at, pair in enumerate(zip(stored, again, strict=True)) for found in _same(*pair, f"{where}[{at}]")]
    if isinstance(stored, float) or isinstance(again, float):
        return [] if stored is not None and again is not None and math.isclose(stored, again, rel_tol=1e-9, abs_tol=1e-9) else [f"{where}: {stored} != {again}"]
    return [] if stored == again else [f"{where}: {stored!r} != {again!r}"]
