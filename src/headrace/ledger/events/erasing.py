"""Take what spans quote of forgotten documents, and what forgotten users said, out; the spans stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from headrace.ledger.erasers import covers, exempt
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
_ERASED = "erased"
_DERIVED = ("answer", "input", "output", "citations_removed", "otlp", "evaluations", "variables")
"""Attributes that may repeat, in any words, what a retrieved document says."""
_VARIABLES = "variables"
"""Of a call: any of them may be a user's words, whatever they are called."""
_ATTEMPTS = "attempts"
_ATTEMPT_WORDS = frozenset({"raw_output", "tool_calls", "refusal", "errors", "error"})
"""Of each attempt of a call."""
_MESSAGE_FACTS = frozenset({"role", "name", "tool_call_id"})
_PLACE = {"headings": [], "quote": TOMBSTONE, "text": TOMBSTONE}
_FACTS = re.compile(
    r"privacy\..*|gen_ai\.(operation|provider|system|request|response|usage|output\.type)\b.*|kind|model|asked"
    r"|corpus|document|revision|chunk_id|finish_reason|currency|repair|role|digest|version|label|record"
    r"|dead_letter|key"
)
"""Names of attributes that say nothing of a user: models, ids and outcomes."""

covers(NAME, "folder:events", "events:spans", "events:span_refs")
exempt("counts, times and hashed bits", "table:cold_files")
exempt("ids, times, keyed hashes, and why they are held", "table:trace_holds")

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


class Touched(NamedTuple):
    """Traces that met what is to be forgotten."""

    documents: Collection[str] = frozenset()
    """Those that retrieved or cited one of its documents."""
    subjects: Collection[str] = frozenset()
    """Those of one of its users."""

    def union(self, other: Touched | None) -> Touched:
        """Both together."""
        if other is None:
            return self
        return Touched({*self.documents, *other.documents}, {*self.subjects, *other.subjects})


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """Turns a span that met forgotten documents or users into one that does not tell of them."""

    scope: Scope
    keyring: Keyring

    @property
    def refs(self) -> list[str]:
        """References by which such spans are found."""
        return [*self.scope.names, *self.scope.chunk_ids]

    def __call__(self, span: SpanEvent, traces: Touched) -> SpanEvent:
        """The span without them, as its trace is among the touched ones."""
        touched = span.trace_id in traces.documents
        if span.trace_id in traces.subjects:
            span = self._without_user(span)
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

    def _without_user(self, span: SpanEvent) -> SpanEvent:
        """The span without anything that a user said or was told; models, ids and numbers stay."""
        session = span.session
        if session is not None and not session.startswith(f"{_ERASED}_"):
            session = self.keyring.keyed(_ERASED, session)
        return replace(
            span,
            name=span.name if span.service is None else span.kind,
            error=TOMBSTONE if span.error else span.error,
            session=session,
            attributes={key: _said(key, value) for key, value in span.attributes.items()},
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
                place[key] = self.keyring.keyed(_ERASED, str(value[key]))
        return place

    def _name(self, ref: str) -> str:
        if ref in self.scope.chunk_ids:
            return self.keyring.keyed(_ERASED, ref)
        for target in self.scope.targets:
            if ref == target.name:
                return f"{target.corpus}/{self.keyring.keyed('erased', target.uri)}"
        return ref


def _said(key: str, value: Any) -> Any:
    """A value of a user's span; texts become tombstones unless their name says that they are facts."""
    if key == _VARIABLES:
        return TOMBSTONE if value else value
    if isinstance(value, str):
        return value if not value or _FACTS.fullmatch(key) else TOMBSTONE
    if isinstance(value, Mapping):
        return {name: _said(name, part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_said(key, part) for part in value]
    return value


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in message.items() if key in _MESSAGE_FACTS} | {"content": TOMBSTONE}


def _without_words(attempt: Mapping[str, Any]) -> dict[str, Any]:
    """An attempt of a call without what the model wrote, and what is said of it."""
    return {key: TOMBSTONE if key in _ATTEMPT_WORDS and value else value for key, value in attempt.items()}


def touched(tables: Tables, redaction: Redaction) -> Touched:
    """Traces that retrieved or cited one of its documents, and those of its users."""
    return Touched(
        documents=_traces(tables, f"{tables.refs} WHERE ref", redaction.refs),
        subjects=_traces(tables, f"{tables.spans} WHERE subject", redaction.scope.subjects),
    )


def _traces(tables: Tables, where: str, values: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for part in slices(values):
        marks = ", ".join("?" * len(part))
        statement = f"SELECT DISTINCT trace_id FROM {where} IN ({marks})"  # noqa: S608 - our names
        found.update(row[0] for row in tables.select(statement, part))
    return found


def concerns(span: SpanEvent, redaction: Redaction, traces: Touched) -> bool:
    """Whether a span is of a touched trace, or its words mention a document."""
    if span.trace_id in traces.documents or span.trace_id in traces.subjects:
        return True
    return mentions([span.name, span.error, span.attributes], redaction.scope)


def mentioning(tables: Tables, redaction: Redaction, traces: Touched) -> Iterator[SpanEvent]:
    """Spans of these traces, and any others whose words mention a document."""
    return (span for span in spans(tables) if concerns(span, redaction, traces))


def spans(tables: Tables) -> Iterator[SpanEvent]:
    """Every span of one file or database."""
    for row in tables.select(f"SELECT {SPAN_COLUMNS} FROM {tables.spans}", ()):  # noqa: S608 - our names
        yield decode_span(row)


def rewrite(tables: Tables, redaction: Redaction, traces: Touched) -> list[SpanEvent]:
    """Redact the spans of one file or database; returns those that changed. Runs in a transaction."""
    changed = []
    for span in list(mentioning(tables, redaction, traces)):
        kept = redaction(span, traces)
        if kept == span:
            continue
        _replace(tables, span, kept)
        changed.append(span)
    return changed


def count(tables: Tables, redaction: Redaction, traces: Touched) -> int:
    """How many spans of one file or database a redaction would change."""
    return sum(redaction(span, traces) != span for span in mentioning(tables, redaction, traces))


def _replace(tables: Tables, old: SpanEvent, new: SpanEvent) -> None:
    place = (old.trace_id, old.span_id, old.end_ns)
    mine = "trace_id = ? AND span_id = ? AND end_ns = ?"
    encoded = encode_span(new)
    for table in (tables.spans, tables.refs):
        tables.execute(f"DELETE FROM {table} WHERE {mine}", place)  # noqa: S608 - our names
    tables.execute(insert_into(tables.spans, SPAN_COLUMNS), encoded.row)
    for link in encoded.links:
        tables.execute(insert_into(tables.refs, LINK_COLUMNS), link)
