"""The database's tables and views, as sqlite-utils migrations.

Append a migration to change the schema; never edit one that was released. Everything a run did is here:
files under `state/runs/` are exports.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

MIGRATIONS = Migrations("weakspot")

_TABLES = """
CREATE TABLE runs (
    run TEXT PRIMARY KEY, created_at TEXT NOT NULL, finished_at TEXT, status TEXT NOT NULL, stop_reason TEXT NOT NULL DEFAULT '',
    config TEXT NOT NULL, config_hash TEXT NOT NULL, student TEXT NOT NULL DEFAULT '', model_key TEXT NOT NULL DEFAULT '',
    versions TEXT NOT NULL DEFAULT '{}', champion TEXT NOT NULL DEFAULT '', noise_floor REAL, approve INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE suites (
    run TEXT NOT NULL REFERENCES runs(run), suite TEXT NOT NULL, role TEXT NOT NULL, origin TEXT NOT NULL,
    location TEXT NOT NULL, include_path TEXT NOT NULL, description TEXT NOT NULL, max_tokens INTEGER NOT NULL,
    n_probes INTEGER NOT NULL, PRIMARY KEY (run, suite)
);
CREATE TABLE probes (
    run TEXT NOT NULL REFERENCES runs(run), suite TEXT NOT NULL, probe_id TEXT NOT NULL, split TEXT NOT NULL,
    probe_hash TEXT NOT NULL, prompt TEXT NOT NULL, gold TEXT NOT NULL, scorer TEXT NOT NULL, grp TEXT NOT NULL,
    choices TEXT NOT NULL, meta TEXT NOT NULL, doc_index INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (run, suite, probe_id)
);
CREATE INDEX probes_hash ON probes(probe_hash);
CREATE TABLE samples (
    model_key TEXT NOT NULL, adapter TEXT NOT NULL, probe_hash TEXT NOT NULL, layout TEXT NOT NULL,
    response TEXT NOT NULL, strict REAL NOT NULL, lenient REAL NOT NULL, finish TEXT NOT NULL, n_tokens INTEGER NOT NULL,
    margin REAL, created_at TEXT NOT NULL, PRIMARY KEY (model_key, adapter, probe_hash)
);
CREATE TABLE stages (
    run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, stage TEXT NOT NULL, inputs_hash TEXT NOT NULL,
    product TEXT, started_at TEXT NOT NULL, finished_at TEXT, seconds REAL, attempts INTEGER NOT NULL DEFAULT 1,
    UNIQUE (run, cycle, stage)
);
CREATE TABLE weaknesses (
    run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, weakness TEXT NOT NULL, rank INTEGER NOT NULL, label TEXT NOT NULL,
    kind TEXT NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL, n_failures INTEGER NOT NULL, failure_rate REAL NOT NULL,
    ci_low REAL NOT NULL, ci_high REAL NOT NULL, lift REAL NOT NULL, p_value REAL NOT NULL, stability REAL NOT NULL,
    x REAL, y REAL, keywords TEXT NOT NULL, failure_types TEXT NOT NULL, medoids TEXT NOT NULL,
    PRIMARY KEY (run, cycle, weakness)
);
CREATE TABLE weakness_members (
    run TEXT NOT NULL, cycle INTEGER NOT NULL, weakness TEXT NOT NULL, suite TEXT NOT NULL, probe_id TEXT NOT NULL,
    is_failure INTEGER NOT NULL, PRIMARY KEY (run, cycle, weakness, suite, probe_id),
    FOREIGN KEY (run, cycle, weakness) REFERENCES weaknesses(run, cycle, weakness)
);
CREATE TABLE map_points (
    run TEXT NOT NULL, cycle INTEGER NOT NULL, suite TEXT NOT NULL, probe_id TEXT NOT NULL, x REAL, y REAL,
    failure_type TEXT, PRIMARY KEY (run, cycle, suite, probe_id)
);
CREATE TABLE plans (
    run TEXT NOT NULL, cycle INTEGER NOT NULL, weakness TEXT NOT NULL, strategy TEXT NOT NULL, n_lessons INTEGER NOT NULL,
    learnability REAL NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run, cycle, weakness, strategy)
);
CREATE TABLE lessons (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, lesson TEXT NOT NULL, outcome TEXT NOT NULL,
    step TEXT NOT NULL, reason TEXT NOT NULL, evidence TEXT NOT NULL, weakness TEXT NOT NULL, strategy TEXT NOT NULL,
    operator TEXT NOT NULL, depth INTEGER NOT NULL, prompt TEXT NOT NULL, completion TEXT NOT NULL, answer TEXT NOT NULL,
    verifier TEXT NOT NULL, check_text TEXT NOT NULL, check_kind TEXT NOT NULL, parents TEXT NOT NULL, teacher TEXT NOT NULL,
    prompt_hash TEXT NOT NULL, raw TEXT NOT NULL, cost_usd REAL NOT NULL, source TEXT NOT NULL, meta TEXT NOT NULL
);
CREATE INDEX lessons_cycle ON lessons(run, cycle, outcome);
CREATE INDEX lessons_lesson ON lessons(lesson);
CREATE TABLE funnels (
    run TEXT NOT NULL, cycle INTEGER NOT NULL, weakness TEXT NOT NULL, strategy TEXT NOT NULL, wanted INTEGER NOT NULL,
    asked INTEGER NOT NULL, parsed INTEGER NOT NULL, deduplicated INTEGER NOT NULL, decontaminated INTEGER NOT NULL,
    verified INTEGER NOT NULL, kept INTEGER NOT NULL, reasons TEXT NOT NULL, PRIMARY KEY (run, cycle, weakness, strategy)
);
CREATE TABLE curricula (
    run TEXT NOT NULL, cycle INTEGER NOT NULL, n_rows INTEGER NOT NULL, n_tokens INTEGER NOT NULL, real_share REAL NOT NULL,
    sha256 TEXT NOT NULL, path TEXT NOT NULL, recipe TEXT NOT NULL, PRIMARY KEY (run, cycle)
);
CREATE TABLE adapters (
    adapter TEXT NOT NULL, run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, path TEXT NOT NULL, status TEXT NOT NULL,
    params TEXT NOT NULL, curriculum_sha256 TEXT NOT NULL, steps INTEGER NOT NULL, tokens INTEGER NOT NULL, first_loss REAL NOT NULL,
    final_loss REAL NOT NULL, seconds REAL NOT NULL, effect REAL NOT NULL, PRIMARY KEY (run, adapter)
);
CREATE TABLE decisions (
    run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, decision TEXT NOT NULL, reason TEXT NOT NULL, champion TEXT NOT NULL,
    candidate TEXT NOT NULL, look INTEGER NOT NULL, p_value REAL, level REAL, details TEXT NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (run, cycle)
);
CREATE TABLE audits (
    run TEXT NOT NULL REFERENCES runs(run), adapter TEXT NOT NULL, look INTEGER NOT NULL, details TEXT NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (run, adapter)
);
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, cycle INTEGER NOT NULL, tag TEXT NOT NULL, reserved_usd REAL NOT NULL,
    settled_usd REAL, tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, settled_at TEXT
);
CREATE TABLE teacher_cache (key TEXT PRIMARY KEY, body TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE VIRTUAL TABLE probes_fts USING fts5(prompt, content='probes');
CREATE TRIGGER probes_ai AFTER INSERT ON probes BEGIN INSERT INTO probes_fts(rowid, prompt) VALUES (new.rowid, new.prompt); END;
CREATE TRIGGER probes_ad AFTER DELETE ON probes BEGIN
    INSERT INTO probes_fts(probes_fts, rowid, prompt) VALUES ('delete', old.rowid, old.prompt); END;
"""

_VIEWS = {
    "v_weakness_trend": """
        SELECT run, weakness, cycle, label, kind, state, n, n_failures, failure_rate, ci_low, ci_high,
               failure_rate - lag(failure_rate) OVER (PARTITION BY run, weakness ORDER BY cycle) AS change
        FROM weaknesses""",
    "v_fixed_broken": """
        SELECT d.run, d.cycle, d.decision, p.suite, p.probe_id, p.split, p.prompt, p.gold,
               b.response AS before, a.response AS after, b.strict AS strict_before, a.strict AS strict_after,
               b.lenient AS lenient_before, a.lenient AS lenient_after,
               CASE WHEN a.strict > b.strict THEN 'fixed' WHEN a.strict < b.strict THEN 'broken'
                    WHEN a.strict = 1 THEN 'still right' ELSE 'still wrong' END AS change
        FROM decisions d JOIN runs r ON r.run = d.run
        JOIN probes p ON p.run = d.run AND p.split IN ('gate', 'protected')
        JOIN samples b ON b.model_key = r.model_key AND b.adapter = d.champion AND b.probe_hash = p.probe_hash
        JOIN samples a ON a.model_key = r.model_key AND a.adapter = d.candidate AND a.probe_hash = p.probe_hash""",
    "v_funnel": """
        SELECT run, cycle, strategy, sum(wanted) AS wanted, sum(asked) AS asked, sum(parsed) AS parsed,
               sum(deduplicated) AS deduplicated, sum(decontaminated) AS decontaminated, sum(verified) AS verified, sum(kept) AS kept
        FROM funnels GROUP BY run, cycle, strategy""",
    "v_cost": """
        SELECT run, cycle, tag, count(*) AS calls, sum(coalesce(settled_usd, reserved_usd)) AS usd,
               sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out FROM ledger GROUP BY run, cycle, tag""",
}


@MIGRATIONS()
def m001_first(db: Database) -> None:
    """Everything version 0.1 stores."""
    for statement in _statements(_TABLES):
        db.execute(statement)
    for name, sql in _VIEWS.items():
        db.execute(f"CREATE VIEW {name} AS {sql}")


@MIGRATIONS()
def m002_outline(db: Database) -> None:
    """The hierarchy of each cycle, as far as it is shown."""
    db.execute("""
        CREATE TABLE outline_nodes (
            run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, node TEXT NOT NULL, parent TEXT, position INTEGER NOT NULL,
            label TEXT NOT NULL, n INTEGER NOT NULL, n_failures INTEGER NOT NULL, accuracy REAL NOT NULL, ci_low REAL NOT NULL,
            ci_high REAL NOT NULL, weakness TEXT NOT NULL, depth INTEGER NOT NULL, PRIMARY KEY (run, cycle, node),
            FOREIGN KEY (run, cycle, parent) REFERENCES outline_nodes(run, cycle, node)
        )""")


@MIGRATIONS()
def m003_phrases(db: Database) -> None:
    """The teacher's words: a capability phrase a probe, and a weakness's class-term label where `label` is the teacher's name for it."""
    db.execute("CREATE TABLE phrases (probe_hash TEXT NOT NULL, teacher TEXT NOT NULL, recipe TEXT NOT NULL, phrase TEXT NOT NULL, reason TEXT NOT NULL, "
               "cost_usd REAL NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (probe_hash, teacher, recipe))")
    db.execute("ALTER TABLE weaknesses ADD COLUMN plain_label TEXT NOT NULL DEFAULT ''")


_WEAKNESS_LEDGER = """
    WITH written AS (
        SELECT run, cycle, weakness, strategy, sum(outcome = 'pass') AS kept, sum(outcome <> 'pass') AS refused, sum(cost_usd) AS usd
        FROM lessons WHERE weakness <> '' GROUP BY run, cycle, weakness, strategy),
    taught AS (SELECT run, cycle, weakness, sum(kept) AS kept, sum(refused) AS refused, sum(usd) AS usd FROM written GROUP BY run, cycle, weakness),
    bill AS (
        SELECT run, cycle, CASE instr(tag, '/') WHEN 0 THEN tag ELSE substr(tag, 1, instr(tag, '/') - 1) END AS strategy,
               sum(coalesce(settled_usd, reserved_usd)) AS usd
        FROM ledger GROUP BY 1, 2, 3),
    rest AS (
        SELECT run, cycle, strategy, max(0.0, b.usd - coalesce((
            SELECT sum(w.usd) FROM written w WHERE w.run = b.run AND w.cycle = b.cycle AND w.strategy = b.strategy), 0)) AS usd
        FROM bill b),
    effort AS (
        SELECT run, cycle, weakness, strategy,
               coalesce(1.0 * asked / nullif(sum(asked) OVER strat, 0), 1.0 * wanted / nullif(sum(wanted) OVER strat, 0), 0) AS of_strategy,
               coalesce(1.0 * asked / nullif(sum(asked) OVER whole, 0), 1.0 * wanted / nullif(sum(wanted) OVER whole, 0), 0) AS of_cycle
        FROM funnels WINDOW strat AS (PARTITION BY run, cycle, strategy), whole AS (PARTITION BY run, cycle)),
    teaching AS (
        SELECT e.run, e.cycle, e.weakness, sum(e.of_strategy * coalesce(r.usd, 0)) AS rest_usd,
               sum(e.of_cycle) * coalesce((SELECT seconds FROM stages s WHERE s.run = e.run AND s.cycle = e.cycle AND s.stage = 'teach'), 0) AS seconds
        FROM effort e LEFT JOIN rest r USING (run, cycle, strategy) GROUP BY e.run, e.cycle, e.weakness),
    trained AS (
        SELECT c.run, c.cycle, j.key AS weakness, j.value AS tokens, 1.0 * j.value / sum(j.value) OVER (PARTITION BY c.run, c.cycle)
               * coalesce((SELECT seconds FROM stages s WHERE s.run = c.run AND s.cycle = c.cycle AND s.stage = 'train'), 0) AS seconds
        FROM curricula c, json_each(c.recipe, '$.tokens_by_weakness') j),
    held_out AS (
        SELECT d.run, d.cycle, json_extract(j.value, '$.weakness') AS weakness, json_extract(j.value, '$.n') AS n, json_extract(j.value, '$.before') AS before, json_extract(j.value, '$.after') AS after,
               json_extract(j.value, '$.fixed') AS fixed, json_extract(j.value, '$.broken') AS broken
        FROM decisions d, json_each(d.details, '$.per_weakness') j WHERE json_extract(j.value, '$.n') > 0),
    entries AS (
        SELECT run, cycle, weakness FROM weaknesses UNION SELECT run, cycle, weakness FROM taught UNION SELECT run, cycle, weakness FROM trained),
    rows AS (
        SELECT e.run, e.cycle, e.weakness, w.rank,
               coalesce(w.label, (SELECT label FROM weaknesses v WHERE v.run = e.run AND v.weakness = e.weakness AND v.cycle < e.cycle ORDER BY cycle DESC LIMIT 1)) AS label,
               coalesce(w.kind, (SELECT kind FROM weaknesses v WHERE v.run = e.run AND v.weakness = e.weakness AND v.cycle < e.cycle ORDER BY cycle DESC LIMIT 1)) AS kind,
               w.state, nullif(w.split_from, '') AS split_from, nullif(w.merged_into, '') AS merged_into,
               w.n, w.n_failures, w.failure_rate, w.ci_low, w.ci_high, t.change,
               coalesce(l.kept, 0) AS lessons, coalesce(l.refused, 0) AS refused, coalesce(tr.tokens, 0) AS tokens,
               coalesce(l.usd, 0) + coalesce(te.rest_usd, 0) AS usd, coalesce(te.seconds, 0) + coalesce(tr.seconds, 0) AS seconds,
               d.decision, g.n AS gate_n, g.before AS gate_before, g.after AS gate_after, g.fixed, g.broken, 1.0 * (g.fixed - g.broken) / g.n AS gain,
               coalesce(d.decision, '') = 'promote' AS is_promoted
        FROM entries e LEFT JOIN weaknesses w USING (run, cycle, weakness) LEFT JOIN v_weakness_trend t USING (run, cycle, weakness)
        LEFT JOIN taught l USING (run, cycle, weakness) LEFT JOIN teaching te USING (run, cycle, weakness) LEFT JOIN trained tr USING (run, cycle, weakness)
        LEFT JOIN decisions d USING (run, cycle) LEFT JOIN held_out g USING (run, cycle, weakness))
    SELECT *, sum(lessons) OVER sofar AS total_lessons, sum(tokens) OVER sofar AS total_tokens, sum(usd) OVER sofar AS total_usd,
           sum(seconds) OVER sofar AS total_seconds, coalesce(sum(fixed) FILTER (WHERE is_promoted) OVER sofar, 0) AS total_fixed,
           coalesce(sum(broken) FILTER (WHERE is_promoted) OVER sofar, 0) AS total_broken,
           coalesce(sum(gain) FILTER (WHERE is_promoted) OVER sofar, 0.0) AS total_gain,
           coalesce(sum(gain) FILTER (WHERE is_promoted) OVER sofar, 0.0) / nullif(sum(lessons) OVER sofar, 0) AS gain_per_lesson
    FROM rows WINDOW sofar AS (PARTITION BY run, weakness ORDER BY cycle)"""


@MIGRATIONS()
def m004_weakness_ledger(db: Database) -> None:
    """Where weaknesses came from and went, and `v_weakness_ledger`: one row a weakness and cycle with what it cost and gained."""
    db.execute("ALTER TABLE weaknesses ADD COLUMN split_from TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE weaknesses ADD COLUMN merged_into TEXT NOT NULL DEFAULT ''")
    db.execute(f"CREATE VIEW v_weakness_ledger AS {_WEAKNESS_LEDGER}")


@MIGRATIONS()
def m005_label_suspects(db: Database) -> None:
    """Golds that are probably wrong, by cycle, with what each witness says."""
    db.execute("""
        CREATE TABLE label_suspects (
            run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, suite TEXT NOT NULL, probe_id TEXT NOT NULL,
            gold TEXT NOT NULL, says TEXT NOT NULL, witnesses TEXT NOT NULL, PRIMARY KEY (run, cycle, suite, probe_id)
        )""")


_GATE_EVIDENCE = """
CREATE TABLE repeats (
    run TEXT NOT NULL REFERENCES runs(run), suite TEXT NOT NULL, probe_id TEXT NOT NULL, adapter TEXT NOT NULL, response TEXT NOT NULL,
    strict REAL NOT NULL, lenient REAL NOT NULL, margin REAL, created_at TEXT NOT NULL, PRIMARY KEY (run, suite, probe_id, adapter)
);
CREATE TABLE gate_members (
    run TEXT NOT NULL, cycle INTEGER NOT NULL, weakness TEXT NOT NULL, suite TEXT NOT NULL, probe_id TEXT NOT NULL,
    PRIMARY KEY (run, cycle, suite, probe_id)
);
CREATE VIEW v_paired AS
    WITH pairs AS (SELECT run, cycle, 'champion' AS against, champion AS parent, candidate FROM decisions WHERE candidate <> ''
                   UNION ALL SELECT run, cycle, 'base', '', candidate FROM decisions WHERE candidate <> '')
    SELECT d.run, d.cycle, d.against, p.split, p.suite, count(*) AS n,
           avg(b.strict) AS strict_before, avg(a.strict) AS strict_after, sum(a.strict > b.strict) AS strict_fixed, sum(a.strict < b.strict) AS strict_broken,
           avg(b.lenient) AS lenient_before, avg(a.lenient) AS lenient_after, sum(a.lenient > b.lenient) AS lenient_fixed,
           sum(a.lenient < b.lenient) AS lenient_broken, avg(a.margin - b.margin) AS margin_gain
    FROM pairs d JOIN runs r ON r.run = d.run
    JOIN probes p ON p.run = d.run AND p.split IN ('gate', 'protected')
    JOIN samples b ON b.model_key = r.model_key AND b.adapter = d.parent AND b.probe_hash = p.probe_hash
    JOIN samples a ON a.model_key = r.model_key AND a.adapter = d.candidate AND a.probe_hash = p.probe_hash
    GROUP BY d.run, d.cycle, d.against, p.split, p.suite
"""


@MIGRATIONS()
def m006_gate_evidence(db: Database) -> None:
    """The A/A answers, the weakness of each gate probe, and a view that counts every comparison a decision rests on."""
    for statement in _statements(_GATE_EVIDENCE):
        db.execute(statement)


_APPEND_ONLY = """
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_settles_once BEFORE UPDATE ON ledger
    WHEN OLD.settled_usd IS NOT NULL OR NEW.settled_usd IS NULL OR NEW.reserved_usd <> OLD.reserved_usd OR NEW.run <> OLD.run OR NEW.tag <> OLD.tag
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""


@MIGRATIONS()
def m007_ledger(db: Database) -> None:
    """Which model each call went to; an entry can be settled once, and nothing else about it changes."""
    db.execute("ALTER TABLE ledger ADD COLUMN model TEXT NOT NULL DEFAULT ''")
    for statement in _statements(_APPEND_ONLY):
        db.execute(statement)


@MIGRATIONS()
def m008_plan_evidence(db: Database) -> None:
    """What decided each share of a plan, and what a cycle was expected to bring before it was paid for."""
    db.execute("ALTER TABLE plans ADD COLUMN evidence TEXT NOT NULL DEFAULT '{}'")
    db.execute("CREATE TABLE forecasts (run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, details TEXT NOT NULL, PRIMARY KEY (run, cycle))")


@MIGRATIONS()
def m010_verdicts(db: Database) -> None:
    """Every verdict of every candidate lesson, in order of the steps, and `v_verdicts`: one row each."""
    db.execute("ALTER TABLE lessons ADD COLUMN verdicts TEXT NOT NULL DEFAULT '[]'")
    db.execute("""
        CREATE VIEW v_verdicts AS
        SELECT l.run, l.cycle, l.lesson, l.weakness, l.strategy, json_extract(v.value, '$.step') AS step, json_extract(v.value, '$.outcome') AS outcome,
               json_extract(v.value, '$.reason') AS reason, json_extract(v.value, '$.evidence') AS evidence, json_extract(v.value, '$.seconds') AS seconds
        FROM lessons l, json_each(l.verdicts) v""")


@MIGRATIONS()
def m009_leaks(db: Database) -> None:
    """What each cycle kept out of training because it holds a probe, and the thresholds it went by."""
    db.execute("""
        CREATE TABLE leaks (
            run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, place TEXT NOT NULL, lesson TEXT NOT NULL, rule TEXT NOT NULL,
            suite TEXT NOT NULL, probe_id TEXT NOT NULL, likeness REAL, weakness TEXT NOT NULL, strategy TEXT NOT NULL, source TEXT NOT NULL,
            prompt TEXT NOT NULL, completion TEXT NOT NULL, PRIMARY KEY (run, cycle, place, lesson)
        )""")
    db.execute("""
        CREATE TABLE leak_checks (
            run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, checked TEXT NOT NULL, calibration TEXT NOT NULL, PRIMARY KEY (run, cycle)
        )""")


@MIGRATIONS()
def m012_panels(db: Database) -> None:
    """What the collapse monitor measured: cycle 0 is the base, then each candidate."""
    db.execute("""
        CREATE TABLE panels (run TEXT NOT NULL, cycle INTEGER NOT NULL, adapter TEXT NOT NULL, body TEXT NOT NULL, alarms TEXT NOT NULL,
                             is_vetoed INTEGER NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (run, cycle)) STRICT""")


@MIGRATIONS()
def m013_verifier_rates(db: Database) -> None:
    """How often each verifier of a cycle, and its judge, was wrong on items of which the truth is known."""
    db.execute("""
        CREATE TABLE verifier_rates (
            run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, verifier TEXT NOT NULL, model TEXT NOT NULL, n_right INTEGER NOT NULL,
            n_wrong INTEGER NOT NULL, false_accept REAL, false_reject REAL, disabled TEXT NOT NULL, details TEXT NOT NULL, seconds REAL NOT NULL,
            PRIMARY KEY (run, cycle, verifier)
        )""")


@MIGRATIONS()
def m011_control_arms(db: Database) -> None:
    """Arms of control comparisons, apart from `adapters`, so that none can become champion; and what each comparison said."""
    db.execute("""
        CREATE TABLE control_arms (
            run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, parent TEXT NOT NULL, lessons_wanted INTEGER NOT NULL, seed INTEGER NOT NULL,
            share REAL NOT NULL, arm TEXT NOT NULL, adapter TEXT NOT NULL, path TEXT NOT NULL, n_lessons INTEGER NOT NULL, n_rows INTEGER NOT NULL,
            n_tokens INTEGER NOT NULL, real_share REAL NOT NULL, curriculum_sha256 TEXT NOT NULL, params TEXT NOT NULL, first_loss REAL NOT NULL,
            final_loss REAL NOT NULL, seconds REAL NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (run, cycle, parent, lessons_wanted, seed, share, arm)
        )""")
    db.execute("CREATE TABLE controls (run TEXT NOT NULL REFERENCES runs(run), cycle INTEGER NOT NULL, split TEXT NOT NULL, details TEXT NOT NULL, "
               "created_at TEXT NOT NULL, PRIMARY KEY (run, cycle, split))")


def _statements(script: str) -> list[str]:
    """Split a script at the semicolons that end a statement (a trigger holds some of its own)."""
    import sqlite3

    found, pending = [], ""
    for piece in script.split(";"):
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return [statement for statement in found if statement != ";"]
