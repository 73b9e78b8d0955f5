r"""The web chain on real HTML documentation: what each filter lets through, and what share of formulas survives extraction.

    python -m bench.web_math FOLDER [FOLDER ...] [--limit 120] [--seed-text TEXT] [--other-text TEXT]

A folder is documentation of your own, or a Debian package unpacked beside the repository (`apt-get download libflint-doc`,
then `dpkg-deb -x`). Seed text by default: the exemplars of mathematical subjects inside lm-eval, against those of others.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
import tempfile
import time
from pathlib import Path

from curricula.web.chain import Recipe, sift
from curricula.web.document import extract
from curricula.web.formulas import bare
from curricula.web.pages import Page, decode, list_files, read_pages
from curricula.web.passages import rows_of
from tests.curricula.web.pages import write_texts

# what a page declares to be a formula, read without the code under test: Sphinx and GAPDoc mark it so, doxygen leaves delimiters
MARKED = re.compile(r'<(span|div) class="math[^"]*"[^>]*>(.*?)</\1>|(\\\(.{1,300}?\\\))|(\\\[.{1,600}?\\\])', re.DOTALL)


def formulas(markup: str) -> list[str]:
    """LaTeX that a page's markup holds, without tags, escapes and spaces."""
    found = []
    for match in MARKED.finditer(re.sub(r"<(script|style|pre|code)\b.*?</\1>", " ", markup, flags=re.DOTALL)):
        inner = html.unescape(re.sub(r"<[^>]*>", " ", match.group(2) or match.group(3) or match.group(4)))
        inner = re.sub(r"^\s*\(\d+\)\s*¶?|¶", "", inner)
        if "\\" in inner and (source := bare(inner)[0]):
            found.append("".join(source.split()))
    return found


def survived(paths: list[str]) -> tuple[int, int]:
    """Formulas in the markup of all pages, and how many of them stand in the text."""
    n_all = n_found = 0
    for page in read_pages(paths):
        if isinstance(page, Page):
            markup = decode(page)
            wanted = formulas(markup)
            text = "".join(extract(markup, page.source).text.split()) if wanted else ""
            n_all += len(wanted)
            n_found += sum(source in text for source in wanted)
    return n_all, n_found


def main() -> None:
    """Print one table a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--limit", type=int, default=120, help="pages of a folder, evenly spaced")
    parser.add_argument("--seed-text", default="")
    parser.add_argument("--other-text", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seed, other = write_texts(Path(folder))
        for name in given.folders:
            if not Path(name).is_dir():
                print(f"{name}: skipped, no such folder (see --help)", file=sys.stderr)
                continue
            files = [str(path) for path, _ in list_files([name])]
            paths = files[:: max(1, len(files) // given.limit)][: given.limit]
            n_all, n_found = survived(paths)
            started = time.process_time()
            sifted = sift(Recipe(tuple(paths), (given.seed_text or seed,), (given.other_text or other,)))
            rows = rows_of(sifted.documents)
            print(f"\n{name}: {len(paths)} of {len(files)} pages, {time.process_time() - started:.0f} s of CPU")
            for line in sifted.lines:
                print(f"  {line}")
            forms = {form: sum(row.operator == form for row in rows) for form in sorted({row.operator for row in rows})}
            print(f"  passages: {len(rows)} {forms}; formulas in the text: {n_found} of {n_all}" + (f" ({n_found / n_all:.1%})" if n_all else ""), flush=True)


if __name__ == "__main__":
    main()
