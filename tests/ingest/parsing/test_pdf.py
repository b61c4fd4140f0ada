"""PDF: pages, joined lines, headings, and why one cannot be read."""

from __future__ import annotations

import pytest

from headrace.errors import LimitExceeded, ParseError
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.pdf import parse_pdf
from headrace.records.document import ParsedDocument
from tests.ingest.parsing import makers

LINE = "The index is rebuilt beside the old one and the pointer moves when every"


def parse(data: bytes) -> ParsedDocument:
    return parse_pdf(data, name="a.pdf", hints=Hints())


def test_pages_paragraphs_and_headings() -> None:
    pages = [
        [(20, f"Part {number}"), (10, LINE), (10, "document is in it."), (10, "- a point")]
        for number in (1, 2)
    ]
    document = parse(makers.pdf(pages, title="Rebuilds"))
    body = f"{LINE} document is in it.\n- a point"
    assert document.text == f"# Part 1\n\n{body}\n\n# Part 2\n\n{body}"
    assert document.pages == [0, document.text.index("# Part 2")]
    assert [(found.start, found.level, found.text) for found in document.headings] == [
        (document.pages[0], 1, "Part 1"),
        (document.pages[1], 1, "Part 2"),
    ]
    assert document.title == "Rebuilds"
    assert document.metadata["page_count"] == 2


def test_lines_that_were_not_broken_stay_lines() -> None:
    rows = ["step seconds state", "5 0.98 s ok", "10 1.01 s ok", "users = 40", "abort = never"]
    document = parse(makers.pdf([[(10, LINE), (10, "document is in it."), *((10, row) for row in rows)]]))
    assert document.text.split("\n") == [f"{LINE} document is in it.", *rows]


def test_running_heads_and_page_numbers_go() -> None:
    subjects = ("water", "wheels", "stones", "grain", "flour")
    pages = [
        [(10, f"Mill handbook, page {at}"), (10, f"About {subject}."), (10, str(at))]
        for at, subject in enumerate(subjects, start=1)
    ]
    assert parse(makers.pdf(pages)).text == "\n\n".join(f"About {subject}." for subject in subjects)


def test_pages_without_text_are_reported_and_keep_their_number() -> None:
    document = parse(makers.pdf([[(10, "first")], [], [(10, "third")]]))
    assert document.text == "first\n\nthird"
    assert document.pages == [0, 5, 7]
    assert document.warnings == ["1 of 3 pages hold no text: 2"]


def test_password_protected() -> None:
    with pytest.raises(ParseError, match="^password-protected"):
        parse(makers.pdf([[(10, "secret")]], password="open sesame"))


def test_truncated() -> None:
    data = makers.pdf([[(10, "text")]])
    with pytest.raises(ParseError, match="^damaged"):
        parse(data[: len(data) // 4])


def test_without_a_text_layer() -> None:
    with pytest.raises(ParseError, match="^empty: a PDF of 2 pages without a text layer"):
        parse(makers.pdf([[], []]))


def test_text_past_the_limit() -> None:
    data = makers.pdf([[(10, LINE)]] * 3)
    with pytest.raises(LimitExceeded, match="100 characters"):
        parse_pdf(data, name="a.pdf", hints=Hints(max_text_chars=100))
