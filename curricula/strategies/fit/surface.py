"""Read how a suite puts its questions and wants its answers, from failures alone.

A probe is often a question plus a wrapping that has nothing to do with the skill: a closing instruction
("Answer with only the number."), a label ("Q:"), options. `read_prompts` separates them; `AnswerShape` says
what the golds look like (case, full stop, currency, worked solution with a final line). A lesson dressed the
same way teaches the format along with the skill.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from curricula.lesson import Failure

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
BARE_NUMBER = re.compile(
    r"(?P<before>[^\w\s-]?)(?P<number>-?\d[\d,]*(?:\.\d+)?)(?P<after>[^\w\s]?|\s?[A-Za-z%°]{1,12})\.?"
)
TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
POLAR = {"yes": "no", "true": "false", "right": "wrong", "correct": "incorrect"}
FINAL_LINE = re.compile(
    r"(?P<lead>(?:^|(?<=\s))(?:####\s*|(?:so |thus |therefore,? )?(?:the )?(?:final )?answer(?: is|:)\s*\$?))(?P<answer>[^\n]+?)(?P<end>\.?)\s*$",
    re.IGNORECASE,
)
LONG_GOLD_WORDS = 8  # a bare answer of more words than this is a worked solution
SEGMENT = re.compile(r"\S(?:.*?[.!?](?=\s)|.*)", re.MULTILINE)
INSTRUCTION = re.compile(
    r"^[(\[]?(?:please |now )*(?:"
    r"(?:just |only )?(?:answer|reply|respond|output|print)\b"
    r"|(?:just|only) (?:the|a|an|one|yes|your)\b"
    r"|(?:no|do not|don't|without)\b.*\b(?:explain|explanation|words?|text|reasons?|show|sentences?|units?)\b"
    r"|(?:your answer|the answer|one word|a single|single|think|explain|show your)\b"
    r"|(?:just |only )?(?:give|write|say|state|tell|use|provide|return|put|finish|end|format|type)\b.*"
    r"\b(?:only|just|nothing|alone|explanation|explain|without|one word|single word|(?:final|your|the) answer|as an? (?:number|digit)s?|in digits)\b"
    r")",
    re.IGNORECASE,
)
"""How closing instructions begin. `Tell me the largest number.` is a question put as an order, not one of these."""
LABEL_END = re.compile(r"^(?:a|answer|response|output|solution|result|your answer)\s*[:=]$", re.IGNORECASE)
LABEL_START = re.compile(r"^(?:q|question|problem|task|exercise|input|prompt)\s*[:.)]\s*", re.IGNORECASE)
OPTION_STYLES = (
    re.compile(
        r"(?P<sep>\n|\s|^)(?P<open>\()(?P<label>[A-Za-z])(?P<close>\))\s+(?P<text>[^\n(]+?)(?=\s*(?:\n|\([A-Za-z]\)|$))"
    ),
    re.compile(r"(?P<sep>\n)(?P<open>)(?P<label>[A-Z])(?P<close>[.):])\s+(?P<text>[^\n]+)"),
    re.compile(
        r"(?P<sep>\s)(?P<open>)(?P<label>[A-Z])(?P<close>[.):])\s+(?P<text>[^\n]+?)(?=\s+[A-Z][.):]\s|\s*$)"
    ),
    re.compile(r"(?P<sep>\n)(?P<open>)(?P<label>)(?P<close>[-*])\s+(?P<text>[^\n]+)"),
)
MIN_SHARE = 0.2  # a sentence after the question counts as wrapping when this share of the failures ends in it


@dataclass(frozen=True)
class Options:
    """How a prompt lists its options."""

    header: str
    """Text between question and first option, e.g. newline, `Options:`."""
    separator: str
    before: str
    after: str
    """A label `B` is shown as `before + B + after + " "`; bullets have no label."""
    labels: tuple[str, ...]
    texts: tuple[str, ...]

    def render(self, texts: Sequence[str]) -> str:
        """The block for other options, beginning right after the question."""
        first = self.labels[0] if self.labels else ""
        shown = []
        for i, text in enumerate(texts):
            label = chr(ord(first) + i) if first else ""
            shown.append(f"{self.before}{label}{self.after} {text}")
        return self.header + self.separator.join(shown)


@dataclass(frozen=True)
class Reading:
    """One failure's prompt, taken apart: `lead + stem + options + tail` is the prompt."""

    stem: str
    lead: str = ""
    tail: str = ""
    options: Options | None = None
    gold: str = ""
    """The gold as an answer to the stem: the option's text where the gold is a label."""

    def wrap(self, question: str) -> str:
        """Another question in this prompt's wrapping, which it may already have in part."""
        question = question.strip()
        question = (
            question.removeprefix(self.lead.strip()).removesuffix(self.tail.strip()).strip() or question
        )
        if self.tail.startswith(" ") and question[-1] not in ".?!:=,)" and not question.endswith("__"):
            question += "."  # or the instruction would run on from the question
        return f"{self.lead}{question}{self.tail}"


@dataclass(frozen=True)
class AnswerShape:
    """What golds look like, and how to make another answer look like them."""

    prefix: str = ""
    suffix: str = ""
    ends_with_stop: bool = False
    case: str = ""
    """`lower`, `upper`, `title` or empty: as it comes."""
    has_commas: bool = False
    """Thousands are separated."""
    yes: str = ""
    no: str = ""
    """The suite's words for yes and no."""
    list_separator: str = ", "
    final_line: str = ""
    """Worked golds: how the last line leads to the answer, e.g. `#### `. Empty: bare answers."""

    @property
    def is_worked(self) -> bool:
        """Golds show their working."""
        return bool(self.final_line)

    def dress(self, answer: str, parts: Sequence[str] = ()) -> str:
        """`answer` as the suite would write it; `parts` are the members of a list answer."""
        low = answer.lower()
        if low in ("yes", "true") and self.yes:
            answer = self.yes
        elif low in ("no", "false") and self.no:
            answer = self.no
        elif NUMBER.fullmatch(answer):
            if self.has_commas and re.fullmatch(r"-?\d+", answer):
                answer = f"{int(answer):,}"
            answer = f"{self.prefix}{answer}{self.suffix}"
        else:
            if parts:
                answer = self.list_separator.join(parts)
            if self.case == "lower":
                answer = answer.lower()
            elif self.case == "upper":
                answer = answer.upper()
            elif self.case == "title":
                answer = answer[:1].upper() + answer[1:]
        return answer + ("." if self.ends_with_stop and not answer.endswith(".") else "")

    def complete(self, dressed: str, steps: str) -> str:
        """The assistant turn: the bare answer, or working and final line where golds are worked."""
        return (
            f"{steps}\n{self.final_line}{dressed}"
            if self.is_worked and steps
            else f"{self.final_line}{dressed}"
        )


def final_answer(gold: str) -> str:
    """The answer inside a gold: what follows `####` or `the answer is` in a worked one, else all of it."""
    found = FINAL_LINE.search(gold.strip())
    return found["answer"].strip() if found else gold.strip()


def answer_kind(answer: str) -> str:
    """`number`, `time`, `yes_no`, `letter`, `word`, `list` (several words or members) or `text` (a sentence or none)."""
    text = final_answer(answer).strip().rstrip(".").strip()
    if text.lower() in POLAR or text.lower() in POLAR.values():
        return "yes_no"
    if TIME.fullmatch(text):
        return "time"
    if BARE_NUMBER.fullmatch(text):
        return "number"
    if len(text) == 1 and text.isalpha():
        return "letter"
    if not text or len(text.split()) > LONG_GOLD_WORDS:
        return "text"
    return "list" if "," in text or len(text.split()) > 2 else "word"


def read_prompts(failures: Sequence[Failure]) -> list[Reading]:
    """Take every prompt apart; one reading a failure, in order."""
    tails = Counter(_closing(failure.prompt) for failure in failures)
    return [_read(failure, tails, len(failures)) for failure in failures]


def _closing(prompt: str) -> str:
    segments = [m[0].strip() for m in SEGMENT.finditer(prompt)]
    return segments[-1] if len(segments) > 1 else ""


def _read(failure: Failure, tails: Counter[str], n_failures: int) -> Reading:
    prompt = failure.prompt.rstrip()
    spans = [m.span() for m in SEGMENT.finditer(prompt)]
    end = len(spans)
    while end > 1:
        text, before = prompt[slice(*spans[end - 1])].strip(), prompt[: spans[end - 1][0]].rstrip()
        is_shared = tails[text] >= 2 and tails[text] >= MIN_SHARE * n_failures
        follows_question = before.endswith(("?", "=", "...")) and not text.endswith("?")
        if not (
            LABEL_END.match(text)
            or (INSTRUCTION.match(text) and "?" not in text)
            or (is_shared and follows_question)
        ):
            break
        end -= 1
    body_end = spans[end - 1][1] if spans else 0
    tail = prompt[body_end:]
    start = 0
    if label := LABEL_START.match(prompt):
        start = label.end()
    else:
        first = prompt[slice(*spans[0])] if spans else ""
        if end > 1 and "?" not in first and INSTRUCTION.match(first) and not first.rstrip().endswith(":"):
            start = spans[1][0]
    stem, options, gold = prompt[start:body_end], None, final_answer(failure.gold)
    if failure.choices or re.fullmatch(r"\(?[A-Z]\)?\.?", gold):
        options = _options(stem + tail)
    if options is not None:
        whole = stem + tail
        at = whole.index(options[0])
        stem, tail, block = whole[:at], whole[at + len(options[0]) :], options[1]
        named = gold.strip("().").upper()
        if gold not in block.texts and named in block.labels:
            gold = block.texts[block.labels.index(named)]
        return Reading(stem.rstrip(), prompt[:start], tail, block, gold)
    return Reading(stem.strip(), prompt[:start], tail, None, gold)


def _options(text: str) -> tuple[str, Options] | None:
    """The option block's exact text and its style, where two or more options are listed."""
    for style in OPTION_STYLES:
        found = list(style.finditer(text))
        labels = tuple(m["label"] for m in found)
        in_order = (
            not labels[0:1]
            or not labels[0]
            or all(ord(b) == ord(a) + 1 for a, b in zip(labels, labels[1:], strict=False))
        )
        if len(found) < 2 or not in_order or (labels[0] and labels[0].upper() != "A"):
            continue
        start = found[0].start("open")
        header_from = (
            text.rfind("\n", 0, max(0, start - 1)) if re.search(r"\n[^\n?]{0,30}:\s*$", text[:start]) else -1
        )
        begin = header_from if header_from >= 0 else len(text[:start].rstrip())
        block = text[begin : found[-1].end()]
        separator = text[found[0].end() : found[1].start("open")] or found[1]["sep"]
        header = text[begin:start]
        named = labels if labels[0] else ()
        return block, Options(
            header,
            separator,
            found[0]["open"],
            found[0]["close"],
            named,
            tuple(m["text"].strip() for m in found),
        )
    return None


def read_shape(failures: Sequence[Failure], golds: Sequence[str] | None = None) -> AnswerShape:
    """The shape most of the golds share. `golds` replaces the failures' own, e.g. by option texts."""
    raw = (
        [failure.gold.strip() for failure in failures] if golds is None else [gold.strip() for gold in golds]
    )
    finals = [m for gold in raw if (m := FINAL_LINE.search(gold)) and len(gold) > len(m[0]) + 20]
    final_line = Counter(m["lead"] for m in finals).most_common(1)[0][0] if len(finals) > len(raw) / 2 else ""
    if not final_line and sum(_is_prose(gold, failure.prompt) for gold, failure in zip(raw, failures, strict=True)) > len(raw) / 2:
        final_line = "The answer is "
    answers = [final_answer(gold) for gold in raw]
    stops = sum(gold.endswith(".") for gold in raw) > len(raw) / 2
    answers = [answer.rstrip(".") for answer in answers]
    numbers = [m for answer in answers if (m := BARE_NUMBER.fullmatch(answer))]
    before, after = _majority([m["before"] for m in numbers]), _majority([m["after"] for m in numbers])
    big = [m["number"] for m in numbers if len(m["number"].replace(",", "").split(".")[0].lstrip("-")) > 3]
    words = [
        answer for answer in answers if any(c.isalpha() for c in answer) and not BARE_NUMBER.fullmatch(answer)
    ]
    yes, no = _polar(words, [choice for failure in failures for choice in failure.choices])
    return AnswerShape(
        prefix=before,
        suffix=after,
        ends_with_stop=stops,
        case=_case([word for word in words if answer_kind(word) != "yes_no"]),
        has_commas=bool(big) and sum("," in number for number in big) > len(big) / 2,
        yes=yes,
        no=no,
        list_separator=_separator(
            [
                answer
                for answer in answers
                if answer_kind(answer) in ("list", "word") and len(answer.split()) > 1
            ]
        ),
        final_line=final_line,
    )


def _is_prose(gold: str, prompt: str) -> bool:
    """Long, and not just words of the prompt in another order."""
    return len(gold.split()) > LONG_GOLD_WORDS and not set(re.findall(r"\w+", gold.lower())) <= set(re.findall(r"\w+", prompt.lower()))


def _majority(values: list[str]) -> str:
    if not values:
        return ""
    value, count = Counter(values).most_common(1)[0]
    return value if count > len(values) / 2 else ""


def _case(words: list[str]) -> str:
    """The case that nine in ten share, where it says something: `title` needs a word that is not a name."""
    if not words:
        return ""
    for name, claim in (
        ("lower", str.islower),
        ("upper", lambda w: w.isupper() and len(w) > 1),
        ("title", lambda w: w[:1].isupper()),
    ):
        if sum(claim(word) for word in words) >= 0.9 * len(words):
            return name
    return ""


def _polar(words: list[str], choices: list[str]) -> tuple[str, str]:
    seen = [word for word in (*words, *choices) if answer_kind(word) == "yes_no"]
    if not seen:
        return "", ""
    opposite = {**POLAR, **{no: yes for yes, no in POLAR.items()}}
    first = Counter(seen).most_common(1)[0][0]
    other = opposite[first.lower()]
    other = other.capitalize() if first[0].isupper() else other
    other = other.upper() if first.isupper() and len(first) > 1 else other
    return (first, other) if first.lower() in POLAR else (other, first)


def _separator(lists: list[str]) -> str:
    """What stands between the members of list golds."""
    found = [next((sep for sep in ("\n", ", ", ",", " ") if sep in entry), ", ") for entry in lists]
    return Counter(found).most_common(1)[0][0] if found else ", "
