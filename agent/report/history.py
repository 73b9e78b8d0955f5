"""The story of every weakness: cycle by cycle what it was, what was done for it and what came of it.

The weakness ledger goes in; one JSON-ready dictionary a weakness comes out, and the same as a timeline for a
terminal. Whatever is shown has its number from `v_weakness_ledger`: who is charged with what is said there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent.report.wording import DECISIONS, count, money, one_line, percent, points
from agent.store import Store
from agent.store.weaknesses import ENDED

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

PER_CYCLE = ("cycle", "state", "split_from", "merged_into", "n", "n_failures", "failure_rate", "ci_low", "ci_high", "change", "lessons", "refused", "tokens",
             "usd", "seconds", "decision", "is_promoted", "gate_n", "gate_before", "gate_after", "fixed", "broken", "gain")
TOTALS = ("lessons", "tokens", "usd", "seconds", "fixed", "broken", "gain")
STATE_STYLES = {"open": "yellow", "improving": "cyan", "closed": "green", "regressed": "red", "stuck": "magenta", "format_only": "blue", "label_suspect": "dim", "merged": "dim"}
NARROWEST_FIRST = ("decision", "%", "time", "tokens")  # columns that give way, in this order, where a terminal is narrow
LEGEND = ("gate: points gained on held-out items, skills by content, format by form; optimistic, since the gate chose the champion. "
          "In brackets: not promoted, so not in the sum. fix/brk: items fixed and broken.")


def history_facts(store: Store, run: str, weakness: str | None = None) -> list[dict[str, Any]]:
    """Every weakness of a run (or one): `lineage`, `cycles` and `total`; open ones first, worst first, ended ones last.

    `lineage` lists events by cycle: `split from`, `split off`, `merged into`, `took in`, each with the other's id.
    Shares are 0 to 1, `gain` adds promoted candidates alone.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in store.weaknesses.ledger(run):
        rows.setdefault(row["weakness"], []).append(row)
    events = _events(rows)
    last = store.weaknesses.last_cycle(run)
    facts = [_facts(name, own, events.get(name, []), last) for name, own in rows.items() if weakness in (None, name)]
    return sorted(facts, key=lambda one: (not one["is_open"], one["state"] == "merged", -one["last_cycle"], one["rank"], one["weakness"]))


def _facts(name: str, rows: list[dict[str, Any]], events: list[dict[str, Any]], last: int) -> dict[str, Any]:
    seen = [row for row in rows if row["state"] is not None]
    newest = seen[-1] if seen else {**rows[-1], "rank": 0}
    return {"weakness": name, "label": newest["label"], "kind": newest["kind"], "state": newest["state"], "rank": newest["rank"],
            "is_open": newest["state"] not in (None, *ENDED) and newest["cycle"] == last, "first_cycle": rows[0]["cycle"], "last_cycle": newest["cycle"],
            "lineage": events, "cycles": [{key: row[key] for key in PER_CYCLE} for row in rows],
            "total": {**{key: rows[-1][f"total_{key}"] for key in TOTALS}, "gain_per_lesson": rows[-1]["gain_per_lesson"],
                      "promotions": sum(bool(row["is_promoted"] and row["gate_n"]) for row in rows)}}


def _events(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Splits and mergers by weakness, both sides, oldest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, own in rows.items():
        before = ""
        for row in own:
            merged = row["merged_into"] or ""
            pairs = [("split from", "split off", row["split_from"])] + ([("merged into", "took in", merged)] if merged != before else [])
            for here, there, other in pairs:
                if other:
                    found.setdefault(name, []).append({"cycle": row["cycle"], "event": here, "other": other})
                    found.setdefault(other, []).append({"cycle": row["cycle"], "event": there, "other": name})
            before = merged
    return {name: sorted(events, key=lambda event: (event["cycle"], event["event"], event["other"])) for name, events in found.items()}


def history_on_terminal(weaknesses: Sequence[dict[str, Any]], width: int) -> Iterator[RenderableType]:
    """All timelines, columns aligned from block to block, within `width` columns (80 or more)."""
    from rich.text import Text

    columns = _fitting(weaknesses, width)
    for facts in weaknesses:
        yield Text(one_line(f"{facts['weakness']}  {facts['label']}", width), style="bold" if facts["is_open"] else "")
        yield from (Text(line) for line in story(facts))
        yield timeline(facts, columns)
        yield Text("")
    yield Text(LEGEND, style="dim")


def show_timeline(facts: dict[str, Any], width: int) -> RenderableType:
    """The timeline of one weakness alone."""
    return timeline(facts, _fitting([facts], width))


def story(facts: dict[str, Any]) -> Iterator[str]:
    """What it is now, where it came from and went, what it took and brought: three lines at most."""
    seen = [row for row in facts["cycles"] if row["state"] is not None]
    if seen:
        first, now = seen[0], seen[-1]
        since = next(row["cycle"] for row in seen if all(later["state"] == now["state"] for later in seen if later["cycle"] >= row["cycle"]))
        line = f"{now['state'].replace('_', ' ')} since cycle {since}, {now['n_failures']} of {now['n']} wrong"
        if now is not first and all((row["n"], row["n_failures"]) == (now["n"], now["n_failures"]) for row in seen):
            line += f" as in cycle {first['cycle']}"
        elif now is not first:
            line += f"; {first['n_failures']} of {first['n']} in cycle {first['cycle']} ({points(now['failure_rate'] - first['failure_rate'])} points)"
        yield line + ("" if facts["is_open"] or now["state"] in ENDED else f"; last seen in cycle {now['cycle']}")
    if facts["lineage"]:
        yield "; ".join(f"{event['event']} {event['other']} in cycle {event['cycle']}" for event in facts["lineage"])
    total = facts["total"]
    if total["lessons"]:
        spent = count(total["lessons"], "lesson") + (f" and {money(total['usd'])}" if total["usd"] else "")
        if total["promotions"]:
            yield f"{points(total['gain'])} points in {count(total['promotions'], 'promotion')} for {spent}: {100 * total['gain_per_lesson']:+.2f} a lesson"
        else:
            is_promoted = any(row["is_promoted"] and row["lessons"] for row in facts["cycles"])
            yield f"{spent}, {'promoted, but no held-out item speaks of it' if is_promoted else 'no promotion yet'}"


@dataclass(frozen=True)
class Column:
    """One column of the timelines, as wide in each of them."""

    name: str
    width: int


def timeline(facts: dict[str, Any], columns: Sequence[Column]) -> RenderableType:
    """One line a cycle; cycles in which nothing happened to an ended weakness share a line."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column.name, justify="left" if column.name in ("state", "decision") else "right", no_wrap=True, width=column.width)
    for row in _lines(facts):
        table.add_row(*(_cell(row, column.name) for column in columns))
    if len(facts["cycles"]) > 1:
        table.add_row(*(_total(facts, column.name) for column in columns), style="dim")
    return table


def _fitting(weaknesses: Sequence[dict[str, Any]], width: int) -> list[Column]:
    """The columns there is room for; money has one where any was spent."""
    names = ["cycle", "wrong", "%", "95 %", "state", "lessons", "tokens", "cost", "time", "decision", "gate", "fix/brk"]
    if not any(facts["total"]["usd"] for facts in weaknesses):
        names.remove("cost")
    lines = [row for facts in weaknesses for row in _lines(facts)]
    wide = {name: max([len(name), *(len(_cell(row, name).plain) for row in lines)]) for name in names}
    for facts in weaknesses:
        wide = {name: max(size, len(_total(facts, name))) for name, size in wide.items()}
    for name in NARROWEST_FIRST:
        if sum(wide[each] + 1 for each in names) - 1 > width:
            names.remove(name)
    return [Column(name, wide[name]) for name in names]


def _lines(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the timeline with `label`, the cycle or cycles; quiet ones of an ended weakness are put together."""
    lines: list[dict[str, Any]] = []
    for row in facts["cycles"]:
        is_quiet = row["state"] in ENDED and not row["lessons"] and not row["gate_n"]
        before = lines[-1] if lines else None
        if is_quiet and before and before["is_quiet"] and all(before[key] == row[key] for key in ("state", "n", "n_failures", "merged_into")):
            before.update(label=f"{before['cycle']}–{row['cycle']}", decision=None, **{key: before[key] + row[key] for key in ("tokens", "usd", "seconds")})
        else:
            lines.append({**row, "label": str(row["cycle"]), "is_quiet": is_quiet})
    return lines


def _cell(row: dict[str, Any], name: str) -> Text:
    from rich.text import Text

    is_known, promoted = row["state"] is not None, bool(row["is_promoted"])
    gate = points(row["gain"]) if row["gate_n"] else ""
    text, style = {
        "cycle": (row["label"], ""),
        "wrong": (f"{row['n_failures']}/{row['n']}" if is_known else "", ""),
        "%": (percent(row["failure_rate"])[:-2] if is_known else "", ""),
        "95 %": (f"{100 * row['ci_low']:.0f}–{100 * row['ci_high']:.0f}" if is_known else "", "dim"),
        "state": ((row["state"] or "").replace("_", " "), STATE_STYLES.get(row["state"] or "", "")),
        "lessons": (str(row["lessons"] or ""), ""),
        "tokens": (_tokens(row["tokens"]) if row["tokens"] else "", ""),
        "cost": (money(row["usd"]) if row["usd"] else "", ""),
        "time": (_time(row["seconds"]) if row["seconds"] else "", ""),
        "decision": (DECISIONS.get(row["decision"] or "", row["decision"] or ""), "" if promoted else "dim"),
        "gate": (gate if promoted or not gate else f"({gate})", ("green" if row["gain"] > 0 else "red" if row["gain"] < 0 else "") if gate and promoted else "dim"),
        "fix/brk": (f"{row['fixed']}/{row['broken']}" if row["gate_n"] else "", "" if promoted else "dim"),
    }[name]
    return Text(text, style=style)


def _total(facts: dict[str, Any], name: str) -> str:
    total, is_won = facts["total"], facts["total"]["promotions"]
    return {"cycle": "all", "lessons": f"{total['lessons']:,}", "tokens": _tokens(total["tokens"]), "cost": money(total["usd"]), "time": _time(total["seconds"]),
            "gate": points(total["gain"]) if is_won else "", "fix/brk": f"{total['fixed']}/{total['broken']}" if is_won else ""}.get(name, "")


def _time(seconds: float) -> str:
    """`3 s`, `12m`, `2h05`."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes}m" if minutes < 100 else f"{minutes // 60}h{minutes % 60:02d}"


def _tokens(number: int) -> str:
    """`950`, `12.4k`, `1.2M`."""
    if number < 10_000:
        return f"{number:,}"
    return f"{number / 1000:.1f}k" if number < 999_950 else f"{number / 1e6:.1f}M"
