"""Suites, probes and samples: what was asked and what each model answered.

Samples are keyed by (model key, adapter, probe hash), so a model is never asked the same probe twice,
whatever the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from agent.store.database import BATCH, clean, now, pack
from agent.student.contract import Sample
from probes.suite import Probe, Suite


class Samples:
    """Questions about probes and answers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_suite(self, run: str, suite: Suite, role: str, splits: Mapping[str, Sequence[Probe]]) -> None:
        """Store a suite and its probes with their split (`diagnose`, `gate`, `audit` or `protected`)."""
        self._db.table("suites").insert({
            "run": run, "suite": suite.name, "role": role, "origin": suite.origin, "location": suite.location,
            "include_path": suite.include_path, "description": suite.description, "max_tokens": suite.max_tokens,
            "n_probes": sum(len(probes) for probes in splits.values())})
        position = {probe.probe_id: index for index, probe in enumerate(suite.probes)}
        self._db.table("probes").insert_all(({
            "run": run, "suite": suite.name, "probe_id": probe.probe_id, "split": split, "probe_hash": probe.content_hash,
            "prompt": probe.prompt, "gold": probe.gold, "scorer": probe.scorer, "grp": probe.group, "choices": pack(probe.choices),
            "meta": pack(probe.meta), "doc_index": probe.doc_index, "position": position[probe.probe_id],
        } for split, probes in splits.items() for probe in probes), batch_size=BATCH)

    def suites(self, run: str, role: str | None = None) -> list[Suite]:
        """Suites of a run without their probes, in the order they were added."""
        rows = self._db.query("SELECT * FROM suites WHERE run = ? AND (? IS NULL OR role = ?) ORDER BY rowid", [run, role, role])
        return [Suite(row["suite"], row["origin"], (), row["description"], row["max_tokens"], row["location"], row["include_path"]) for row in rows]

    def probes(self, run: str, split: str | None = None, suite: str | None = None) -> list[Probe]:
        """Probes of a run in suite order."""
        rows = self._db.query(
            "SELECT p.* FROM probes p JOIN suites s ON s.run = p.run AND s.suite = p.suite WHERE p.run = ? AND (? IS NULL OR split = ?) "
            "AND (? IS NULL OR p.suite = ?) ORDER BY s.rowid, position", [run, split, split, suite, suite])
        return [_probe(row) for row in rows]

    def split_sizes(self, run: str) -> list[dict[str, Any]]:
        """Rows of suite, role, split, n."""
        return list(self._db.query("SELECT p.suite, s.role, p.split, count(*) AS n FROM probes p JOIN suites s ON s.run = p.run "
                                   "AND s.suite = p.suite WHERE p.run = ? GROUP BY p.suite, p.split ORDER BY s.rowid, p.split", [run]))

    def known(self, model_key: str, adapter: str, probes: Sequence[Probe]) -> dict[str, Sample]:
        """Stored samples of one model over `probes`, by probe hash."""
        found: dict[str, Sample] = {}
        for start in range(0, len(probes), BATCH):
            part = {probe.content_hash: probe for probe in probes[start:start + BATCH]}
            marks = ",".join("?" * len(part))
            rows = self._db.query(f"SELECT * FROM samples WHERE model_key = ? AND adapter = ? AND probe_hash IN ({marks})",
                                  [model_key, adapter, *part])
            for row in rows:
                probe = part[row["probe_hash"]]
                found[row["probe_hash"]] = Sample(probe.suite, probe.probe_id, row["response"], row["strict"], row["lenient"],
                                                  row["finish"], row["n_tokens"], row["margin"])
        return found

    def add(self, model_key: str, adapter: str, layout: str, answers: Iterable[tuple[Probe, Sample]]) -> None:
        """Store samples, each with the batch layout (suite and split) it was answered in. Existing ones stay."""
        at = now()
        self._db.table("samples").insert_all(({
            "model_key": model_key, "adapter": adapter, "probe_hash": probe.content_hash, "layout": layout,
            "response": clean(sample.response), "strict": float(sample.strict), "lenient": float(sample.lenient),
            "finish": sample.finish, "n_tokens": sample.n_tokens, "margin": sample.margin, "created_at": at,
        } for probe, sample in answers), batch_size=BATCH, ignore=True)

    def accuracy(self, run: str, adapter: str) -> list[dict[str, Any]]:
        """Rows of suite, split, n, strict, lenient for one adapter of a run, where it was evaluated."""
        return list(self._db.query(
            "SELECT p.suite, p.split, count(*) AS n, avg(strict) AS strict, avg(lenient) AS lenient FROM probes p "
            "JOIN runs r ON r.run = p.run JOIN samples s ON s.model_key = r.model_key AND s.adapter = ? AND s.probe_hash = p.probe_hash "
            "WHERE p.run = ? GROUP BY p.suite, p.split", [adapter, run]))

    def answers(self, run: str, suite: str, probe_id: str) -> list[dict[str, Any]]:
        """Every stored answer of this run's models to one probe, with the cycle that made the adapter (0 = base)."""
        return list(self._db.query(
            "SELECT s.adapter, a.cycle, s.response, s.strict, s.lenient, s.finish, s.n_tokens, s.margin FROM probes p JOIN runs r ON r.run = p.run "
            "JOIN (SELECT '' AS adapter, 0 AS cycle UNION ALL SELECT adapter, cycle FROM adapters WHERE run = ?) a "  # names each key: no scan
            "JOIN samples s ON s.model_key = r.model_key AND s.adapter = a.adapter AND s.probe_hash = p.probe_hash "
            "WHERE p.run = ? AND p.suite = ? AND p.probe_id = ? ORDER BY a.cycle", [run, run, suite, probe_id]))

    def of_model(self, run: str, adapter: str, splits: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Probes of some splits joined with one model's answer, in suite order: columns of both tables, choices and meta decoded."""
        rows = self._db.query(
            f"SELECT p.*, s.adapter, s.response, s.strict, s.lenient, s.finish, s.n_tokens, s.margin FROM probes p "
            f"JOIN runs r ON r.run = p.run JOIN suites q ON q.run = p.run AND q.suite = p.suite "
            f"JOIN samples s ON s.model_key = r.model_key AND s.adapter = ? AND s.probe_hash = p.probe_hash "
            f"WHERE p.run = ? AND p.split IN ({','.join('?' * len(splits))}) ORDER BY q.rowid, p.position", [adapter, run, *splits])
        for row in rows:
            yield {**row, "choices": json.loads(row["choices"]), "meta": json.loads(row["meta"])}

    def pairs(self, run: str, before: tuple[str, str], after: tuple[str, str], splits: Sequence[str]) -> list[dict[str, Any]]:
        """Probes of a run that both models answered; a model is (model key, adapter), so it may come from another run.

        Rows of suite, probe_id, split, grp, unit, prompt, gold, before, after, strict_before, strict_after, lenient_before, lenient_after,
        margin_before, margin_after; `unit` as `probes.splits.unit_of`.
        """
        return list(self._db.query(
            f"SELECT p.suite, p.probe_id, p.split, p.grp, p.suite || '/' || CASE p.grp WHEN '' THEN p.prompt || p.choices ELSE p.grp END AS unit, p.prompt, p.gold, "
            f"b.response AS before, a.response AS after, b.strict AS strict_before, a.strict AS strict_after, b.lenient AS lenient_before, "
            f"a.lenient AS lenient_after, b.margin AS margin_before, a.margin AS margin_after FROM probes p "
            f"JOIN suites q ON q.run = p.run AND q.suite = p.suite "
            f"JOIN samples b ON b.model_key = ? AND b.adapter = ? AND b.probe_hash = p.probe_hash "
            f"JOIN samples a ON a.model_key = ? AND a.adapter = ? AND a.probe_hash = p.probe_hash "
            f"WHERE p.run = ? AND p.split IN ({','.join('?' * len(splits))}) ORDER BY q.rowid, p.position", [*before, *after, run, *splits]))

    def add_repeats(self, run: str, adapter: str, answers: Iterable[tuple[Probe, Sample]]) -> None:
        """Store second answers of one model (A/A)."""
        at = now()
        self._db.table("repeats").insert_all(({
            "run": run, "suite": probe.suite, "probe_id": probe.probe_id, "adapter": adapter, "response": clean(sample.response),
            "strict": float(sample.strict), "lenient": float(sample.lenient), "margin": sample.margin, "created_at": at,
        } for probe, sample in answers), batch_size=BATCH, ignore=True)

    def repeats(self, run: str) -> list[dict[str, Any]]:
        """Both answers to each probe that the base was asked twice: strict, lenient, margin, each with `_again`."""
        return list(self._db.query(
            "SELECT a.suite, a.probe_id, s.strict, a.strict AS strict_again, s.lenient, a.lenient AS lenient_again, s.margin, a.margin AS margin_again "
            "FROM repeats a JOIN runs r ON r.run = a.run JOIN probes p ON p.run = a.run AND p.suite = a.suite AND p.probe_id = a.probe_id "
            "JOIN samples s ON s.model_key = r.model_key AND s.adapter = a.adapter AND s.probe_hash = p.probe_hash WHERE a.run = ? "
            "ORDER BY a.suite, a.probe_id", [run]))

    def named(self, run: str, probe_id: str) -> list[dict[str, Any]]:
        """Probes of exactly this id: suite, probe_id, split, prompt, gold."""
        return list(self._db.query("SELECT suite, probe_id, split, prompt, gold FROM probes WHERE run = ? AND probe_id = ? ORDER BY suite", [run, probe_id]))

    def find_probe(self, run: str, text: str) -> list[dict[str, Any]]:
        """Probes by id, or by words of their prompt (full-text)."""
        rows = list(self._db.query("SELECT * FROM probes WHERE run = ? AND (probe_id = ? OR suite || '/' || probe_id = ?)", [run, text, text]))
        if rows:
            return rows
        words = " ".join('"' + word.replace('"', "") + '"' for word in text.split() if word.replace('"', ""))
        return list(self._db.query("SELECT p.* FROM probes_fts f JOIN probes p ON p.rowid = f.rowid WHERE probes_fts MATCH ? AND p.run = ? "
                                   "ORDER BY rank LIMIT 20", [words, run])) if words else []


def _probe(row: dict[str, Any]) -> Probe:
    return Probe(row["suite"], row["probe_id"], row["prompt"], row["gold"], row["scorer"], row["grp"],
                 tuple(json.loads(row["choices"])), json.loads(row["meta"]), row["doc_index"])
