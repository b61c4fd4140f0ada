"""Lines of PDF pages to paragraphs: running heads out, headings found, broken lines joined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Literal

from headrace.ingest.parsing.pdflines import Line

_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_PAGE_NUMBER = re.compile(r"^\W*(?:\d{1,4}|[ivxlc]{1,7})\W*$")
_BULLET = re.compile(r"^[•◦▪‣●○■–·∙] ?(?=\S)")
_LISTED = re.compile(r"^(?:[-*+] |\(?(?:\d{1,3}|[a-z])[.)] )")
_WORDS = re.compile(r"[^\W_]+")
_SENTENCE_END = (".", "!", "?", ":", ";", "。", "！", "？")
_EDGE_LINES = 2
_MAX_HEADING_CHARS = 160
_MAX_SIZE_LEVELS = 4
_MIN_COLUMN_SHARE = 0.35


def remove_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Drop heads, feet and page numbers: lines at page edges that return, digits aside, on many pages."""
    filled = [lines for lines in pages if lines]
    if len(filled) < 3:
        return [list(lines) for lines in pages]
    seen: Counter[str] = Counter()
    for lines in filled:
        seen.update({_edge_key(lines[at]) for at in _edges(lines)})
    needed = max(3, round(0.3 * len(filled)))
    running = {key for key, count in seen.items() if count >= needed}
    cleaned: list[list[Line]] = []
    for lines in pages:
        dropped = {at for at in _edges(lines) if _edge_key(lines[at]) in running}
        dropped |= {at for at in (0, len(lines) - 1) if lines and _PAGE_NUMBER.match(lines[at].text)}
        kept = [line for at, line in enumerate(lines) if at not in dropped]
        cleaned.append(kept)
    return cleaned if any(cleaned) else [list(lines) for lines in pages]


def _edges(lines: Sequence[Line]) -> set[int]:
    count = len(lines)
    return {at for at in (*range(_EDGE_LINES), *range(count - _EDGE_LINES, count)) if 0 <= at < count}


def _edge_key(line: Line) -> str:
    return _DIGITS.sub("#", line.text.lower())


def largest_words(lines: Sequence[Line]) -> str | None:
    """The words set largest on a page, when they stand out: the title of a document on its first page."""
    tallest = max((line.height for line in lines), default=0.0)
    if tallest <= 1.25 * median([line.height for line in lines] or [0.0]):
        return None
    first = next(at for at, line in enumerate(lines) if line.height > 0.97 * tallest)
    words = [lines[first].text]
    for above, line in pairwise(lines[first:]):
        if not _near(above, line, pitch=0.0):
            break
        words.append(line.text)
    title = " ".join(words)
    return title if _reads_as_heading(title) else None


def find_heading_levels(
    pages: Sequence[Sequence[Line]], *, outline: Sequence[tuple[int, int, str]]
) -> dict[int, dict[int, int]]:
    """Level of each heading by page index and line index: the outline's, else by letter size."""
    found: dict[int, dict[int, int]] = {}
    for (page, at), level in (_match_outline(pages, outline) or _match_sizes(pages)).items():
        found.setdefault(page, {})[at] = level
    return found


def _match_outline(
    pages: Sequence[Sequence[Line]], outline: Sequence[tuple[int, int, str]]
) -> dict[tuple[int, int], int]:
    words_of_page: dict[int, list[str]] = {}
    found: dict[tuple[int, int], int] = {}
    for page, level, title in outline:
        if not 0 <= page < len(pages):
            continue
        words = words_of_page.setdefault(page, [_words(line.text) for line in pages[page]])
        wanted = _words(title)
        for at, line in enumerate(words):
            if (page, at) not in found and _same(line, wanted):
                found[page, at] = min(level, 6)
                break
    return found


def _words(text: str) -> str:
    return " ".join(_WORDS.findall(text.lower()))


def _same(line: str, wanted: str) -> bool:
    """Equal words; a number of the section may stand before them on the page."""
    if not wanted or not line.endswith(wanted):
        return False
    before = line[: len(line) - len(wanted)].split()
    numbering = (len(word) <= 2 or word.isdigit() or word in _SECTION_WORDS for word in before)
    return len(before) <= 6 and all(numbering)


_SECTION_WORDS = frozenset({"chapter", "appendix", "section", "part", "annex"})


def _match_sizes(pages: Sequence[Sequence[Line]]) -> dict[tuple[int, int], int]:
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[_size(line)] += len(line.text)
    sizes.pop(0.0, None)
    if len(sizes) < 2:
        return {}
    body = sizes.most_common(1)[0][0]
    candidates = [
        (page, at, _size(line))
        for page, lines in enumerate(pages)
        for at, line in enumerate(lines)
        if _size(line) >= 1.15 * body and _reads_as_heading(line.text)
    ]
    ranks = sorted({size for _, _, size in candidates}, reverse=True)[:_MAX_SIZE_LEVELS]
    level_of = {size: rank for rank, size in enumerate(ranks, start=1)}
    return {(page, at): level_of[size] for page, at, size in candidates if size in level_of}


def _size(line: Line) -> float:
    return round(line.height * 2) / 2


def _reads_as_heading(text: str) -> bool:
    if len(text) > _MAX_HEADING_CHARS or text.endswith((",", ";")):
        return False
    return any(char.isalpha() for char in text)


def write_page(lines: Sequence[Line], *, levels: Mapping[int, int]) -> tuple[str, list[tuple[int, int, str]]]:
    """Text of a page and its headings as (offset, level, words)."""
    parts: list[str] = []
    headings: list[tuple[int, int, str]] = []
    length = 0
    pitch = _line_pitch(lines)
    margins = _right_margins(lines)
    for at, line in enumerate(lines):
        level = levels.get(at)
        separator = ""
        if at > 0:
            above = lines[at - 1]
            apart = level is not None or at - 1 in levels
            continued = level is not None and level == levels.get(at - 1) and _near(above, line, pitch=pitch)
            separator = "\n\n" if apart else _between(above, line, pitch=pitch, margin=margins[at - 1])
            if continued:
                separator = " "
                offset, _, words = headings.pop()
                headings.append((offset, level or 1, f"{words} {line.text}"))
                level = None
        body = line.text if level is None else f"{'#' * level} {line.text}"
        if level is not None:
            headings.append((length + len(separator), level, line.text))
        else:
            body = _BULLET.sub("- ", body)
        parts.append(separator + body)
        length += len(separator) + len(body)
    return "".join(parts), headings


def _near(previous: Line, line: Line, *, pitch: float) -> bool:
    """Two lines of one heading: same size, close together."""
    gap = previous.bottom - line.bottom
    return abs(previous.height - line.height) < 0.1 and 0 < gap <= max(1.6 * line.height, 1.2 * pitch)


def _line_pitch(lines: Sequence[Line]) -> float:
    gaps = [
        above.bottom - below.bottom
        for above, below in pairwise(lines)
        if 0 < above.bottom - below.bottom < 60
    ]
    return median(gaps) if gaps else 0.0


def _between(previous: Line, line: Line, *, pitch: float, margin: float) -> Literal[" ", "\n", "\n\n"]:
    """What stands between two lines: a paragraph break, a kept break, or a space where a line was broken."""
    if _BULLET.match(line.text) or _LISTED.match(line.text):
        return "\n"
    unfinished = not previous.text.endswith(_SENTENCE_END)
    if not line.height or not previous.height or not pitch:
        return " " if unfinished and line.text[0].islower() else "\n"
    gap = previous.bottom - line.bottom
    if gap > 1.3 * pitch + 1 or gap < -2 * pitch:
        return "\n\n"
    if not 0.6 < line.height / previous.height < 1.6:
        return "\n"
    if previous.text[0].isdigit() and line.text[0].isdigit():
        # Rows of a table, whose first column counts.
        return "\n"
    # A line was broken where it is only if the next word would not have fitted any more.
    word = len(line.text.split(" ", 1)[0]) + 1
    letter = (line.right - line.left) / max(1, len(line.text))
    if previous.right + word * letter + 2 > margin and (unfinished or line.left <= previous.left + 2):
        return " "
    return " " if previous.text.endswith(",") and line.text[0].islower() else "\n"


def _right_margins(lines: Sequence[Line]) -> list[float]:
    """How far right each line may reach: to the edge of its column, if it stands in one, or of the page."""
    page = max((line.right for line in lines), default=0.0)
    columns: dict[int, list[float]] = {}
    for line in lines:
        columns.setdefault(round(line.left / 4), []).append(line.right)
    edges = {
        left: max(rights) if len(rights) >= _MIN_COLUMN_SHARE * len(lines) else page
        for left, rights in columns.items()
    }
    return [edges[round(line.left / 4)] for line in lines]
