"""Cuts a passage into what can be quoted whole: sentences, list items, tables, code blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

UnitKind = Literal["sentence", "item", "table", "row", "code"]

LONGEST_TABLE_CHARACTERS = 400
"""A longer table is quoted by its rows."""

_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+(?P<text>.*)")
_TABLE_ROW = re.compile(r"[ \t]*\|")
_RULE = re.compile(r"[\s|:+=_*~-]*$")
_FENCE = re.compile(r"[ \t]*(```|~~~)")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]*_`]*(?=\s+[\"'“‘(\[*_`]*[^\sa-z])|[。！？]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|approx|no|nos|fig|sec|art|dr|mr|mrs|ms|st|inc|ltd)|\b[A-Z])\.$", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A part of a passage that can stand as a quote."""

    kind: UnitKind
    text: str
    """Verbatim slice of the passage."""
    start: int
    """Character offset into the passage."""
    context: str = ""
    """What it is to be read under: the heading, a table's header, the line that introduces a list."""
    header: str = ""
    """Of a row: the first line of its table and the rule below it."""


@dataclass(frozen=True, slots=True)
class _Block:
    kind: Literal["prose", "item", "table", "code", "heading"]
    start: int
    end: int


def split_units(text: str) -> list[Unit]:
    """The units of a passage in order: all of it but headings, rules and the headers of long tables."""
    units: list[Unit] = []
    heading = lead = ""
    for block in _blocks(text):
        if block.kind == "heading":
            match = _HEADING.match(text[block.start : block.end])
            heading, lead = (match.group("text").strip() if match else ""), ""
            continue
        found = [
            replace(
                unit, context=f"{heading} {lead if unit.kind != 'sentence' else ''} {unit.context}".strip()
            )
            for unit in _units_of(block, text)
        ]
        units += found
        if block.kind == "prose" and found:
            lead = found[-1].text if found[-1].text.rstrip().endswith(":") else ""
    return units


def _blocks(text: str) -> Iterator[_Block]:
    """Runs of lines that belong together."""
    kind, start, end, fence = "", 0, 0, ""
    at = 0
    for line in text.splitlines(keepends=True):
        found, fence = _kind_of(line, kind, fence)
        starts_anew = found != kind or found == "heading" or (found == "item" and _ITEM.match(line))
        if starts_anew and kind:
            yield _Block(kind, start, end)  # type: ignore[arg-type]  # "" was ruled out, the rest is the Literal
        if starts_anew:
            start = at
        kind, end, at = found, at + len(line), at + len(line)
    if kind:
        yield _Block(kind, start, end)  # type: ignore[arg-type]  # as above


def _kind_of(line: str, before: str, fence: str) -> tuple[str, str]:
    """The kind of a line after one of kind `before`, and the fence that is open after it."""
    mark = _FENCE.match(line)
    if fence:
        return "code", "" if mark and mark.group(1) == fence else fence
    if mark:
        return "code", mark.group(1)
    if not line.strip():
        return "", ""
    if _HEADING.match(line):
        return "heading", ""
    if _TABLE_ROW.match(line):
        return "table", ""
    if _ITEM.match(line) or (before == "item" and line[0] in " \t"):
        return "item", ""
    return ("item" if before == "item" else "prose"), ""


def _units_of(block: _Block, text: str) -> list[Unit]:
    if block.kind == "table":
        return _table_units(block, text)
    if block.kind == "prose":
        return [
            unit for start, end in _sentences(text, block) if (unit := _unit("sentence", text, start, end))
        ]
    unit = _unit("code" if block.kind == "code" else "item", text, block.start, block.end)
    return [unit] if unit else []


def _unit(kind: UnitKind, text: str, start: int, end: int, *, context: str = "") -> Unit | None:
    raw = text[start:end]
    stripped = raw.strip()
    if not stripped or _RULE.match(stripped):
        return None
    return Unit(kind=kind, text=stripped, start=start + raw.index(stripped), context=context)


def _table_units(block: _Block, text: str) -> list[Unit]:
    whole = _unit("table", text, block.start, block.end)
    if whole is None or len(whole.text) <= LONGEST_TABLE_CHARACTERS:
        return [whole] if whole else []
    rows: list[Unit] = []
    header = rule = ""
    at = block.start
    for line in text[block.start : block.end].splitlines(keepends=True):
        row = _unit("row", text, at, at + len(line), context=header)
        at += len(line)
        if row is None:
            rule = rule or (line.strip() if len(rows) == 1 else "")
        else:
            header = header or row.text
            rows.append(replace(row, header=f"{header}\n{rule}") if rule else row)
    return rows[1:] if rule and len(rows) > 1 else rows


def _sentences(text: str, block: _Block) -> Iterator[tuple[int, int]]:
    start = block.start
    for match in _SENTENCE_END.finditer(text, block.start, block.end):
        if _ABBREVIATION.search(text[start : match.start() + 1]):
            continue
        yield start, match.end()
        start = match.end()
    yield start, block.end
