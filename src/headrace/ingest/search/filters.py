"""The filter language of searches, translated to the index; no SQL of a caller reaches it.

    expression := term { "or" term }
    term       := factor { "and" factor }
    factor     := [ "not" ] ( "(" expression ")" | comparison )
    comparison := field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "^=" ) value
                | field [ "not" ] "in" "(" value { "," value } ")"
                | field "exists"
    field      := name | "quoted name"
    value      := 'text' | number | true | false

A field is a metadata name, or one of `document`, `revision`, `page`. `^=` means "begins with". A comparison
with a number matches numbers and text that reads as one. A document that lacks the field satisfies no
comparison with it except `!=` and `not in`.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from headrace.errors import FilterError
from headrace.ingest.index.schema import quoted

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<name>"[^"]+")
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<symbol><=|>=|!=|\^=|[=<>(),])
      | (?P<word>[^\W\d][\w.\-]*)
    )""",
    re.VERBOSE,
)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "^=")
_RESERVED = ("and", "or", "not", "in", "exists", "true", "false")
_TEXT_COLUMNS = ("document", "revision")
_NUMBER_COLUMNS = ("page",)
_MAX_LENGTH = 10_000
_MAX_DEPTH = 16
"""The parser of the index gives up near 20."""
_LARGEST = repr(sys.float_info.max)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def compile_filter(expression: str) -> str:
    """Translate a filter expression to a Lance predicate. Raises FilterError with the mistake's place."""
    if len(expression) > _MAX_LENGTH:
        raise FilterError(expression[:60] + "…", f"it is longer than {_MAX_LENGTH} characters")
    parser = _Parser(expression, _tokens(expression))
    predicate = parser.expression(0)
    parser.end()
    return predicate


def _tokens(expression: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].lstrip()
            problem = f"{rest[:1]!r} is not understood"
            raise FilterError(expression, problem, position=len(text) - len(rest))
        kind = match.lastgroup or ""
        value = match.group(kind)
        if kind == "word" and value.lower() in _RESERVED:
            kind, value = "keyword", value.lower()
        tokens.append(_Token(kind, value, match.start(match.lastgroup or 0)))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, source: str, tokens: list[_Token]) -> None:
        self._source = source
        self._tokens = tokens
        self._at = 0

    def expression(self, depth: int, *, negated: bool = False) -> str:
        # A negation moves inward to the comparisons, which are never null: nested ones cost the planner of
        # the index twice the time for each level.
        parts = [self._term(depth, negated)]
        while self._accept("keyword", "or"):
            parts.append(self._term(depth, negated))
        return _joined(parts, "AND" if negated else "OR")

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._error("expected `and`, `or` or the end")

    def _term(self, depth: int, negated: bool) -> str:
        parts = [self._factor(depth, negated)]
        while self._accept("keyword", "and"):
            parts.append(self._factor(depth, negated))
        return _joined(parts, "OR" if negated else "AND")

    def _factor(self, depth: int, negated: bool) -> str:
        if depth > _MAX_DEPTH:
            raise self._error(f"it is nested more than {_MAX_DEPTH} levels deep")
        if self._accept("keyword", "not"):
            return self._factor(depth + 1, not negated)
        if self._accept("symbol", "("):
            inner = self.expression(depth + 1, negated=negated)
            self._expect("symbol", ")")
            return inner
        predicate, inverted = self._comparison()
        return f"NOT ({predicate})" if inverted is not negated else predicate

    def _comparison(self) -> tuple[str, bool]:
        """A predicate that is never null, and whether its opposite is meant."""
        field = self._field()
        if self._accept("keyword", "exists"):
            return _exists(field), False
        inverted = self._accept("keyword", "not")
        if inverted or self._peek("keyword", "in"):
            self._expect("keyword", "in")
            return self._members(field), inverted
        token = self._next("a comparison")
        if token.kind != "symbol" or token.text not in _COMPARISONS:
            self._at -= 1
            raise self._error(f"expected one of {' '.join(_COMPARISONS)}, `in` or `exists`")
        kind, value = self._value(token.text)
        if token.text == "!=":
            return _compare(field, "=", kind, value), True
        return _compare(field, token.text, kind, value), False

    def _members(self, field: str) -> str:
        self._expect("symbol", "(")
        values = [self._value("=")]
        while self._accept("symbol", ","):
            values.append(self._value("="))
        self._expect("symbol", ")")
        return _member(field, values)

    def _field(self) -> str:
        token = self._next("a field name")
        if token.kind == "name":
            return token.text[1:-1]
        if token.kind == "word":
            return token.text
        self._at -= 1
        raise self._error("expected a field name")

    def _value(self, operator: str) -> tuple[str, str]:
        token = self._next("a value")
        if token.kind == "text":
            return "text", token.text[1:-1].replace("''", "'")
        if token.kind == "number" and operator != "^=":
            number = float(token.text)
            if math.isfinite(number):
                return "number", repr(number)
            self._at -= 1
            raise self._error("this number is too large")
        if token.kind == "keyword" and token.text in ("true", "false") and operator in ("=", "!="):
            return "bool", token.text
        self._at -= 1
        raise self._error("expected a value: 'text', a number, true or false")

    def _accept(self, kind: str, text: str) -> bool:
        if self._peek(kind, text):
            self._at += 1
            return True
        return False

    def _peek(self, kind: str, text: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        token = self._tokens[self._at]
        return token.kind == kind and token.text == text

    def _expect(self, kind: str, text: str) -> None:
        if not self._accept(kind, text):
            raise self._error(f"expected {text!r}")

    def _next(self, what: str) -> _Token:
        if self._at >= len(self._tokens):
            raise self._error(f"it ends where {what} should stand")
        self._at += 1
        return self._tokens[self._at - 1]

    def _error(self, problem: str) -> FilterError:
        at = self._tokens[self._at].position if self._at < len(self._tokens) else len(self._source)
        return FilterError(self._source, problem, position=at)


def _joined(parts: Sequence[str], word: str) -> str:
    return parts[0] if len(parts) == 1 else "(" + f" {word} ".join(parts) + ")"


def _compare(field: str, operator: str, kind: str, value: str) -> str:
    if kind == "number":
        number = _number(field)
        # A text such as 'nan' or 'inf' casts to a number, and sorts above or below every other one.
        finite = {">": f" AND {number} <= {_LARGEST}", "<": f" AND {number} >= -{_LARGEST}"}.get(
            operator[0], ""
        )
        return f"coalesce({number} {operator} {value}{finite}, false)"
    literal = quoted(value)
    if operator == "^=":
        return f"coalesce(starts_with({_text(field)}, {literal}), false)"
    return f"coalesce({_text(field)} {operator} {literal}, false)"


def _member(field: str, values: Sequence[tuple[str, str]]) -> str:
    numbers = ", ".join(value for kind, value in values if kind == "number")
    texts = ", ".join(quoted(value) for kind, value in values if kind != "number")
    parts = [f"{_number(field)} IN ({numbers})"] if numbers else []
    parts += [f"{_text(field)} IN ({texts})"] if texts else []
    return "(" + " OR ".join(f"coalesce({part}, false)" for part in parts) + ")"


def _exists(field: str) -> str:
    if field in _TEXT_COLUMNS:
        return "true"
    return f"({_text(field)} IS NOT NULL)"


def _number(field: str) -> str:
    if field in _NUMBER_COLUMNS:
        return field
    return f"try_cast({_text(field)} AS DOUBLE)"


def _text(field: str) -> str:
    if field in _TEXT_COLUMNS:
        return field
    if field in _NUMBER_COLUMNS:
        return f"cast({field} AS string)"
    return f"json_get_string(metadata, {quoted(field)})"
