"""Take what calls quote of forgotten documents out of their spans; the calls themselves stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from headrace.ledger.erasers import covers
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.erasure.scope import TOMBSTONE, Scope, mentions, without
from headrace.ledger.events.encoding import (
    LINK_COLUMNS,
    SPAN_COLUMNS,
    decode_span,
    encode_span,
    insert_into,
)
from headrace.ledger.storage.rows import slices
from headrace.records.call import SpanEvent, SpanRef

NAME = "events"
_DERIVED = ("answer", "input", "output", "citations_removed", "otlp", "evaluations")
"""Attributes that may repeat, in any words, what a retrieved document says."""
_ATTEMPTS = "attempts"
_ATTEMPT_WORDS = frozenset({"raw_output", "tool_calls", "refusal", "errors", "error"})
"""Of each attempt of a call."""
_MESSAGE_FACTS = frozenset({"role", "name", "tool_call_id"})
_PLACE = {"headings": [], "quote": TOMBSTONE, "text": TOMBSTONE}

covers(NAME, "folder:events", "events:spans", "events:span_refs")

Select = Callable[[str, Sequence[Any]], Iterable[Sequence[Any]]]
Execute = Callable[[str, Sequence[Any]], Any]


class Tables(NamedTuple):
    """The two tables of a store of spans, as one kind of database knows them."""

    spans: str
    refs: str
    select: Select
    """Runs a statement with `?` for values."""
    execute: Execute
    lock: str = ""
    """What a statement ends with that reads a row in order to change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """Turns a span that touched forgotten documents into one that does not tell of them."""

    scope: Scope
    keyring: Keyring

    @property
    def refs(self) -> list[str]:
        """References by which such spans are found."""
        return [*self.scope.names, *self.scope.chunk_ids]

    def __call__(self, span: SpanEvent, *, touched: bool) -> SpanEvent:
        """The span without them. `touched`: its trace retrieved or cited one of them."""
        attributes = {
            key: self._derived(key, value) if touched and key in _DERIVED else self._value(value)
            for key, value in span.attributes.items()
        }
        if touched and isinstance(attributes.get(_ATTEMPTS), list):
            attributes[_ATTEMPTS] = [_without_words(attempt) for attempt in attributes[_ATTEMPTS]]
        refs = tuple(SpanRef(role=ref.role, ref=self._name(ref.ref)) for ref in span.refs)
        error = None if span.error is None else without(span.error, self.scope)
        return replace(
            span, attributes=attributes, refs=refs, error=error, name=without(span.name, self.scope)
        )

    def _derived(self, key: str, value: Any) -> Any:
        if key == "input" and isinstance(value, list):
            return [_message(message) for message in value]
        return [TOMBSTONE] if isinstance(value, list) and value else TOMBSTONE if value else value

    def _value(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self._value(part) for part in value]
        if isinstance(value, Mapping):
            return self._place(value) if self._is_place(value) else self._map(value)
        return without(value, self.scope)

    def _map(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self._value(part) for key, part in value.items()}

    def _is_place(self, value: Mapping[str, Any]) -> bool:
        return value.get("chunk_id") in self.scope.chunk_ids or any(
            value.get("document") == target.uri for target in self.scope.targets
        )

    def _place(self, value: Mapping[str, Any]) -> dict[str, Any]:
        place = {key: _PLACE.get(key, self._value(part)) for key, part in value.items()}
        for key in ("chunk_id", "document", "revision"):
            if key in place:
                place[key] = self.keyring.keyed("erased", str(value[key]))
        return place

    def _name(self, ref: str) -> str:
        if ref in self.scope.chunk_ids:
            return self.keyring.keyed("erased", ref)
        for target in self.scope.targets:
            if ref == target.name:
                return f"{target.corpus}/{self.keyring.keyed('erased', target.uri)}"
        return ref


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in message.items() if key in _MESSAGE_FACTS} | {"content": TOMBSTONE}


def _without_words(attempt: Mapping[str, Any]) -> dict[str, Any]:
    """An attempt of a call without what the model wrote, and what is said of it."""
    return {key: TOMBSTONE if key in _ATTEMPT_WORDS and value else value for key, value in attempt.items()}


def touched(tables: Tables, refs: Sequence[str]) -> set[str]:
    """Traces that retrieved or cited one of these."""
    found: set[str] = set()
    for part in slices(refs):
        marks = ", ".join("?" * len(part))
        statement = f"SELECT trace_id FROM {tables.refs} WHERE ref IN ({marks})"  # noqa: S608 - our names
        found.update(row[0] for row in tables.select(statement, part))
    return found


def mentioning(tables: Tables, scope: Scope, traces: set[str]) -> Iterator[SpanEvent]:
    """Spans of these traces, and any others whose words mention a document."""
    for span in spans(tables):
        if span.trace_id in traces or mentions([span.name, span.error, span.attributes], scope):
            yield span


def spans(tables: Tables) -> Iterator[SpanEvent]:
    """Every span of one file or database."""
    for row in tables.select(f"SELECT {SPAN_COLUMNS} FROM {tables.spans}", ()):  # noqa: S608 - our names
        yield decode_span(row)


def rewrite(tables: Tables, redaction: Redaction, traces: set[str]) -> list[SpanEvent]:
    """Redact the spans of one file or database; returns those that changed. Runs in a transaction."""
    changed = []
    for span in list(mentioning(tables, redaction.scope, traces)):
        kept = redaction(span, touched=span.trace_id in traces)
        if kept == span:
            continue
        _replace(tables, span, kept)
        changed.append(span)
    return changed


def count(tables: Tables, redaction: Redaction, traces: set[str]) -> int:
    """How many spans of one file or database a redaction would change."""
    found = mentioning(tables, redaction.scope, traces)
    return sum(redaction(span, touched=span.trace_id in traces) != span for span in found)


def _replace(tables: Tables, old: SpanEvent, new: SpanEvent) -> None:
    place = (old.trace_id, old.span_id, old.end_ns)
    mine = "trace_id = ? AND span_id = ? AND end_ns = ?"
    encoded = encode_span(new)
    for table in (tables.spans, tables.refs):
        tables.execute(f"DELETE FROM {table} WHERE {mine}", place)  # noqa: S608 - our names
    tables.execute(insert_into(tables.spans, SPAN_COLUMNS), encoded.row)
    for link in encoded.links:
        tables.execute(insert_into(tables.refs, LINK_COLUMNS), link)
