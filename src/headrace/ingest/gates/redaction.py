"""Takes what a gate found out of a document; headings and pages move with the text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from headrace.ingest.gates.findings import Replacement
from headrace.records.document import Heading, ParsedDocument

Find = Callable[[str], Sequence[Replacement]]


def redacted(document: ParsedDocument, find: Find) -> ParsedDocument:
    """The document with every replacement made, in text, headings, title and metadata.

    One replacement can show another thing that it overlapped, so it goes on until nothing is found.
    """
    while found := find(document.text):
        document = _replaced(document, found)

    return replace(
        document,
        headings=[replace(heading, text=cleaned(heading.text, find)) for heading in document.headings],
        title=None if document.title is None else cleaned(document.title, find),
        metadata={
            name: cleaned(value, find) if isinstance(value, str) else value
            for name, value in document.metadata.items()
        },
        warnings=[cleaned(warning, find) for warning in document.warnings],
    )


def cleaned(text: str, find: Find) -> str:
    """The text with every replacement made, until nothing is found."""
    while found := find(text):
        text = _text(text, found)
    return text


def _replaced(document: ParsedDocument, found: Sequence[Replacement]) -> ParsedDocument:
    ends = [each.end for each in found]
    shifts = [0]
    for each in found:
        shifts.append(shifts[-1] + len(each.by) - (each.end - each.start))

    def moved(place: int) -> int:
        index = bisect_right(ends, place)
        if index < len(found) and found[index].start < place:
            place = found[index].start
        return place + shifts[index]

    def inside(heading: Heading) -> bool:
        index = bisect_right(ends, heading.start)
        return index < len(found) and found[index].start < heading.start

    return replace(
        document,
        text=_text(document.text, found),
        headings=[
            replace(heading, start=moved(heading.start))
            for heading in document.headings
            if not inside(heading)
        ],
        pages=[moved(start) for start in document.pages],
    )


def _text(text: str, found: Sequence[Replacement]) -> str:
    parts: list[str] = []
    at = 0
    for each in found:
        parts += (text[at : each.start], each.by)
        at = each.end
    return "".join((*parts, text[at:]))
