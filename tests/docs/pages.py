"""The pages of the documentation, cut into what can be tested."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)\|")


class Block(NamedTuple):
    """A fenced block."""

    section: str
    """The heading it stands under, as written."""
    language: str
    text: str


def read(page: Path) -> str:
    """The text of a page."""
    return page.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", text)


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a page in these languages, in order."""
    text = read(page)
    found = []
    for match in _FENCE.finditer(text):
        above = _HEADING.findall(without_code(text[: match.start()]))
        if match["language"] in languages:
            found.append(Block(above[-1][1] if above else "", match["language"], match["text"]))
    return found


def headings(page: Path) -> list[str]:
    """The headings of a page, as written."""
    return [title for _, title in _HEADING.findall(without_code(read(page)))]


def anchors(page: Path) -> set[str]:
    """The anchors that headings of a page get."""
    found: set[str] = set()
    for title in headings(page):
        plain = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        number = 0
        anchor = plain
        while anchor in found:
            number += 1
            anchor = f"{plain}-{number}"
        found.add(anchor)
    return found


def section(page: Path, title: str) -> str:
    """What stands under a heading, up to the next one of any level, without its fenced blocks.

    Raises ValueError when there is no such heading.
    """
    parts = re.split(r"^#+ +(.+?) *$", without_code(read(page)), flags=re.MULTILINE)
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        if name == title:
            return text
    raise ValueError(f"{page.name} has no heading {title!r}")


def tables(text: str) -> Iterator[list[list[str]]]:
    """The tables of a text: rows of cells without the head."""
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]])
        elif rows:
            yield rows[2:]
            rows = []


def code(cell: str) -> str:
    """A cell that is one piece of code, without its marks."""
    return cell.removeprefix("`").removesuffix("`")
