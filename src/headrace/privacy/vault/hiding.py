"""Puts tokens into a text, plain or JSON, so that putting the values back gives the very same text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from headrace.privacy.vault.jsontext import Span, View, is_json, quoted, view
from headrace.privacy.vault.spans import Hidden, Scan, hidden
from headrace.privacy.vault.tokens import token
from headrace.privacy.vault.values import Form, Value

Mint = Callable[[str, Value], str]
"""From a type and a value to the name of its token."""


class _Piece(NamedTuple):
    start: int
    end: int
    text: str


def hide(text: str, scan: Scan, mint: Mint) -> str:
    """The text with a token for each value. In JSON, what its strings say is looked at, not their escapes."""
    if is_json(text):
        return _assembled(text, _json_pieces(text, scan, mint))
    spans = hidden(text, scan)
    result = _assembled(text, _plain_pieces(text, spans, mint, "text"))
    if spans and is_json(result):  # only what was hidden kept it from being JSON: it comes back unescaped
        result = _assembled(text, _plain_pieces(text, spans, mint, "raw"))
    return result


def _assembled(text: str, pieces: Iterator[_Piece]) -> str:
    parts: list[str] = []
    at = 0
    for piece in pieces:
        parts += (text[at : piece.start], piece.text)
        at = piece.end
    return "".join((*parts, text[at:])) if parts else text


def _plain_pieces(text: str, spans: list[Hidden], mint: Mint, form: Form) -> Iterator[_Piece]:
    for span in spans:
        name = mint(span.type, Value(text[span.start : span.end], form))
        yield _Piece(span.start, span.end, token(name))


def _json_pieces(text: str, scan: Scan, mint: Mint) -> Iterator[_Piece]:
    seen = view(text)
    inner = {string: piece for string in seen.strings if (piece := _inner(text, seen, string, scan, mint))}
    spans = hidden(seen.text, scan)
    pieces = list(inner.values())
    for string in seen.strings:
        if string not in inner:
            pieces += [_quoted_piece(text, seen, span, mint) for span in _within(spans, string)]
    for number in seen.numbers:
        if found := next(_within(spans, number), None):
            start, end = seen.source(number.start), seen.source(number.end)
            pieces.append(_Piece(start, end, f'"{token(mint(found.type, Value(text[start:end], "bare")))}"'))
    return iter(sorted(pieces))


def _within(spans: list[Hidden], part: Span) -> Iterator[Hidden]:
    """What of the spans lies in a part of the text."""
    at = bisect_right(spans, part.start, key=lambda span: span.end)
    while at < len(spans) and spans[at].start < part.end:
        span = spans[at]
        yield Hidden(max(span.start, part.start), min(span.end, part.end), span.type)
        at += 1


def _quoted_piece(text: str, seen: View, span: Hidden, mint: Mint) -> _Piece:
    start, end = seen.source(span.start), seen.source(span.end)
    raw, said = text[start:end], seen.text[span.start : span.end]
    is_escaped = raw.isascii() and not said.isascii()
    exact = quoted(said, ascii_only=is_escaped) == raw
    value = Value(said) if exact else Value(raw, "raw")
    return _Piece(start, end, token(mint(span.type, value), escaped=is_escaped))


def _inner(text: str, seen: View, string: Span, scan: Scan, mint: Mint) -> _Piece | None:
    """A string that is JSON itself, such as the arguments of a tool call, when something in it was hidden."""
    said = seen.text[string.start : string.end]
    if not is_json(said):
        return None
    start, end = seen.source(string.start), seen.source(string.end)
    raw = text[start:end]
    styles = [style for style in (False, True) if quoted(said, ascii_only=style) == raw]
    clean = hide(said, scan, mint) if styles else said
    return _Piece(start, end, quoted(clean, ascii_only=styles[0])) if clean != said else None
