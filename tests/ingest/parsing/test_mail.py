"""E-mail: which part is the text, and what is said of the rest."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from headrace.errors import LimitExceeded, ParseError
from headrace.ingest.parsing.base import Hints
from headrace.ingest.parsing.mail import parse_mail
from headrace.records.document import ParsedDocument


def message(body: str = "") -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = "Störung am Index"
    made["From"] = "On-call <oncall@example.org>"
    made["Date"] = "Mon, 03 Mar 2025 10:00:00 +0100"
    if body:
        made.set_content(body)
    return made


def parse(data: bytes) -> ParsedDocument:
    return parse_mail(data, name="a.eml", hints=Hints())


def test_plain_text_with_an_attachment() -> None:
    made = message("Der Index steht.\n")
    made.add_attachment(b"\0\1", maintype="application", subtype="octet-stream", filename="dump.bin")
    document = parse(made.as_bytes())
    assert document.text == "Der Index steht.\n"
    assert document.title == "Störung am Index"
    assert document.metadata["from"] == "On-call <oncall@example.org>"
    assert document.metadata["date"] == "2025-03-03T10:00:00+01:00"
    assert document.warnings == ["attachment not read: dump.bin"]


def test_html_alone() -> None:
    made = message()
    made.set_content("<h2>State</h2><p>Down.</p>", subtype="html")
    document = parse(made.as_bytes())
    assert document.text == "## State\n\nDown."
    assert document.media_type == "message/rfc822"


def test_plain_text_is_preferred_unless_it_is_blank() -> None:
    made = message("Plain.\n")
    made.add_alternative("<p>Rich.</p>", subtype="html")
    assert parse(made.as_bytes()).text == "Plain.\n"
    blank = message(" \n")
    blank.add_alternative("<p>Rich.</p>", subtype="html")
    assert parse(blank.as_bytes()).text == "Rich."


def test_a_hundred_thousand_parts() -> None:
    part = b"--limit\r\n\r\nx\r\n"
    head = (
        b'From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="limit"\r\n\r\n'
    )
    with pytest.raises(LimitExceeded, match="parts"):
        parse(head + part * 100_000)


def test_no_text() -> None:
    with pytest.raises(ParseError, match="^empty"):
        parse(b"From: a@example.org\nMessage-ID: <1@example.org>\n\n")
