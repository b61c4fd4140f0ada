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
comparison with it except `!=` and `not in`. A field that the corpus declares is compared by its type, and a
list is equal to each of its texts.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.errors import FilterError
from headrace.ingest.index.schema import LIST_MARK, quoted
from headrace.ingest.search.typed import check_operator, check_use, literal
from headrace.records.metadata import NOTHING_DECLARED, MetadataField, MetadataSchema

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter that was understood."""

    predicate: str
    """For the index."""
    fields: tuple[str, ...]
    """The fields it names."""


def plan_filter(expression: str, schema: MetadataSchema = NOTHING_DECLARED) -> Filter:
    """Translate a filter expression for the index. Raises FilterError with the mistake's place."""
    if len(expression) > _MAX_LENGTH:
        raise FilterError(expression[:60] + "…", f"it is longer than {_MAX_LENGTH} characters")
    parser = _Parser(expression, _tokens(expression), schema)
    predicate = parser.expression(0)
    parser.end()
    return Filter(predicate=predicate, fields=tuple(dict.fromkeys(parser.fields)))


def compile_filter(expression: str) -> str:
    """The predicate of a filter over fields that are not declared. Raises FilterError."""
    return plan_filter(expression).predicate


def fields_of(expression: str) -> tuple[str, ...]:
    """The fields that a filter names. Raises FilterError."""
    return plan_filter(expression).fields


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
    def __init__(self, source: str, tokens: list[_Token], schema: MetadataSchema) -> None:
        self.fields: list[str] = []
        self._source = source
        self._tokens = tokens
        self._schema = schema
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
        declared = self._declared(field)
        if self._accept("keyword", "exists"):
            return _exists(field), False
        inverted = self._accept("keyword", "not")
        if inverted or self._peek("keyword", "in"):
            self._expect("keyword", "in")
            return self._members(field, declared), inverted
        token = self._next("a comparison")
        if token.kind != "symbol" or token.text not in _COMPARISONS:
            self._at -= 1
            raise self._error(f"expected one of {' '.join(_COMPARISONS)}, `in` or `exists`")
        if declared is not None:
            self._hold(lambda: check_operator(declared, token.text))
        kind, value = self._value(token.text, declared)
        if token.text == "!=":
            return _compare(field, "=", kind, value), True
        return _compare(field, token.text, kind, value), False

    def _declared(self, field: str) -> MetadataField | None:
        self.fields.append(field)
        declared = self._schema.get(field)
        if declared is not None:
            self._hold(lambda: check_use(declared))
        return declared

    def _members(self, field: str, declared: MetadataField | None) -> str:
        self._expect("symbol", "(")
        values = [self._value("=", declared)]
        while self._accept("symbol", ","):
            values.append(self._value("=", declared))
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

    def _value(self, operator: str, declared: MetadataField | None) -> tuple[str, str]:
        kind, value = self._literal("=" if declared is not None and operator == "^=" else operator)
        if declared is None:
            return kind, value
        value = self._hold(lambda: literal(declared, operator, kind, value))
        return ("item", value) if declared.type == "list" else (kind, value)

    def _literal(self, operator: str) -> tuple[str, str]:
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

    def _hold(self, check: Callable[[], Any]) -> Any:
        """Run a check of a declared field; what it finds wrong is about the token before."""
        try:
            return check()
        except ValueError as error:
            self._at -= 1
            raise self._error(str(error)) from None

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
    if kind == "item":
        return f"coalesce({_holds(field, value)}, false)"
    if operator == "^=":
        return f"coalesce(starts_with({_text(field)}, {quoted(value)}), false)"
    return f"coalesce({_text(field)} {operator} {quoted(value)}, false)"


def _member(field: str, values: Sequence[tuple[str, str]]) -> str:
    numbers = ", ".join(value for kind, value in values if kind == "number")
    texts = ", ".join(quoted(value) for kind, value in values if kind in ("text", "bool"))
    parts = [_holds(field, value) for kind, value in values if kind == "item"]
    parts += [f"{_number(field)} IN ({numbers})"] if numbers else []
    parts += [f"{_text(field)} IN ({texts})"] if texts else []
    return "(" + " OR ".join(f"coalesce({part}, false)" for part in parts) + ")"


def _holds(field: str, text: str) -> str:
    """Whether a list has a text; the index holds a list as one text with a mark around each item."""
    return f"contains({_text(field)}, {quoted(f'{LIST_MARK}{text}{LIST_MARK}')})"


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
