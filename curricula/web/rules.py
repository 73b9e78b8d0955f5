"""Rules on address and text that need no model, after OpenWebMath's filters (Paster 2023, section 3.5) and Gopher's (Rae 2021, appendix A).

A document goes in, the first rule that it breaks comes out, or nothing. No site is named: rules hold for any crawl.
"""

from __future__ import annotations

import re
from collections import Counter

from curricula.web.document import Document

ADDRESS = re.compile(
    r"/(?:search|login|signin|signup|register|cart|checkout|tags?|categor(?:y|ies)|authors?|users?|profile|feed|rss|print|commits?|blame|raw|diff|history|bibtex|_modules|_sources|_static|changelogs?|news|whatsnew|release-?notes?)(?:[/?.]|$)"
    r"|(?:^|/)(?:genindex|general_index|py-modindex|modindex|search|searchresults|index-\w|copyright|licen[cs]e|changelog|changes|annotated|hierarchy|classes|files|functions(?:_\w+)?|globals(?:_\w+)?|namespacemembers(?:_\w+)?|deprecated|todo|bug)(?:-[a-z_]+)?\.x?html?$|[?&](?:action|oldid|diff|printable|replytocom)=",
    re.IGNORECASE,
)
LEAST_CHARACTERS = 200  # OpenWebMath: 100; below 200 no passage of the least length fits beside a heading
MOST_ACCENTED = 0.015  # OpenWebMath's share
LEAST_LETTERS = 0.45  # of what is not space, formulas taken out; below: tables of figures, member lists
MOST_REPEATED = 0.35  # share of lines that an earlier line already said (Gopher: .3 of lines)
MOST_CODE = 0.75  # share of a document's characters in code blocks
MOST_BROKEN = 0.65  # share of text lines under four words that end in no punctuation
FEW_LINES = 12  # below it a share of lines says nothing
ACCENTED = frozenset("üïöêäâîûôèéàçñáíóúßøåæœ")
PLACEHOLDER_TEXT = re.compile(r"lorem ipsum|404 not found|page not found|please enable javascript|javascript is (?:disabled|required)|access denied|are you a robot|under construction", re.IGNORECASE)
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)


def broken_rule(document: Document) -> tuple[str, str]:
    """The reason for which a document is refused, with its evidence; two empty texts if for none."""
    text = without_macros(document.prose)
    if match := ADDRESS.search(document.url):
        return "address of a list, a tool page or a log", match.group()
    if len(text) < LEAST_CHARACTERS:
        return "too short", f"{len(text)} characters"
    if (match := PLACEHOLDER_TEXT.search(text)) and len(text) < 3000:
        return "placeholder or error page", match.group()
    n_code = sum(len(block.text) for block in document.blocks if block.kind == "code")
    if n_code > MOST_CODE * (n_code + len(text)):
        return "mostly code", f"{n_code} of {n_code + len(text)} characters"
    plain = FORMULA.sub(" ", text)
    dense = "".join(plain.split()).casefold()
    if dense and sum(character in ACCENTED for character in dense) > MOST_ACCENTED * len(dense):
        return "accented letters", ""
    n_letters = sum(character.isalpha() for character in dense)
    if dense and n_letters < LEAST_LETTERS * len(dense):
        return "few letters", f"{n_letters} of {len(dense)}"
    lines = [line for block in document.blocks if block.kind != "code" for line in block.text.split("\n")]
    if len(lines) >= FEW_LINES:
        n_repeated = sum(n - 1 for line, n in Counter(lines).items() if not FORMULA.fullmatch(line))
        if n_repeated > MOST_REPEATED * len(lines):
            return "repeats itself", f"{n_repeated} of {len(lines)} lines"
        texts = [line for block in document.blocks if block.kind == "text" for line in block.text.split("\n")]
        n_whole = sum(len(line.split()) >= 4 or line.rstrip().endswith((".", ":", "?", "!", "$", ",")) for line in texts)
        if len(texts) - n_whole > MOST_BROKEN * len(texts):
            return "a list of scraps", f"{n_whole} whole of {len(texts)} lines"
    return "", ""


def without_macros(text: str) -> str:
    """Lines that define macros taken away (OpenWebMath: more than one `newcommand` in a line)."""
    return "\n".join(line for line in text.split("\n") if len(re.findall(r"newcommand|renewcommand|\\def\\", line)) <= 1)
