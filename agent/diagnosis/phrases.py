"""Capability phrases: what a probe asks for, in the teacher's words, as the text to cluster instead of the question.

Probes and an LLM teacher go in, a phrase a probe comes out ("applying prime factorisation to divisibility problems"),
written from question and gold answer (EvalTree, Zeng et al. 2025, section 3.1). Two questions that share no word get
the same phrase when they need the same skill. All of it is optional: what the teacher writes badly is refused with a
reason, and where it stops or too few phrases are usable, diagnosis goes on as if there were none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from agent.diagnosis.labels import STOP
from agent.diagnosis.numbered import clipped, form, plain_words, read_numbered, schema
from curricula.prompts import prompt_hash, prompt_source, render
from curricula.teacher import Teacher, TeacherReply, TeacherRequest
from probes.errors import WeakspotError
from probes.suite import Probe

TEMPLATE = "phrases/annotate"
EXAMPLE = "applying prime factorisation to divisibility problems"
PROBES_PER_REQUEST = 10
SAME_IN_REQUEST = 5  # so many unrelated questions with one phrase: the teacher did not look
REQUESTS_AT_ONCE = 8  # then what was written is saved, and looked at before more is paid for
CHARACTERS_PER_REQUEST = 6_000  # of questions: small servers have 4,096 tokens of context
MAX_PROMPT, MAX_GOLD = 1_500, 300  # characters shown of one probe
TOKENS_PER_PHRASE = 32
MIN_WORDS, MAX_WORDS = 2, 15  # SmolLM2 answers with one word of the question
PILOT = 30  # phrases judged before a teacher may be given up
MIN_PILOT_SHARE = 0.5  # of them usable, or no more are asked for
MIN_SHARE = 0.8  # of the rows with a phrase, or none is used: docs/log.md has the measurement
MAX_ONE_PHRASE = 0.5  # a phrase for more than half of the rows separates nothing
NEIGHBOURS = 5  # texts asked for a phrase by a row without one
COMMON_GOLD = 5  # probes of a suite with one gold: the gold is an option ("odd", "yes"), not a secret


@dataclass(frozen=True)
class Phrase:
    """What the teacher wrote for one probe."""

    text: str
    """As cleaned; also where it was refused."""
    reason: str = ""
    """Why it can't be used; empty when it can."""
    cost_usd: float = 0.0
    """Its share of the request."""
    is_final: bool = True
    """False where the teacher gave no reply at all: worth asking again another day."""


@dataclass(frozen=True)
class Phrasing:
    """All that is known after asking."""

    of: dict[str, Phrase]
    """By probe content hash, refused ones too."""
    n_asked: int = 0
    """Probes shown to the teacher this time."""
    stopped: str = ""
    """Why not every probe was asked for; empty when all were."""

    @property
    def texts(self) -> dict[str, str]:
        """Usable phrases by probe content hash."""
        return {probe: phrase.text for probe, phrase in self.of.items() if not phrase.reason}


def recipe() -> str:
    """Changes with the prompt, so that phrases written to another one are not mixed in."""
    return prompt_hash(prompt_source(TEMPLATE))


def write_phrases(
    probes: Sequence[Probe],
    teacher: Teacher,
    *,
    known: Mapping[str, Phrase] | None = None,
    allowed_usd: float = float("inf"),
    save: Callable[[dict[str, Phrase]], None] = lambda written: None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Phrasing:
    """Ask for the probes that `known` (by content hash) lacks, and once more, with the reason, for refused ones.

    Asking ends early, with the reason in the result, when the teacher stops, when fewer than half of the first 30
    phrases are usable, or when, by their price, the rest would cost more than `allowed_usd`. `save` gets what was
    written after each round of requests. Independent of the order of `probes`.
    """
    judged = dict(known or {})
    todo = sorted((p for p in probes if p.content_hash not in judged), key=lambda p: p.content_hash)
    options = _options(probes)
    spent, n_asked, stopped = 0.0, 0, ""
    for complaints in (False, True):
        if complaints:
            todo = [p for p in todo if (old := judged.get(p.content_hash)) and old.reason and old.is_final]
        batches = list(_batches(todo))
        while batches and not stopped:
            n_left = sum(map(len, batches))
            # what it will cost is settled early: most of the money spent and nothing gained would be the worst end
            if stopped := _reason_to_stop(judged, n_left, allowed_usd - spent if n_asked <= PILOT else float("inf")):
                break
            # the first request tells the price, the next two whether the teacher can do it
            now = 1 if not judged else 2 if len(judged) < PILOT else REQUESTS_AT_ONCE
            chunk, batches = batches[:now], batches[now:]
            try:
                replies = teacher.ask([_request(batch, judged if complaints else {}) for batch in chunk])
            except WeakspotError as error:  # no key, no money, no server: lessons may need it, phrases do not
                stopped = f"the teacher stopped: {error.message}"
                break
            written: dict[str, Phrase] = {}
            for batch, reply in zip(chunk, replies, strict=True):
                written |= _read(batch, reply, options)
                spent += reply.cost_usd
            n_asked += 0 if complaints else len(written)
            judged |= {probe: _after(judged.get(probe), phrase) for probe, phrase in written.items()}
            save({probe: judged[probe] for probe in written if judged[probe].is_final})
            progress("phrases", len(todo) - sum(map(len, batches)), len(todo))
    return Phrasing(judged, n_asked, stopped)


def phrase_fault(text: str, probe: Probe, options: frozenset[str] = frozenset()) -> str:
    """Why a phrase can't stand for a probe; "" when it can.

    A gold inside the phrase is a leak, and would group probes by answer; unless the phrase names two of the suite's
    `options` ("deciding whether a number is odd or even"), or the gold is a function word or a single letter.
    """
    words = plain_words(text)
    if not any(word.isalpha() for word in words):
        return "no words"
    if not MIN_WORDS <= len(words) <= MAX_WORDS:
        return f"fewer than {MIN_WORDS} words" if len(words) < MIN_WORDS else f"longer than {MAX_WORDS} words"
    said, asked = f" {' '.join(words)} ", f" {' '.join(plain_words(probe.prompt))} "
    if words == plain_words(EXAMPLE) or said in _instructions():
        return "quotes the instructions"
    if (len(words) >= 4 and said in asked) or (len(asked) > 20 and asked in said):
        return "quotes the question"
    gold = " ".join(plain_words(probe.gold))
    is_telling = bool(gold) and gold not in STOP and not (len(gold) == 1 and gold.isalpha())
    names_options = gold in options and sum(f" {option} " in said for option in options) > 1
    return "gives the answer away" if is_telling and f" {gold} " in said and not names_options else ""


@cache
def _instructions() -> str:
    return f" {' '.join(plain_words(prompt_source(TEMPLATE)))} "


def why_unused(phrases: Sequence[str]) -> str:
    """Why phrases ("" where a row has none) can't be the text of a whole set; "" when they can."""
    n_phrased = sum(map(bool, phrases))
    if n_phrased < MIN_SHARE * len(phrases) or not n_phrased:
        return f"{n_phrased} of {len(phrases)} probes have a usable phrase, {MIN_SHARE:.0%} are needed"
    text, count = Counter(filter(None, phrases)).most_common(1)[0]
    if count > MAX_ONE_PHRASE * len(phrases):
        return f"{count} of {len(phrases)} probes share one phrase ({text!r})"
    return ""


def texts_to_embed(texts: Sequence[str], metadata: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """The text that stands for each row: its metadata's `phrase` where the set has phrases, else the row's own.

    A row without a phrase takes that of the most alike of its nearest texts. Its own text would set it apart, and
    the rows that a teacher can't describe are the hard ones: clustered together they pass for a weakness
    (docs/log.md). Only where none of the nearest has a phrase, a subject without phrases, does the text stand for
    itself. Equal texts get equal phrases; the order of rows does not matter.
    """
    phrases = [str(entry.get("phrase") or "") for entry in metadata or ()]
    if not phrases or why_unused(phrases):
        return list(texts)
    chosen: dict[str, str] = {}
    for text, phrase in sorted(zip(texts, phrases, strict=True)):
        if phrase:
            chosen.setdefault(text, phrase)
    if without := sorted(set(texts) - chosen.keys()):
        nearest = _nearest(without, sorted(set(texts)))
        borrowed = {text: next(filter(None, map(chosen.get, near)), text) for text, near in zip(without, nearest, strict=True)}
        chosen |= borrowed
    return [chosen[text] for text in texts]


def _nearest(texts: Sequence[str], known: Sequence[str]) -> list[list[str]]:
    """For each text its 5 nearest others among `known`, by cosine of TF-IDF over words and word pairs, nearest first."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+").fit([*known, "."])
    index = NearestNeighbors(n_neighbors=min(NEIGHBOURS + 1, len(known)), metric="cosine").fit(vectors.transform(known))
    rows = index.kneighbors(vectors.transform(texts), return_distance=False)
    return [[known[at] for at in row if known[at] != text][:NEIGHBOURS] for text, row in zip(texts, rows, strict=True)]


def _options(probes: Sequence[Probe]) -> frozenset[str]:
    """Golds that several probes of a suite share; numbers never are."""
    counts = Counter((probe.suite, " ".join(plain_words(probe.gold))) for probe in probes)
    return frozenset(gold for (_, gold), n in counts.items() if n >= COMMON_GOLD and gold and not gold.isdigit())


def _batches(probes: Sequence[Probe]) -> Iterator[list[Probe]]:
    batch: list[Probe] = []
    size = 0
    for probe in probes:
        length = min(len(probe.prompt), MAX_PROMPT) + min(len(probe.gold), MAX_GOLD)
        if batch and (len(batch) == PROBES_PER_REQUEST or size + length > CHARACTERS_PER_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append(probe)
        size += length
    if batch:
        yield batch


def _request(batch: Sequence[Probe], refused: Mapping[str, Phrase]) -> TeacherRequest:
    items = []
    for probe in batch:
        old = refused.get(probe.content_hash)
        complaint = f"{old.text!r}, {old.reason}" if old else ""
        items.append({"prompt": clipped(probe.prompt, MAX_PROMPT), "gold": clipped(probe.gold, MAX_GOLD), "complaint": complaint})
    prompt = render(TEMPLATE, items=items, example=EXAMPLE, form=form(len(items)))
    return TeacherRequest(prompt, "", 0.0, 60 + TOKENS_PER_PHRASE * len(items), schema(len(items)), TEMPLATE)


def _read(batch: Sequence[Probe], reply: TeacherReply, options: frozenset[str]) -> dict[str, Phrase]:
    cost = reply.cost_usd / len(batch)
    if reply.error:
        return {p.content_hash: Phrase("", f"no reply: {reply.error}", cost, is_final=False) for p in batch}
    found = read_numbered(reply.text, len(batch))
    is_same = len(batch) >= SAME_IN_REQUEST and len(found) == len(batch) and len(set(found.values())) == 1
    written = {}
    for number, probe in enumerate(batch, 1):
        text = found.get(number, "")[:300]
        fault = phrase_fault(text, probe, options) if text else "missing in the reply"
        fault = fault or ("the same for all questions of its request" if is_same else "")
        written[probe.content_hash] = Phrase(text, fault, cost)
    return written


def _after(old: Phrase | None, new: Phrase) -> Phrase:
    """The second attempt costs as well; without a reply to it the first one stays."""
    if old is None:
        return new
    return replace(new if new.is_final else old, cost_usd=old.cost_usd + new.cost_usd)


def _reason_to_stop(judged: Mapping[str, Phrase], n_left: int, allowed_usd: float) -> str:
    n, usable = len(judged), sum(not phrase.reason for phrase in judged.values())
    if n >= PILOT and usable < MIN_PILOT_SHARE * n:
        return f"only {usable} of the first {n} phrases are usable"
    cost = n_left * sum(phrase.cost_usd for phrase in judged.values()) / n if n else 0.0
    if cost > allowed_usd:
        return f"the other {n_left} phrases would cost about ${cost:.2f}, and ${max(allowed_usd, 0.0):.2f} are left for phrases"
    return ""
