"""Office documents to Markdown, and sheets that claim too much."""

from __future__ import annotations

import pytest

from headrace.errors import LimitExceeded, ParseError
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.dispatch import parse
from headrace.records.document import ParsedDocument
from tests.ingest.parsing import makers


def read(data: bytes) -> ParsedDocument:
    return parse(data, name="file", hints=Hints())


def test_docx() -> None:
    document = read(makers.docx(title="Runbook"))
    assert [(found.level, found.text) for found in document.headings] == [(1, "Index rebuilds"), (2, "Cost")]
    assert "| step | seconds |\n| --- | --- |\n| embed | 90 |" in document.text
    assert document.title == "Index rebuilds"
    assert document.metadata["author"] == "Platform team"


def test_pptx_slides_are_pages() -> None:
    document = read(makers.pptx([("Traffic", "It grew."), ("Cost", "It fell.")]))
    assert document.text == "## Traffic\n\nIt grew.\n\n## Cost\n\nIt fell."
    assert document.pages == [0, document.text.index("## Cost")]
    assert document.title == "Quarterly review"


def test_xlsx_sheets_are_pages() -> None:
    document = read(
        makers.xlsx({"Costs": [["item", "EUR"], ["index", 12.5], [None, None], ["a|b", 3]], "Notes": [["x"]]})
    )
    assert "| item | EUR |\n| --- | --- |\n| index | 12.5 |\n| a\\|b | 3 |" in document.text
    assert document.pages == [0, document.text.index("## Notes")]


def test_sheet_that_claims_every_cell_holds_what_it_holds() -> None:
    assert read(makers.claiming_xlsx()).text == "## Sheet\n\n| only |\n| --- |"


def test_sheet_with_cells_a_million_rows_apart_is_no_empty_one() -> None:
    with pytest.raises(LimitExceeded, match="too far apart"):
        read(makers.tall_xlsx())


def test_epub_is_titled_as_a_book() -> None:
    document = read(makers.epub())
    assert document.title == "Mills"
    assert document.text == "# Wheels\n\nWater turns them."


def test_rtf() -> None:
    assert "Hello é world" in read(rb"{\rtf1\ansi Hello \'e9 world\par}").text


def test_damaged_docx() -> None:
    data = makers.docx()
    with pytest.raises(ParseError, match="^damaged"):
        read(data[: len(data) // 2])
    with pytest.raises(ParseError, match="^damaged"):
        read(data[:200] + b"\xff" * 400 + data[600:])


def test_same_bytes_same_document() -> None:
    data = makers.docx()
    assert read(data) == read(data)
