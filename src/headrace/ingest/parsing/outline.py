"""Headings of a Markdown text, and its front matter."""

from __future__ import annotations

import re
from typing import NamedTuple

from headrace.records.document import Heading, Value

_LINE = re.compile(
    r"^ {0,3}(?:"
    r"(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)"
    r"|(?P<marks>#{1,6})(?=[ \t\r\n]|\Z)(?P<atx>[^\n]*)"
    r"|(?P<under>=+|-+)[ \t]*\r?"
    r"|(?P<html><(?:!--|pre\b|script\b|style\b|textarea\b))[^\n]*"
    r")$",
    re.M | re.I,
)
_COMMENT_END = re.compile("-->")
_RAW_END = re.compile(r"</(?:pre|script|style|textarea)>", re.I)
_CLOSING_MARKS = re.compile(r"(?:^|[ \t])#+$")
_NOT_PARAGRAPH = re.compile(
    r"(?: {4}|\t|[ ]{0,3}(?:[>#|]|[-*+][ \t]|\d{1,9}[.)][ \t]|`{3}|~{3}|</?[a-zA-Z!]))"
)
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()\s]*(?:\s+\"[^\"]*\")?\)|\[[^\[\]]*\])")
_ATTRIBUTES = re.compile(r"\s*\{[#.][^{}]*\}\s*$")
_MARKUP = re.compile(r"(\*\*|__|`+|~~)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<!\w)([*_])(?=\S)(.+?)(?<=\S)\1(?!\w)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKED = re.compile(r"[\[*_`~\\{<]")
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S | re.M)
_MAX_FRONT_CHARS = 65_536
_MAX_HEADING_CHARS = 400
_MAX_LINE_CHARS = 2_000
_MAX_SETEXT_LINES = 3


class FrontMatter(NamedTuple):
    """The fields at the top of a Markdown file and where its body begins."""

    fields: dict[str, Value]
    end: int
    warnings: tuple[str, ...] = ()


def find_headings(text: str, *, start: int = 0) -> list[Heading]:
    """ATX and setext headings in order, none from inside fenced code, comments or raw HTML."""
    found: list[Heading] = []
    position = start
    while (match := _LINE.search(text, position)) is not None:
        position = match.end()
        if match["marks"]:
            title = _clean(_CLOSING_MARKS.sub("", match["atx"][:_MAX_LINE_CHARS].strip()))
            if title:
                found.append(Heading(start=match.start(), level=len(match["marks"]), text=title))
        elif match["under"]:
            _add_setext(found, text, match=match, floor=start)
        elif match["fence"]:
            position = _after_fence(text, match)
        elif match["html"]:
            position = _after_html(text, match)
    return found


def _after_fence(text: str, match: re.Match[str]) -> int:
    fence, info = match["fence"], match["info"]
    if fence[0] == "`" and "`" in info:
        return match.end()
    closing = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*\r?$", re.M)
    end = closing.search(text, match.end())
    return end.end() if end is not None else len(text)


def _after_html(text: str, match: re.Match[str]) -> int:
    """A comment or raw element runs to its end mark, or to the end of the text."""
    ending = _COMMENT_END if match["html"] == "<!--" else _RAW_END
    end = ending.search(text, match.start("html"))
    return end.end() if end is not None else len(text)


def _add_setext(found: list[Heading], text: str, *, match: re.Match[str], floor: int) -> None:
    """A line of `=` or `-` makes the paragraph above it a heading."""
    begin = match.start()
    lines: list[str] = []
    while begin > floor and len(lines) < _MAX_SETEXT_LINES:
        previous = text.rfind("\n", floor, begin - 1) + 1 or floor
        line = text[previous:begin]
        if len(line) > _MAX_HEADING_CHARS or not line.strip() or _NOT_PARAGRAPH.match(line):
            break
        if found and found[-1].start >= previous:
            break
        lines.append(line.strip())
        begin = previous
    title = _clean(" ".join(reversed(lines)))
    if title:
        found.append(Heading(start=begin, level=1 if match["under"][0] == "=" else 2, text=title))


def _clean(title: str) -> str:
    """The words of a heading without their marks."""
    title = title[:_MAX_HEADING_CHARS].strip()
    if _MARKED.search(title) is None:
        return title
    title = _ATTRIBUTES.sub("", title)
    title = _LINK.sub(r"\1", title)
    title = _MARKUP.sub(r"\2", title)
    title = _EMPHASIS.sub(r"\2", title)
    title = re.sub(r"</?[a-zA-Z][^<>]*>", "", title)
    return _ESCAPE.sub(r"\1", title).strip()


def read_front_matter(text: str) -> FrontMatter:
    """Scalars and lists of texts in YAML front matter; anything else in it stays in the text only."""
    if not text.startswith("---"):
        return FrontMatter({}, 0)
    match = _FRONT.match(text, 0, _MAX_FRONT_CHARS)
    if match is None:
        return FrontMatter({}, 0)
    from headrace.ingest.parsing.frontmatter import load_fields

    try:
        return FrontMatter(load_fields(match[1]), match.end())
    except ValueError as error:
        return FrontMatter({}, match.end(), (f"front matter is not read: {error}",))
