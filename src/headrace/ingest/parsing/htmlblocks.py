"""A page's elements written as Markdown blocks, with the offsets of its headings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from headrace.ingest.parsing.pipes import pipe_table
from headrace.records.document import Heading

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_CONTAINERS = frozenset(
    {
        "address",
        "article",
        "aside",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
    }
    | {
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "p",
    }
    | {"section", "summary", "tbody", "td", "tfoot", "th", "thead", "tr"}
)
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_SILENT = frozenset(
    {"-comment", "base", "col", "colgroup", "head", "link", "meta", "script", "style", "title", "wbr"}
)
_LAYOUT = "table, p, ul, ol, dl, pre, h1, h2, h3, h4, h5, h6, blockquote"
_ANCHOR_SIGNS = frozenset({"¶", "#", "§", "🔗", "link", ""})
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff\x00-\x08\x0e-\x1f\x7f]")
_LANGUAGE = re.compile(r"(?:^|\s)(?:language|lang|highlight(?:-source)?|brush:)[-\s]?([A-Za-z0-9_+#]+)")
_BREAK = "\v"
_MAX_DEPTH = 150


class BlockWriter:
    """Walks elements and collects Markdown; `text` and `headings` are complete after `finish`."""

    def __init__(self) -> None:
        self.text = ""
        self.headings: list[Heading] = []
        self._parts: list[str] = []
        self._length = 0
        self._inline: list[str] = []
        self._prefix = ""
        self._marker: str | None = None
        self._tight = False
        self._flat = 0
        self._depth = 0
        self._handlers: dict[str, Callable[[Any], None]] = {
            **dict.fromkeys(_HEADINGS, self._heading),
            **dict.fromkeys(_CODE, self._code),
            "a": self._anchor,
            "blockquote": self._quote,
            "br": self._break,
            "hr": self._rule,
            "img": self._image,
            "ol": self._list,
            "pre": self._pre,
            "table": self._table,
            "ul": self._list,
        }

    def write(self, node: Any) -> None:
        """Add one element and everything in it."""
        self._element(node)
        self._flush()

    def finish(self) -> None:
        """Make `text`."""
        self._flush()
        self.text = "".join(self._parts)

    def _children(self, node: Any) -> None:
        if self._depth >= _MAX_DEPTH:
            self._inline.append(node.text(deep=True, separator=" "))
            return
        self._depth += 1
        child = node.first_child
        while child is not None:
            self._element(child)
            child = child.next
        self._depth -= 1

    def _element(self, node: Any) -> None:
        tag = node.tag
        if tag == "-text":
            self._inline.append(node.text_content or "")
            return
        handler = self._handlers.get(tag)
        if handler is not None:
            handler(node)
        elif tag in _CONTAINERS:
            self._boundary()
            self._children(node)
            self._boundary()
        elif tag not in _SILENT:
            self._children(node)

    def _boundary(self) -> None:
        if self._flat:
            self._inline.append(" ")
        else:
            self._flush()

    def _flush(self) -> None:
        if not self._inline:
            return
        joined = _INVISIBLE.sub("", "".join(self._inline))
        self._inline.clear()
        lines = [" ".join(piece.split()) for piece in joined.split(_BREAK)]
        lines = [line for line in lines if line]
        if lines:
            self._block(lines)

    def _block(self, lines: list[str]) -> int:
        """Append a block under the prefixes of the lists and quotes around it; gives its offset."""
        if self._parts:
            self._put("\n" if self._tight else "\n\n")
        start = self._length
        first = self._prefix if self._marker is None else self._marker
        self._put(first + lines[0])
        for line in lines[1:]:
            self._put("\n" + (self._prefix + line if line else self._prefix.rstrip()))
        self._marker = None
        self._tight = False
        return start

    def _put(self, piece: str) -> None:
        self._parts.append(piece)
        self._length += len(piece)

    def _collect(self, node: Any) -> str:
        """The words of an element on one line."""
        outer, self._inline = self._inline, []
        self._flat += 1
        self._children(node)
        self._flat -= 1
        words = " ".join(_INVISIBLE.sub("", "".join(self._inline)).replace(_BREAK, " ").split())
        self._inline = outer
        return words

    def _heading(self, node: Any) -> None:
        words = self._collect(node)
        if self._flat:
            self._inline.append(f" {words} ")
            return
        self._flush()
        if words:
            level = _HEADINGS[node.tag]
            start = self._block([f"{'#' * level} {words}"])
            self.headings.append(Heading(start=start, level=level, text=words.replace("`", "")))

    def _code(self, node: Any) -> None:
        words = self._collect(node)
        if words:
            self._inline.append(words if "`" in words else f"`{words}`")

    def _anchor(self, node: Any) -> None:
        words = node.text(deep=True).strip() if node.first_child is not None else ""
        if words in _ANCHOR_SIGNS and (node.attributes.get("href") or "").startswith("#"):
            return
        self._children(node)

    def _break(self, node: Any) -> None:
        self._inline.append(_BREAK)

    def _rule(self, node: Any) -> None:
        self._boundary()

    def _image(self, node: Any) -> None:
        alternative = (node.attributes.get("alt") or "").strip()
        if alternative:
            self._inline.append(f" {alternative} ")

    def _quote(self, node: Any) -> None:
        if self._flat:
            self._children(node)
            return
        self._flush()
        outer, self._prefix = self._prefix, self._prefix + "> "
        self._children(node)
        self._flush()
        self._prefix = outer

    def _list(self, node: Any) -> None:
        if self._flat:
            self._boundary()
            self._children(node)
            self._boundary()
            return
        self._flush()
        number = _start_number(node)
        tight = False
        for item in _elements(node):
            if item.tag != "li":
                self._element(item)
                self._flush()
                continue
            marker = f"{number}. " if node.tag == "ol" else "- "
            number += 1
            tight = self._item(item, marker=marker, tight=tight)

    def _item(self, item: Any, *, marker: str, tight: bool) -> bool:
        """One list item; True when it wrote something, so that the next one follows without a blank line."""
        outer, before = self._prefix, len(self._parts)
        self._marker = outer + marker if self._marker is None else self._marker + marker
        self._prefix = outer + " " * len(marker)
        nested = bool(outer) and not outer.strip()
        self._tight = tight or nested
        self._children(item)
        self._flush()
        self._prefix, self._marker = outer, None
        return len(self._parts) > before or tight

    def _pre(self, node: Any) -> None:
        if self._flat:
            self._inline.append(node.text(deep=True))
            return
        self._flush()
        source = _preformatted(node).strip("\n").rstrip()
        if not source.strip():
            return
        fence = "```"
        while fence in source:
            fence += "`"
        self._block([fence + _language(node), *source.split("\n"), fence])

    def _table(self, node: Any) -> None:
        if self._flat or _is_layout(node):
            self._boundary()
            self._children(node)
            self._boundary()
            return
        self._flush()
        caption = node.css_first("caption")
        if caption is not None and (words := self._collect(caption)):
            self._block([words])
        rows = [[self._collect(cell) for cell in _cells(row)] for row in node.css("tr")]
        lines = pipe_table(rows)
        if lines:
            self._block(lines)


def _elements(node: Any) -> Iterator[Any]:
    child = node.first_child
    while child is not None:
        if not child.tag.startswith("-"):
            yield child
        child = child.next


def _cells(row: Any) -> Iterator[Any]:
    return (cell for cell in _elements(row) if cell.tag in ("td", "th"))


def _is_layout(table: Any) -> bool:
    """Tables that place blocks on a page rather than hold values."""
    if table.css_first("th") is not None:
        return table.css_first("table table, pre") is not None
    if table.css_first("td " + _LAYOUT.replace(", ", ", td ")) is not None:
        return True
    return all(len(list(_cells(row))) <= 1 for row in table.css("tr"))


def _start_number(node: Any) -> int:
    value = node.attributes.get("start") or "1"
    return int(value) if value.isdecimal() and len(value) < 7 else 1


def _preformatted(node: Any) -> str:
    for line_break in node.css("br"):
        line_break.replace_with("\n")
    return _INVISIBLE.sub("", node.text(deep=True)).replace("\r\n", "\n").replace("\r", "\n")


def _language(node: Any) -> str:
    for candidate in (node, node.css_first("code"), node.parent):
        if candidate is not None and candidate.tag and not candidate.tag.startswith("-"):
            match = _LANGUAGE.search(candidate.attributes.get("class") or "")
            if match:
                return match[1].lower()
    return ""
