"""Small tables: look up, find the row with the most or the least, filter and count, add up, sort, change.

A table is told as Markdown, as lines between commas, or as sentences. `params["rows"]` holds it as data; the answer is what
the question says about those rows and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from curricula.engines.contract import Draw, SkillEngine, scaled, words
from curricula.engines.vocabulary import KINDS, NAMES

# ---- material -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A numeric column: its head, how a row is said to have it, and what most and least of it are called."""

    head: str
    unit: str
    has: str
    """`{name}` and `{value}` in a clause."""
    most: str
    least: str
    low: int
    high: int


@dataclass(frozen=True)
class Subject:
    """What the rows are, and the columns they may have."""

    one: str
    many: str
    label: str
    """Column of words: its head."""
    labels: tuple[str, ...]
    columns: tuple[Column, ...]
    names: tuple[str, ...] = NAMES


AGE = Column("age", "years", "{name} is {value} years old", "oldest", "youngest", 4, 19)
WEIGHT = Column("weight (kg)", "kg", "{name} weighs {value} kg", "heaviest", "lightest", 5, 90)
HEIGHT = Column("height (cm)", "cm", "{name} is {value} cm tall", "tallest", "shortest", 60, 190)
PRICE = Column("price (dollars)", "dollars", "{name} costs {value} dollars", "most expensive", "cheapest", 2, 90)
SPEED = Column("speed (km/h)", "km/h", "{name} runs {value} km/h", "fastest", "slowest", 5, 60)
POINTS = Column("points", "points", "{name} scored {value} points", "highest-scoring", "lowest-scoring", 2, 60)
COLORS = words("red blue green yellow black white brown purple")
TOWNS = words("Ashford Brinley Colton Dunmere Eastwick Farrow")
SUBJECTS = (
    Subject("dog", "dogs", "color", words("brown black white gray spotted"), (AGE, WEIGHT, HEIGHT, SPEED)),
    Subject("horse", "horses", "color", words("brown black white gray spotted"), (AGE, HEIGHT, SPEED)),
    Subject("player", "players", "team", COLORS, (AGE, HEIGHT, POINTS)),
    Subject("student", "students", "town", TOWNS, (AGE, POINTS, HEIGHT)),
    Subject("turtle", "turtles", "pond", words("north south east west"), (AGE, WEIGHT)),
    Subject("item", "items", "color", COLORS, (PRICE, WEIGHT), tuple(w for kind in ("tool", "piece of clothing") for w in KINDS[kind] if w[-1] != "s")),
)
FORMATS = ("markdown", "lines", "sentences")


@dataclass(frozen=True)
class Table:
    """Rows of a name, a label and numbers, all names and all numbers of a column distinct."""

    subject: Subject
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, str, tuple[int, ...]], ...]

    def told(self, form: str) -> str:
        """The table as text."""
        heads = ["name", self.subject.label, *(column.head for column in self.columns)]
        lines = [[name, label, *map(str, numbers)] for name, label, numbers in self.rows]
        if form == "markdown":
            rule = "|" + "---|" * len(heads)
            return "\n".join(["| " + " | ".join(heads) + " |", rule, *("| " + " | ".join(line) + " |" for line in lines)])
        if form == "lines":
            return "\n".join(", ".join(line) for line in [heads, *lines])
        return " ".join(self._sentence(row) for row in self.rows)

    def _sentence(self, row: tuple[str, str, tuple[int, ...]]) -> str:
        name, label, numbers = row
        said = [column.has.format(name="", value=value).strip() for column, value in zip(self.columns, numbers, strict=True)]
        who = name if self.subject.names is NAMES else f"the {name}"
        return f"{who[0].upper()}{who[1:]} ({self.subject.label}: {label}) {_and(said)}."

    def column(self, at: int) -> list[int]:
        """The numbers below one head."""
        return [numbers[at] for _, _, numbers in self.rows]

    @property
    def names(self) -> list[str]:
        """Of the rows, in order."""
        return [name for name, _, _ in self.rows]


def _and(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


# ---- wordings -------------------------------------------------------------------------------------------

LOOKUP = (
    "{table}\nWhat is the {head} of {name}?",
    "here is a table of {many}.\n{table}\nWhich number stands under {head} for {name}?",
    "look at the table:\n{table}\nLook up {name}. What is the {head}?",
    "{table}\nGive the {head} of the {one} called {name}.",
)
LOOKUP_BACK = (
    "{table}\nWhich {one} has {a_head} of {value}?",
    "here is a table of {many}.\n{table}\nWhose {head} is {value}?",
    "the table lists {many}:\n{table}\nName the {one} with {head} {value}.",
)
EXTREME = (
    "{table}\nWhich is the {most} {one}?",
    "every row of this table is a {one}.\n{table}\nWhat is the name of the {most} {one}?",
    "the following {many} are given:\n{table}\nWhich of the {many} is the {most}?",
    "{table}\nName the {most} one of these {many}.",
)
FILTER_COUNT = (
    "{table}\nHow many {many} have {a_head} {compared} {bound}?",
    "every row of this table is a {one}.\n{table}\nHow many of the {many} have {a_head} {compared} {bound}?",
    "{table}\nCount the {many} whose {head} is {compared} {bound}.",
    "look at the table:\n{table}\nFor how many {many} is the {head} {compared} {bound}?",
)
FILTER_BOTH = (
    "{table}\nHow many {many} have the {label} {value} and {a_head} {compared} {bound}?",
    "every row of this table is a {one}.\n{table}\nCount the {many} with {label} {value} whose {head} is {compared} {bound}.",
    "{table}\nOf the {many} with {label} {value}, how many have {a_head} {compared} {bound}?",
)
LABEL_COUNT = (
    "{table}\nHow many {many} have the {label} {value}?",
    "the table lists {many}:\n{table}\nFor how many of them is the {label} {value}?",
    "{table}\nCount the {many} with {label} {value}.",
)
TOTAL = (
    "{table}\nWhat is the sum of the {head} of all {many}?",
    "here is a table of {many}.\n{table}\nAdd up the {head} column. What is the total?",
    "{table}\nWhat do the numbers under {head} add up to?",
    "the table lists {many}:\n{table}\nTake all {many} together: what does their {head} come to?",
)
AVERAGE = (
    "{table}\nWhat is the average {head} of the {many}?",
    "here is a table of {many}.\n{table}\nFind the mean of the {head} column.",
    "{table}\nOn average, what is the {head}?",
)
DIFFERENCE = (
    "{table}\nWhat is the difference between the {head} of {name} and that of {other}?",
    "the table lists {many}:\n{table}\nBy how much do {name} and {other} differ in {head}?",
    "{table}\nSubtract the smaller {head} of {name} and {other} from the larger one. What is left?",
)
SORTED = (
    "{table}\nWhich {one} comes {place} when they are sorted by {head}, {direction}?",
    "here is a table of {many}.\n{table}\nOrder the {many} by {head}, {direction}. Which one is {place}?",
    "{table}\nSort the rows by {head} ({direction}). What is the name in the {place} row?",
)
SORTED_BY_NAME = (
    "{table}\nWhat is the name of the {place} {one} sorted by alphabetical order?",
    "the table lists {many}:\n{table}\nIf the names are put in alphabetical order, which is {place}?",
    "{table}\nSort the {many} by name. Which one is {place}?",
)
CHANGED = (
    "{table}\n{change}\nHow many {many} are in the table now?",
    "every row of this table is a {one}.\n{table}\n{change}\nHow many {many} does it list then?",
    "{table}\n{change}\nCount the rows that the table has after that.",
)
CHANGED_EXTREME = (
    "{table}\n{change}\nWhich is the {most} {one} now?",
    "every row of this table is a {one}.\n{table}\n{change}\nAfter this, what is the name of the {most} {one}?",
    "{table}\n{change}\nName the {one} that is then the {most}.",
)
PLACES = words("first second third fourth fifth sixth")


# ---- draws ----------------------------------------------------------------------------------------------


def _table(rng: Random, difficulty: float, n_rows: int = 0) -> Table:
    subject = rng.choice(SUBJECTS)
    columns = tuple(rng.sample(subject.columns, min(len(subject.columns), scaled(1, 3, difficulty))))
    n_rows = n_rows or rng.randint(scaled(3, 5, difficulty), scaled(4, 8, difficulty))
    numbers = [rng.sample(range(column.low, column.high + 1), n_rows) for column in columns]
    labels = rng.sample(subject.labels, min(3, len(subject.labels)))
    rows = zip(rng.sample(subject.names, n_rows), zip(*numbers, strict=True), strict=True)
    return Table(subject, columns, tuple((name, rng.choice(labels), row) for name, row in rows))


def _draw(rng: Random, table: Table, answer: str, steps: str, wrong: Sequence[object] = (), told: Table | None = None, **slots: object) -> Draw:
    """`told`: the table as printed, where the question changes it afterwards."""
    subject, printed = table.subject, told or table
    filled = {"table": printed.told(rng.choice(FORMATS)), "one": subject.one, "many": subject.many, "label": subject.label, **slots}
    head = str(slots.get("head", ""))
    filled["a_head"] = head if head == "points" else f"{'an' if head[:1] == 'a' else 'a'} {head}"
    params = {"rows": [[name, label, *numbers] for name, label, numbers in printed.rows], "heads": [column.head for column in printed.columns]}
    return Draw(filled, answer, steps, params, tuple(dict.fromkeys(str(w) for w in wrong if str(w) != answer)))


def _near(number: int) -> list[int]:
    return [n for n in (number + 1, number - 1, number + 2, number + 10) if n >= 0]


def _listed(table: Table, at: int) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(table.names, table.column(at), strict=True))


def _lookup(rng: Random, difficulty: float) -> Draw:
    table = _table(rng, difficulty)
    at, row = rng.randrange(len(table.columns)), rng.choice(table.rows)
    head = table.columns[at].head
    steps = f"In the row of {row[0]}, {head} is {row[2][at]}."
    others = [value for value in table.column(at) if value != row[2][at]]
    return _draw(rng, table, str(row[2][at]), steps, others, head=head, name=row[0])


def _lookup_back(rng: Random, difficulty: float) -> Draw:
    table = _table(rng, difficulty)
    at, row = rng.randrange(len(table.columns)), rng.choice(table.rows)
    head = table.columns[at].head
    steps = f"Under {head}, {row[2][at]} stands in the row of {row[0]}."
    return _draw(rng, table, row[0], steps, table.names, head=head, value=row[2][at])


def _extreme_of(table: Table, at: int, is_most: bool) -> str:
    column = table.column(at)
    return table.names[column.index(max(column) if is_most else min(column))]


def _extreme(rng: Random, difficulty: float) -> Draw:
    table = _table(rng, difficulty)
    at, is_most = rng.randrange(len(table.columns)), rng.random() < 0.5
    column = table.columns[at]
    answer, word = _extreme_of(table, at, is_most), column.most if is_most else column.least
    steps = f"{_listed(table, at)}: the {'largest' if is_most else 'smallest'} {column.head} is that of {answer}."
    return _draw(rng, table, answer, steps, table.names, most=word)


def _bound(rng: Random, values: Sequence[int]) -> tuple[int, bool]:
    """A number between two of the values, never one of them, and whether more or less than it is asked for."""
    ordered = sorted(values)
    gaps = [(a, b) for a, b in zip(ordered, ordered[1:], strict=False) if b - a > 1]
    low, high = rng.choice(gaps) if gaps else (ordered[-1], ordered[-1] + 2)
    return rng.randint(low + 1, high - 1), rng.random() < 0.5


def _filter_count(rng: Random, difficulty: float) -> Draw:
    table = _table(rng, difficulty)
    at = rng.randrange(len(table.columns))
    bound, is_above = _bound(rng, table.column(at))
    kept = [name for name, value in zip(table.names, table.column(at), strict=True) if (value > bound) == is_above]
    head, compared = table.columns[at].head, "above" if is_above else "below"
    steps = f"{_listed(table, at)}. {compared.capitalize()} {bound}: {', '.join(kept) or 'none'}; that is {len(kept)}."
    return _draw(rng, table, str(len(kept)), steps, _near(len(kept)), head=head, compared=compared, bound=bound)


def _filter_both(rng: Random, difficulty: float) -> Draw:
    table = _table(rng, difficulty)
    at, value = rng.randrange(len(table.columns)), rng.choice(table.rows)[1]
    bound, is_above = _bound(rng, table.column(at))
    own = [(name, numbers[at]) for name, label, numbers in table.rows if label == value]
    kept = [name for name, number in own if (number > bound) == is_above]
    compared = "above" if is_above else "below"
    steps = (
        f"With {table.subject.label} {value}: {', '.join(f'{name} {number}' for name, number in own)}. "
        f"Of these, {compared} {bound}: {', '.join(kept) or 'none'}; that is {len(kept)}."
    )
    return _draw(rng, table, str(len(kept)), steps, _near(len(kept)), head=table.columns[at].head, compared=compared, bound=bound, value=value)


def _label_count(rng: Random, difficulty: float) -> Draw:
    table = _table(rng, difficulty)
    value = rng.choice(table.rows)[1]
    kept = [name for name, label, _ in table.rows if label == value]
    steps = f"With {table.subject.label} {value}: {', '.join(kept)}; that is {len(kept)}."
    return _draw(rng, table, str(len(kept)), steps, _near(len(kept)), value=value)


def _total(rng: Random, difficulty: float) -> Draw:
    table = _table(rng, difficulty)
    at = rng.randrange(len(table.columns))
    column, total = table.column(at), sum(table.column(at))
    return _draw(rng, table, str(total), f"{' + '.join(map(str, column))} = {total}.", _near(total), head=table.columns[at].head)


def _average(rng: Random, difficulty: float) -> Draw:
    while True:  # one column in four or so has a whole average
        table = _table(rng, difficulty)
        at = rng.randrange(len(table.columns))
        column = table.column(at)
        if sum(column) % len(column) == 0:
            break
    mean = sum(column) // len(column)
    steps = f"{' + '.join(map(str, column))} = {sum(column)}, and {sum(column)} ÷ {len(column)} = {mean}."
    return _draw(rng, table, str(mean), steps, _near(mean), head=table.columns[at].head)


def _difference(rng: Random, difficulty: float) -> Draw:
    table = _table(rng, difficulty)
    at, (one, other) = rng.randrange(len(table.columns)), rng.sample(table.rows, 2)
    high, low = max(one[2][at], other[2][at]), min(one[2][at], other[2][at])
    head = table.columns[at].head
    steps = f"{one[0]} has {one[2][at]}, {other[0]} has {other[2][at]}. {high} - {low} = {high - low}."
    return _draw(rng, table, str(high - low), steps, _near(high - low), head=head, name=one[0], other=other[0])


def _sorted(rng: Random, difficulty: float) -> Draw:
    table = _table(rng, difficulty, rng.randint(3, scaled(4, 6, difficulty)))
    at, is_up, place = rng.randrange(len(table.columns)), rng.random() < 0.5, rng.randrange(len(table.rows))
    ordered = sorted(table.rows, key=lambda row: row[2][at] if is_up else -row[2][at])
    steps = f"In order: {', '.join(f'{name} {numbers[at]}' for name, _, numbers in ordered)}. The {PLACES[place]} is {ordered[place][0]}."
    direction = "smallest first" if is_up else "largest first"
    return _draw(rng, table, ordered[place][0], steps, table.names, head=table.columns[at].head, direction=direction, place=PLACES[place])


def _sorted_by_name(rng: Random, difficulty: float) -> Draw:
    while True:
        table = _table(rng, difficulty, rng.randint(3, scaled(4, 6, difficulty)))
        if all(name.isascii() for name in table.names):  # Björn sorts differently from country to country
            break
    ordered = sorted(table.names)
    place = rng.randrange(len(ordered))
    word = "last" if place == len(ordered) - 1 else PLACES[place]
    steps = f"In alphabetical order: {', '.join(ordered)}. The {word} is {ordered[place]}."
    return _draw(rng, table, ordered[place], steps, table.names, place=word)


def _change(rng: Random, table: Table) -> tuple[Table, Table, str]:
    """The table as printed, as it is after the change, and the change in words."""
    subject, rows = table.subject, table.rows
    if rng.random() < 0.5:
        row = rows[-1]
        said = ", ".join([row[0], row[1], *map(str, row[2])])
        return Table(subject, table.columns, rows[:-1]), table, f"Now one more {subject.one} is added to the table:\n{said}"
    gone = rng.randrange(len(rows))
    after = Table(subject, table.columns, rows[:gone] + rows[gone + 1 :])
    return table, after, f"Then the {subject.one} named {rows[gone][0]} is taken out of the table."


def _changed(rng: Random, difficulty: float) -> Draw:
    before, after, change = _change(rng, _table(rng, difficulty, rng.randint(4, scaled(5, 9, difficulty))))
    n, m = len(before.rows), len(after.rows)
    steps = f"The table has {n} rows at first, and {n} {'+' if m > n else '-'} 1 = {m}."
    return _draw(rng, after, str(m), steps, [n, m + 1, m - 1, m + 2], before, change=change)


def _changed_extreme(rng: Random, difficulty: float) -> Draw:
    before, after, change = _change(rng, _table(rng, difficulty, rng.randint(4, scaled(5, 8, difficulty))))
    at, is_most = rng.randrange(len(after.columns)), rng.random() < 0.5
    column = after.columns[at]
    answer, word = _extreme_of(after, at, is_most), column.most if is_most else column.least
    steps = f"After the change: {_listed(after, at)}. The {'largest' if is_most else 'smallest'} is that of {answer}."
    return _draw(rng, after, answer, steps, after.names, before, change=change, most=word)


# ---- engines --------------------------------------------------------------------------------------------

ENGINES = (
    SkillEngine("table_lookup", "tables", LOOKUP, _lookup),
    SkillEngine("table_lookup_back", "tables", LOOKUP_BACK, _lookup_back),
    SkillEngine("table_extreme", "tables", EXTREME, _extreme),
    SkillEngine("table_filter_count", "tables", FILTER_COUNT, _filter_count),
    SkillEngine("table_filter_both", "tables", FILTER_BOTH, _filter_both),
    SkillEngine("table_label_count", "tables", LABEL_COUNT, _label_count),
    SkillEngine("table_total", "tables", TOTAL, _total),
    SkillEngine("table_average", "tables", AVERAGE, _average),
    SkillEngine("table_difference", "tables", DIFFERENCE, _difference),
    SkillEngine("table_sorted", "tables", SORTED, _sorted),
    SkillEngine("table_sorted_by_name", "tables", SORTED_BY_NAME, _sorted_by_name),
    SkillEngine("table_changed", "tables", CHANGED, _changed),
    SkillEngine("table_changed_extreme", "tables", CHANGED_EXTREME, _changed_extreme),
)
