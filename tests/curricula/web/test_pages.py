"""Files, folders and archives: what is broken is a row with its reason, what is missing raises."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from curricula.web.pages import MOST_BYTES, Fault, Page, read_pages
from probes.errors import WeakspotError


def record(address: str, body: bytes, kind: str = "text/html; charset=utf-8", status: str = "200 OK") -> bytes:
    http = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    return (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {address}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:{len(address):032x}>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    ).encode() + http + b"\r\n\r\n"


def test_a_folder_gives_its_pages_in_order_and_a_reason_for_each_that_is_broken(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.html").write_text("<p>two</p>")
    (folder / "sub" / "a.htm").write_text("<p>three</p>")
    (folder / "a.html.gz").write_bytes(gzip.compress(b"<p>one</p>"))
    (folder / "broken.html.gz").write_bytes(gzip.compress(b"<p>one</p>" * 1000)[:40])
    (folder / "no.xhtml.gz").write_bytes(b"this is not gzip")
    (folder / "empty.html").write_bytes(b" \n")
    (folder / "large.html").write_bytes(b"x" * (MOST_BYTES + 1))
    (folder / "gone.html").symlink_to(folder / "nowhere")
    (folder / "notes.txt").write_text("no page")
    found = list(read_pages([str(folder)]))
    assert [(row.source, row.reason if isinstance(row, Fault) else row.html) for row in found] == [
        ("docs/a.html.gz", b"<p>one</p>"), ("docs/b.html", b"<p>two</p>"), ("docs/broken.html.gz", "broken gzip"), ("docs/empty.html", "empty"), ("docs/gone.html", "can't be read"),
        ("docs/large.html", "too large"), ("docs/no.xhtml.gz", "broken gzip"), ("docs/sub/a.htm", b"<p>three</p>"),
    ]  # fmt: skip
    assert list(read_pages([str(folder)])) == found


def test_fifty_megabytes_packed_small_are_too_large(tmp_path: Path) -> None:
    (tmp_path / "bomb.html.gz").write_bytes(gzip.compress(b" " * 50_000_000, 1))
    assert [row.reason for row in read_pages([str(tmp_path / "bomb.html.gz")]) if isinstance(row, Fault)] in (["too large"], ["empty"])


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_gives_its_html_and_says_where_it_breaks_off(tmp_path: Path, packed: bool) -> None:
    parts = [record("http://a/1", b"<p>one</p>"), record("http://a/pic", b"png", "image/png"), record("http://a/404", b"<p>lost</p>", status="404 Not Found"), record("http://a/2", b"<p>two</p>" * 500)]
    parts = [gzip.compress(part) for part in parts] if packed else parts
    path = tmp_path / ("x.warc.gz" if packed else "x.warc")
    path.write_bytes(b"".join(parts))
    whole = list(read_pages([str(path)]))
    assert [(row.source, type(row)) for row in whole] == [("http://a/1", Page), ("http://a/404", Fault), ("http://a/2", Page)]
    assert isinstance(whole[0], Page) and whole[0].html == b"<p>one</p>" and whole[0].charset.lower() == "utf-8"
    path.write_bytes(b"".join(parts)[:-60])
    cut = list(read_pages([str(path)]))
    assert isinstance(cut[0], Page) and any(isinstance(row, Fault) and row.source != "http://a/404" for row in cut), cut
    assert [row.evidence for row in cut if isinstance(row, Fault)][-1], "how much of it there was"
    path.write_bytes(b"")
    assert [row.reason for row in read_pages([str(path)]) if isinstance(row, Fault)] == ["no record in the archive"]
    path.write_bytes(b"no archive at all")
    assert [type(row) for row in read_pages([str(path)])] == [Fault]


def test_a_packed_body_is_no_cut_one_and_a_resource_is_a_page(tmp_path: Path) -> None:
    body = gzip.compress(b"<p>one</p>")
    packed = record("http://a/1", body).replace(b"\r\nContent-Type: text/html", b"\r\nContent-Encoding: gzip\r\nContent-Type: text/html", 1)
    head, _, http = packed.partition(b"HTTP/1.1")
    http = b"HTTP/1.1" + http
    head = head[: head.rindex(b"Content-Length:")] + f"Content-Length: {len(http) - 4}\r\n\r\n".encode()
    page = b"<p>two</p>"
    resource = b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: http://a/2\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:2>\r\nContent-Type: text/html\r\nContent-Length: " + str(len(page)).encode() + b"\r\n\r\n" + page + b"\r\n\r\n"
    path = tmp_path / "x.warc"
    path.write_bytes(head + http + resource)
    found = list(read_pages([str(path)]))
    assert [(row.source, row.html) for row in found if isinstance(row, Page)] == [("http://a/1", b"<p>one</p>"), ("http://a/2", page)], found


def test_a_page_of_ten_million_bytes_is_the_largest(tmp_path: Path) -> None:
    assert MOST_BYTES == 10_000_000
    (tmp_path / "x.html").write_bytes(b"x" * MOST_BYTES)
    assert [type(row) for row in read_pages([str(tmp_path / "x.html")])] == [Page]


def test_the_users_mistakes_raise(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "gone", "no file or folder"), (tmp_path, "holds no web page")):
        with pytest.raises(WeakspotError, match=message):
            list(read_pages([str(path)]))
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    with pytest.raises(WeakspotError, match="neither HTML nor WARC"):
        list(read_pages([str(tmp_path / "x.pdf")]))
