"""Pages out of files and folders: HTML (plain or gzipped) and WARC archives.

Paths go in, pages come out one by one in a fixed order, and a `Fault` for what could not be read: a broken file of
thousands is a row with its reason. A path that is not there is the user's mistake and raises.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes.errors import WeakspotError

MOST_BYTES = 10_000_000  # of one page; larger ones are indexes and dumps, and their parse tree takes 20 times that in memory
CHUNK = 1_000_000  # bytes
HTML = (".html", ".htm", ".xhtml")
WARC = (".warc", ".warc.gz")


@dataclass(frozen=True)
class Page:
    """One page as it was stored."""

    source: str
    """Address from a WARC record, else the file's path below the folder that was named."""
    html: bytes
    charset: str = ""
    """As the server declared it; empty: not known."""


@dataclass(frozen=True)
class Fault:
    """What could not be read as a page."""

    source: str
    reason: str
    """One of a few phrases, so that they can be counted."""
    evidence: str = ""


def list_files(paths: Sequence[str]) -> list[tuple[Path, str]]:
    """Every HTML and WARC file below the paths with the name it is shown by, sorted within each path.

    Raises:
        WeakspotError: a path does not exist, is of another kind, or holds no such file.
    """
    found: list[tuple[Path, str]] = []
    for name in paths:
        path = Path(name)
        if path.is_dir():
            inside = sorted(Path(folder) / file for folder, _, files in os.walk(path) for file in files if _is_known(file))
            if not inside:
                raise WeakspotError(f"{name} holds no web page", where="web.pages", hint=f"looked for {', '.join(HTML)}, each also with .gz, and {', '.join(WARC)}")
            found += [(file, f"{path.name}/{file.relative_to(path).as_posix()}") for file in inside]
        elif not path.is_file():
            raise WeakspotError(f"no file or folder {name}", where="web.pages", hint="check the path")
        elif not _is_known(path.name):
            raise WeakspotError(f"{name} is neither HTML nor WARC by its name", where="web.pages", hint=f"known: {', '.join(HTML)}, each also with .gz, and {', '.join(WARC)}")
        else:
            found.append((path, path.name))
    return found


def read_pages(paths: Sequence[str]) -> Iterator[Page | Fault]:
    """Every page below the paths, in the order of `list_files`.

    Raises:
        WeakspotError: as `list_files`.
    """
    for path, source in list_files(paths):
        yield from _archive(path, source) if path.name.lower().endswith(WARC) else (_file(path, source),)


def decode(page: Page) -> str:
    """The page's text: by the server's charset if it fits, else the page's own, else as detected; what fits nothing becomes U+FFFD."""
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    for charset in (page.charset, "utf-8"):
        if charset:
            try:
                return page.html.decode(charset)
            except (LookupError, UnicodeDecodeError):
                continue
    return bytes_to_str(page.html, detect_encoding(page.html, from_html_meta=True) or "utf-8", errors="replace")


def _is_known(name: str) -> bool:
    low = name.lower()
    return low.endswith(WARC) or low.removesuffix(".gz").endswith(HTML)


def _file(path: Path, source: str) -> Page | Fault:
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        return Fault(source, "broken gzip", str(error))
    except OSError as error:
        return Fault(source, "can't be read", error.strerror or str(error))
    return _page(source, body, "")


def _page(source: str, body: bytes, charset: str) -> Page | Fault:
    if not body.strip():
        return Fault(source, "empty")
    if len(body) > MOST_BYTES:
        return Fault(source, "too large", f"more than {MOST_BYTES:,} bytes")
    return Page(source, body, charset)


def _archive(path: Path, source: str) -> Iterator[Page | Fault]:
    """HTML responses of a WARC file; where it breaks off, what came before stands and a fault says so."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    n = 0
    try:
        for record in ArchiveIterator(str(path), record_types=WarcRecordType.response | WarcRecordType.resource, parse_http=True, auto_decode="all", fsspec_args=False):
            n += 1
            yield from _record(record, f"{source}#{n}")
        if path.name.lower().endswith(".gz"):  # fastwarc takes a cut archive for its end
            with gzip.open(path) as file:
                while file.read(CHUNK):
                    continue
    except (OSError, ValueError, EOFError, zlib.error) as error:
        yield Fault(source, "the archive breaks off", f"after {n} records: {error}")
    else:
        if n == 0:
            yield Fault(source, "no record in the archive")


def _record(record: Any, number: str) -> Iterator[Page | Fault]:
    address = record.headers.get("WARC-Target-URI") or number
    whole, kind = record.content_length, (record.http_content_type or record.headers.get("Content-Type") or "").lower()
    if "html" not in kind:
        return
    if record.http_headers is not None and record.http_headers.status_code not in (200, None):
        yield Fault(address, "no page", f"status {record.http_headers.status_code}")
        return
    body = record.reader.read(MOST_BYTES + 1)
    is_encoded = record.http_headers is not None and any(name.lower() in ("transfer-encoding", "content-encoding") for name, _ in record.http_headers.items())
    if len(body) < min(whole, MOST_BYTES) and not is_encoded:
        yield Fault(address, "the archive breaks off", f"{len(body)} of {whole} bytes")
        return
    yield _page(address, body, record.http_charset or "")
