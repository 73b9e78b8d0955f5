"""The same problem in other words, by rules: what the thresholds of contamination are calibrated on.

Text and a random generator go in, text comes out: `reword` (synonyms, turned sentences, digits for number words),
`reorder`, `renumber`, `rename`. A text that no rule changes comes back as it is. A language model's paraphrases are freer
than these: recall on them is lower (`bench/contamination.py` has both).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from curricula.filters.wording import COUNTS, classify, take_apart

MAX_CHANGED_NUMBER = 7  # digits; longer ones are codes rather than quantities

_SYNONYMS = (
    ("buys", "purchases"), ("bought", "purchased"), ("buy", "purchase"), ("gives", "hands"), ("gave", "handed"), ("has", "owns"), ("had", "owned"),
    ("gets", "receives"), ("got", "received"), ("earns", "makes"), ("earned", "made"), ("needs", "requires"), ("needed", "required"),
    ("wants", "would like"), ("starts", "begins"), ("started", "began"), ("makes", "produces"), ("made", "produced"), ("picks", "gathers"),
    ("picked", "gathered"), ("collects", "gathers"), ("collected", "gathered"), ("uses", "employs"), ("used", "employed"), ("spends", "pays"),
    ("spent", "paid"), ("sells", "trades away"), ("each", "every one"), ("every", "each"), ("total", "overall amount"), ("altogether", "in all"),
    ("in total", "altogether"), ("many more", "how much larger a number of"), ("kids", "children"), ("children", "kids"), ("store", "shop"),
    ("shop", "store"), ("big", "large"), ("large", "big"), ("small", "little"), ("friends", "pals"), ("mother", "mom"), ("mom", "mother"),
    ("father", "dad"), ("dad", "father"), ("house", "home"), ("home", "house"), ("students", "pupils"), ("pupils", "students"), ("class", "course"),
    ("pieces", "bits"), ("bag", "sack"), ("box", "carton"), ("boxes", "cartons"), ("money", "cash"), ("price", "cost"), ("costs", "is priced at"),
    ("cost", "price"), ("fast", "quickly"), ("finish", "complete"), ("remaining", "left over"), ("left", "remaining"), ("also", "in addition"),
    ("then", "afterwards"), ("because", "since"), ("only", "just"), ("about", "roughly"), ("returns", "gives back"), ("return", "give back"),
    ("list", "sequence"), ("string", "text"), ("given", "provided"), ("numbers", "values"), ("check", "test"), ("contains", "holds"),
)  # fmt: skip
_TURNS: tuple[tuple[re.Pattern[str], str], ...] = tuple((re.compile(pattern), turned) for pattern, turned in (
    (r"^(If|When|After|While) ([^,?]+), ([^?]+)\?$", r"\3, \1 \2?"),
    (r"^How (many|much) (\w+) (does|do|did|will|can) ([\w ]+?)\?$", r"Work out the amount of \2 that \4."),
    (r"^How (many|much) (.+)\?$", r"Determine how \1 \2."),
    (r"^What is (.+)\?$", r"Find \1."),
    (r"^([A-Z]\w+) bought (.+?)\.$", r"\2 were bought by \1."),
    (r"^([A-Z]\w+) has (.+?)\.$", r"There are \2 that belong to \1."),
    (r"^There (?:are|were) (.+?) in (.+?)\.$", r"In \2 one finds \1."),
    (r"^(In|On|At|During|Each|Every) ([^,]+), (.+)\.$", r"\3, \1 \2."),
))  # fmt: skip
_NAMES = ("Olga", "Pedro", "Yusuf", "Ingrid", "Kofi", "Mei", "Ravi", "Tomas", "Zuzana", "Hugo", "Amina", "Bjorn", "Chloe", "Dmitri", "Elif", "Farid")
_SPELLED = {digits: word for word, digits in reversed(COUNTS.items()) if digits.isdigit() and int(digits) <= 20}
_SENTENCE = re.compile(r"(?<=[.?!])\s+")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?![\w]|[.,]\d)")
_BEGINS = re.compile(r"\b[A-Z][a-z]+(?= (?:has|had|is|was|and|can|will|bought|sold|gave|got|made|took|ate|ran|won|lost|found|went|spent|[a-z]+s|[a-z]+ed)\b)")  # "Marta bakes": mostly names
_ASKS = re.compile(r"\?\s*$|^(find|determine|calculate|work out)\b", re.IGNORECASE)


def reword(text: str, rng: random.Random) -> str:
    """Other words for about two thirds of those that have some, turned sentences where a rule fits, digits spelled out."""
    parts = []
    for part in _SENTENCE.split(text):
        for pattern, turned in _TURNS:
            if rng.random() < 0.7 and pattern.search(part):
                part = _capital(pattern.sub(turned, part))
                break
        parts.append(part)
    changed = " ".join(parts)
    for word, other in _SYNONYMS:
        if rng.random() < 0.67:
            changed = re.sub(rf"\b{word}\b", f"\0{other}\0", changed)  # marked, so that no word is exchanged twice
    changed = changed.replace("\0", "")
    return _NUMBER.sub(lambda m: _SPELLED.get(m.group(), m.group()) if rng.random() < 0.5 else m.group(), changed)


def reorder(text: str, rng: random.Random) -> str:
    """Statements in another order, questions where they were."""
    parts = _SENTENCE.split(text)
    places = [at for at, part in enumerate(parts) if not _ASKS.search(part)]
    moved = places[:]
    if len({parts[at] for at in places}) > 1:
        while [parts[at] for at in moved] == [parts[at] for at in places]:
            rng.shuffle(moved)
    for to, come_from in zip(places, [parts[at] for at in moved], strict=True):
        parts[to] = come_from
    return " ".join(parts)


def renumber(text: str, rng: random.Random) -> str:
    """Every number another one, up to 7 away and at least 2."""
    return _NUMBER.sub(lambda m: str(max(2, int(m.group()) + rng.choice((-3, -2, -1, 1, 2, 3, 5, 7)))) if len(m.group()) < MAX_CHANGED_NUMBER else m.group(), text)


def rename(text: str, rng: random.Random) -> str:
    """Every name another one, the same everywhere; now and then another word that begins a sentence too."""
    starts = {m.group().lower() for m in _BEGINS.finditer(text) if classify(m.group())[0] == "word"}
    names = sorted({*take_apart(text).names, *starts})
    drawn = dict(zip(names, rng.sample(_NAMES, min(len(names), len(_NAMES))), strict=False))
    return re.sub(r"[A-Z][^\W\d_]*", lambda m: drawn.get(m.group().lower(), m.group()), text)


KINDS: dict[str, Callable[[str, random.Random], str]] = {"reworded": reword, "reordered": reorder, "numbers": renumber, "names": rename}
"""Ways of changing a problem that stays the same in substance."""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
