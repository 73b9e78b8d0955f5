"""Tables, scenes and geometry: read the question back as a person would, and compute the answer again from that."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from random import Random

import pytest

from curricula.engines.contract import Item, find_engine, list_engines
from curricula.engines.sequences import ONES

NTH = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]
MOST = {"oldest": ("age", max), "youngest": ("age", min), "heaviest": ("weight (kg)", max), "lightest": ("weight (kg)", min),
        "tallest": ("height (cm)", max), "shortest": ("height (cm)", min), "most expensive": ("price (dollars)", max),
        "cheapest": ("price (dollars)", min), "fastest": ("speed (km/h)", max), "slowest": ("speed (km/h)", min),
        "highest-scoring": ("points", max), "lowest-scoring": ("points", min)}  # fmt: skip
SAID = (("age", r"is (\d+) years old"), ("weight (kg)", r"weighs (\d+) kg"), ("height (cm)", r"is (\d+) cm tall"), ("price (dollars)", r"costs (\d+) dollars"),
        ("speed (km/h)", r"runs (\d+) km/h"), ("points", r"scored (\d+) points"))  # fmt: skip


def draw(name: str, n: int = 80) -> list[Item]:
    rng = Random(f"tables:{name}")
    return [find_engine(name).sample(rng, i / (n - 1)) for i in range(n)]


def read_table(question: str) -> list[dict[str, str]]:
    """The rows of a question's table, whichever way it is told, after any change it announces."""
    lines = question.split("\n")
    rows: list[dict[str, str]] = []
    heads: list[str] = []
    for line in lines:
        cells = [cell.strip() for cell in line.strip("| ").split("|" if line.startswith("|") else ", ")]
        if cells[0].lower() == "name":
            heads = [cell.lower() for cell in cells]
        elif re.search(r"\(\w+: \w+\)", line):
            for name, label, value, rest in re.findall(r"([\w-]+) \((\w+): (\w+)\) ([^.]+)\.", line):
                said = sorted((found.start(), head, found[1]) for head, pattern in SAID if (found := re.search(pattern, rest)))
                heads = ["name", label, *(head for _, head, _ in said)]
                rows.append({"name": name.lower(), label: value} | {head: number for _, head, number in said})
        elif line.startswith("|--") or line.endswith("?"):
            continue
        elif heads and len(cells) == len(heads):
            rows.append(dict(zip(heads, [cells[0].lower(), *cells[1:]], strict=True)))
    if gone := re.search(r"the \w+ named (\S+) is taken out", question):
        rows = [row for row in rows if row["name"] != gone[1].lower()]
    return rows


def asked(question: str) -> str:
    return question.rsplit("\n", 1)[1]


def head_in(text: str) -> str:
    return next(head for head, _ in SAID if re.search(rf"(?<!\w){re.escape(head)}", text))


def by_hand(name: str, question: str) -> str:
    """The answer to a table question from its own words."""
    rows, text = read_table(question), asked(question)
    if name in ("table_extreme", "table_changed_extreme"):
        head, pick = MOST[next(word for word in sorted(MOST, key=len, reverse=True) if word in text)]
        return pick(rows, key=lambda row: int(row[head]))["name"]
    if name == "table_changed":
        return str(len(rows))
    if name == "table_sorted_by_name":
        place = next(n for n in [*NTH, "last"] if re.search(rf"\b{n}\b", text))
        return sorted(row["name"] for row in rows)[-1 if place == "last" else NTH.index(place)]
    if name == "table_label_count":
        return str(sum(any(value == text.rstrip("?.").split()[-1] for value in row.values()) for row in rows))
    head = head_in(text)
    numbers = [int(row[head]) for row in rows]
    if name == "table_total":
        return str(sum(numbers))
    if name == "table_average":
        return str(Fraction(sum(numbers), len(numbers)))
    if name == "table_sorted":
        place = NTH.index(next(n for n in NTH if re.search(rf"\b{n}\b", text.replace("first)", "").replace("smallest first", "").replace("largest first", ""))))
        return sorted(rows, key=lambda row: int(row[head]), reverse="largest first" in text)[place]["name"]
    named = [row for row in rows if re.search(rf"\b{row['name']}\b", text.lower())]
    if name == "table_lookup":
        return named[0][head]
    if name == "table_difference":
        return str(abs(int(named[0][head]) - int(named[1][head])))
    if name == "table_lookup_back":
        return next(row["name"] for row in rows if row[head] == re.findall(r"\d+", text)[-1])
    bound = int(re.search(r"(?:above|below) (\d+)", text)[1])
    kept = [row for row in rows if (int(row[head]) > bound) == ("above" in text)]
    if name == "table_filter_both":
        value = next(word for word in re.findall(r"\w+", text) if any(word in row.values() and word != row["name"] for row in rows) and not word.isdigit())
        kept = [row for row in kept if value in row.values()]
    return str(len(kept))


TABLES = [engine.name for engine in list_engines() if engine.family == "tables"]


@pytest.mark.parametrize("name", TABLES)
def test_table_answers_as_read_from_the_question(name: str) -> None:
    for item in draw(name):
        assert by_hand(name, item.question) == item.answer.lower(), item


def test_tables_come_in_every_form_and_numbers_of_a_column_differ() -> None:
    forms = set()
    for item in draw("table_lookup", 120):
        forms.add("markdown" if "|---" in item.question else "sentences" if re.search(r"\(\w+: \w+\)", item.question) else "lines")
        for column in range(len(item.params["heads"])):
            numbers = [row[2 + column] for row in item.params["rows"]]
            assert len(set(numbers)) == len(numbers), "a tie has no answer"
    assert forms == {"markdown", "sentences", "lines"}
    assert len(TABLES) >= 13


COLORS = "red|blue|green|yellow|white|black|orange|pink|gray|brown|purple"


def number(word: str) -> int:
    return 1 if word in ("a", "an", "one") else ONES.index(word)


def pile(question: str) -> list[tuple[int, str, str]]:
    found = re.findall(rf"\b({'|'.join(ONES[1:10])}) ({COLORS}) (\w+)", question)
    return [(number(n), color, re.sub(r"s$", "", re.sub(r"(sh|ch|x)es$", r"\1", thing))) for n, color, thing in found]


def test_scenes_are_counted_again() -> None:
    for name in ("scene_count_color", "scene_count_not", "scene_count_left"):
        for item in draw(name):
            tail = re.split(r"[.] ", item.question, maxsplit=1)[1]
            color, parts = re.search(rf"\b({COLORS})\b", tail)[1], pile(re.split(r"[.] ", item.question, maxsplit=1)[0])
            assert len(parts) == len(item.params["pile"])
            if name == "scene_count_left":
                gone = item.params["gone"]
                assert gone in tail
                kept = [n for n, own, thing in parts if own == color and not gone.startswith(thing)]
            else:
                kept = [n for n, own, _ in parts if (own == color) == (name == "scene_count_color")]
            assert str(sum(kept)) == item.answer, item


def test_rows_of_things_are_walked_again() -> None:
    for name in ("scene_color_beside", "scene_color_nth", "scene_color_of"):
        for item in draw(name):
            row = re.findall(rf"\ban? ({COLORS}) (\w+)", item.question)
            things = [thing for _, thing in row]
            tail = re.findall(r"[^.]+[.?]$", item.question)[0]
            if name == "scene_color_nth":
                nth, end = re.search(rf"({'|'.join(NTH)})\b.*from the (left|right)", tail).groups()
                at = NTH.index(nth) if end == "left" else len(row) - 1 - NTH.index(nth)
            else:
                pivot = things.index(re.search(rf"\bthe ({'|'.join(things)})\b", tail)[1])
                at = pivot + (0 if name == "scene_color_of" else 1 if "to the right of" in tail else -1)
            assert row[at][0] == item.answer, item


def test_amounts_of_a_kind_are_added_again() -> None:
    from curricula.engines.grammar import regular_plural
    from curricula.engines.vocabulary import KINDS

    one_or_many = {form: kind for kind, members in KINDS.items() for word in members for form in (word, regular_plural(word))}
    for item in draw("count_amounts", 120):
        listed = re.findall(rf"\b(an?|{'|'.join(ONES[2:10])}) ([a-z]+)", item.question)
        total = sum(number(n) for n, word in listed if one_or_many.get(word) == item.params["kind"] or one_or_many.get(word) in item.params["kind"])
        wanted = next(kind for kind in KINDS if kind in item.params["kind"] or kind + "s" in item.params["kind"])
        assert str(sum(number(n) for n, word in listed if one_or_many.get(word) == wanted)) == item.answer, (item, total)


def test_geometry_by_other_formulas() -> None:
    for name in [engine.name for engine in list_engines() if engine.family == "geometry"]:
        for item in draw(name, 60):
            numbers = item.params["numbers"]
            a, b, answer = numbers.get("a", 0), numbers.get("b", 0), int(item.answer)
            shown = set(map(int, re.findall(r"\d+", item.question)))
            assert {value for key, value in numbers.items() if key != "n"} <= shown, item
            holds = {
                "rectangle_area": answer == sum(a for _ in range(b)),
                "rectangle_perimeter": answer == a + b + a + b,
                "regular_perimeter": answer == sum([a] * numbers.get("n", 0)),
                "side_from_area": answer * a == numbers.get("area"),
                "side_from_perimeter": 2 * answer + 2 * a == numbers.get("around"),
                "triangle_area": 2 * answer == a * b,
                "triangle_angle": answer + a + b == 180 and answer > 0,
                "line_angle": answer + a == 180 and answer > 0,
                "angle_sum": answer == round(math.degrees(sum([math.pi - 2 * math.pi / numbers.get("n", 1)] * numbers.get("n", 1)))),
                "box_volume": answer == a * b * numbers.get("c", 0),
                "hypotenuse": math.hypot(a, b) == answer,
            }
            assert holds[name], item
            if name in ("regular_perimeter", "angle_sum"):
                corners = {"triangle": 3, "quadrilateral": 4, "pentagon": 5, "hexagon": 6, "heptagon": 7, "octagon": 8, "nonagon": 9, "decagon": 10}
                told = [n for word, n in corners.items() if word in item.question]
                assert not told or told == [numbers["n"]]
