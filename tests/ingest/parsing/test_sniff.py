"""The bytes decide what a file is; its name only where bytes cannot tell."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from headrace.errors import LimitExceeded, ParseError
from headrace.ingest.parsing.sniff import sniff
from tests.ingest.parsing import makers


@pytest.mark.parametrize(
    ("data", "name", "format", "media_type"),
    [
        (b"# Hi\n", "a.md", "markdown", "text/markdown"),
        (b"# Hi\n", "README", "text", "text/plain"),
        (b"x = 1\n", "a.py", "code", "text/x-python"),
        (b"a,b\n1,2\n", "a.csv", "text", "text/csv"),
        (b"a,b\n1,2\n", "rows.jsonl#17", "code", "application/x-ndjson"),
        (b'{"a": 1}', "a.json", "code", "application/json"),
        (b"<?xml version='1.0'?><a>x</a>", "feed", "code", "application/xml"),
        (b"<!doctype html><p>x", "a.md", "html", "text/html"),
        (b"\n<!-- x --><!-- y -->\n<html><p>x", "page", "html", "text/html"),
        ("<html><p>x".encode("utf-16"), "page", "html", "text/html"),
        (b"<p>fragment</p>", "a.html", "html", "text/html"),
        (b"<div align=center>\n\n# Project\n", "README.md", "markdown", "text/markdown"),
        (b"<?php echo '<html>'; ?>", "a.php", "code", "text/x-php"),
        (b"%PDF-1.7\n", "a.txt", "pdf", "application/pdf"),
        (gzip.compress(b"x", mtime=0), "a.txt", "gzip", "application/gzip"),
        (b"{\\rtf1 x}", "a.doc", "office", "application/rtf"),
        (b"From: a@example.org\nMessage-ID: <1@example.org>\n\nbody", "mail", "mail", "message/rfc822"),
        (b"Format: text\nFrom: nobody\n\nbody", "copyright", "text", "text/plain"),
        (b"BMP files are images.", "a.txt", "text", "text/plain"),
        (b"MZ is the mark of executables.", "a.txt", "text", "text/plain"),
    ],
)
def test_format(data: bytes, name: str, format: str, media_type: str) -> None:
    assert sniff(data, name=name) == (format, media_type)


@pytest.mark.parametrize(("claimed", "format"), [("text/plain", "text"), ("text/markdown", "markdown")])
@pytest.mark.parametrize("table", ["rows.jsonl", "rows.csv", "rows.jsonl.gz"])
def test_a_row_is_what_its_source_says_whatever_its_table_is(table: str, claimed: str, format: str) -> None:
    assert sniff(b"# Hi\n", name=f"{table}#17", media_type=claimed) == (format, claimed)


def test_claimed_type_counts_where_bytes_and_name_are_silent() -> None:
    assert sniff(b"<p>x", name="page", media_type="text/html; charset=utf-8").format == "html"
    assert sniff(b"# x", name="page", media_type="text/markdown").format == "markdown"
    assert sniff(b"%PDF-1.4", name="page", media_type="text/html").format == "pdf"


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "binary: a PNG image"),
        (b"\xff\xd8\xff\xe0", "binary: a JPEG image"),
        (b"\x7fELF\2\1", "binary: an executable"),
        (b"MZ\x90\0\3\0", "binary: an executable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "binary: an SVG image"),
        (_tar(), "binary: a tar archive"),
        (makers.encrypted_office(), "password-protected"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "binary: an Office 97-2003"),
        (b"PK\x03\x04 truncated", "damaged"),
    ],
)
def test_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=f"^{reason}"):
        sniff(data, name="file.txt")


def test_zip_that_unpacks_to_too_much_is_refused_unread() -> None:
    with pytest.raises(LimitExceeded, match="unpacks to"):
        sniff(makers.bomb_xlsx(), name="a.xlsx")


def test_many_comments_before_text_take_no_time() -> None:
    assert sniff(b"<!-- -->" * 300 + b"text", name="notes").format == "text"
