"""Check citations against what was retrieved: a quote stands verbatim in its passage, or it goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from headrace.ingest.parsing.outline import find_headings
from headrace.records.search import Citation, Hit

_MARK = re.compile(
    r"""\s?\[(?P<number>\d{1,3})(?:\s*:\s*(?P<quote>"(?:[^"\\]|\\.)*"|“[^”]*”|'(?:[^'\\]|\\.)*'(?=\s*\])))?\s*\]""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An answer whose every citation holds."""

    text: str
    """The answer with marks [1], [2]… that number `citations`."""
    citations: tuple[Citation, ...]
    removed: tuple[dict[str, str], ...]
    """Citations that did not hold: mark, and why it was removed."""


def check(text: str, passages: Sequence[Hit]) -> Checked:
    """Keep the citations `[n: "quote"]` whose quote stands in passage n, remove and record the others.

    White space counts as equal whatever its length, since models fold line breaks; everything else must be
    the same to the letter. The quote of a citation is given as it stands in the passage.
    """
    citations: list[Citation] = []
    removed: list[dict[str, str]] = []

    def replace(match: re.Match[str]) -> str:
        found = _resolve(match, passages)
        if isinstance(found, str):
            removed.append({"mark": match.group(0).strip(), "reason": found})
            return ""
        if found not in citations:
            citations.append(found)
        lead = " " if match.group(0)[0].isspace() else ""
        return f"{lead}[{citations.index(found) + 1}]"

    return Checked(text=_MARK.sub(replace, text).strip(), citations=tuple(citations), removed=tuple(removed))


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Half-open span of a quote in a text, white space folded; None when it does not stand there."""
    words = quote.split()
    if not words:
        return None
    match = re.search(r"\s+".join(re.escape(word) for word in words), text)
    return None if match is None else match.span()


def _resolve(match: re.Match[str], passages: Sequence[Hit]) -> Citation | str:
    number = int(match.group("number"))
    if not 1 <= number <= len(passages):
        return f"there is no passage {number}"
    raw = match.group("quote")
    if raw is None:
        return "it has no quote"
    quote = re.sub(r"\\(.)", r"\1", raw[1:-1])
    hit = passages[number - 1]
    span = locate(quote, hit.text)
    if span is None:
        return f"the quote does not stand in passage {number}"
    return Citation(
        chunk_id=hit.chunk_id,
        document=hit.document,
        quote=hit.text[span[0] : span[1]],
        # What a step wrote stands nowhere in the document: its span is empty, and so is that of a quote.
        span=(hit.span[0] + span[0], hit.span[0] + span[1]) if hit.span[0] < hit.span[1] else hit.span,
        page=hit.page,
        headings=headings_at(hit.headings, hit.text, span[0]),
        modified_at=hit.modified_at,
        age_days=hit.age_days,
        valid_to=hit.valid_to,
        superseded_by=hit.superseded_by,
        marks=hit.marks,
        aliases=hit.aliases,
    )


def headings_at(path: Sequence[str], text: str, offset: int) -> tuple[str, ...]:
    """Heading path at an offset of a chunk, from the path at its first character and the headings inside it.

    A path does not tell the levels of its headings; they are taken to be consecutive.
    """
    inside = find_headings(text)
    begins = (
        bool(inside) and bool(path) and inside[0].text == path[-1] and not text[: inside[0].start].strip()
    )
    last = inside[0].level if begins else len(path)
    stack = [(last - len(path) + 1 + depth, name) for depth, name in enumerate(path)]
    for heading in inside[1:] if begins else inside:
        if heading.start > offset:
            break
        stack = [item for item in stack if item[0] < heading.level]
        stack.append((heading.level, heading.text))
    return tuple(name for _, name in stack)
