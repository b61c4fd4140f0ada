"""Takes personal data out of recorded calls before their first byte is written."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from headrace.privacy.engine import Engine
from headrace.privacy.redact import outside_marks, redact, replace_spans
from headrace.records.call import SpanEvent
from headrace.records.wire import to_plain

IDENTITIES = frozenset({"chunk_id", "document", "revision", "corpus"})
"""Attributes that name things, so that `why` finds them; they are kept as they are, like `refs`."""

VARIABLES = "variables"
"""Attribute: what callers gave a prompt; a variable may be called as it likes, so none is an identity."""
PROTECTED = "privacy.protected"
"""Attribute: whether the texts of a span were redacted."""
UNPROTECTED = "privacy.unprotected"
"""Attribute: types that were not looked for."""
REDACTED = "privacy.redacted"
"""Attribute: how many findings of each type were taken out."""

# What joins the texts of a span for one scan; nothing that is looked for reaches over it.
_BREAK = "\n\x00\n"


class CleanAttributes(dict[str, Any]):
    """Attributes of a span that was redacted before it was made: they are not looked through again."""


class SpanRedactor:
    """Redacts the error and every text among the attributes of spans."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        """`engine` is called once, at the first span."""
        self._open = engine
        self._engine: Engine | None = None

    def __call__(self, spans: Sequence[SpanEvent]) -> Sequence[SpanEvent]:
        """The spans without personal data, marked with what was done."""
        engine = self._engine = self._engine or self._open()
        return [
            span if isinstance(span.attributes, CleanAttributes) else _redacted(span, engine)
            for span in spans
        ]


def mark_unprotected(spans: Sequence[SpanEvent]) -> Sequence[SpanEvent]:
    """The spans as they are, marked as not redacted: for a workspace that switched redaction off."""
    return [
        span
        if isinstance(span.attributes, CleanAttributes)
        else dataclasses.replace(span, attributes={**span.attributes, PROTECTED: False})
        for span in spans
    ]


def _redacted(span: SpanEvent, engine: Engine) -> SpanEvent:
    texts = dict.fromkeys([*_texts(span.attributes), *([span.error] if span.error else [])])
    joined = _BREAK.join(texts)
    marks: dict[str, Any] = {PROTECTED: True}
    if engine.unprotected:
        marks[UNPROTECTED] = engine.unprotected
    if not outside_marks(joined, engine.scan(joined)):  # as nearly always: one scan for all its texts
        return dataclasses.replace(span, attributes={**span.attributes, **marks})
    counts: Counter[str] = Counter()
    clean = {text: _without_findings(text, engine, counts) for text in texts}
    cleaned = _replaced(to_plain(span.attributes), clean)
    marks[REDACTED] = dict(sorted(counts.items()))
    return dataclasses.replace(
        span, attributes={**cleaned, **marks}, error=clean[span.error] if span.error else span.error
    )


def _without_findings(text: str, engine: Engine, counts: Counter[str]) -> str:
    findings = outside_marks(text, engine.scan(text))
    if not findings:
        return text
    counts.update(finding.type for finding in findings)
    return redact(engine, replace_spans(text, findings))


def _texts(value: Any, identities: frozenset[str] = IDENTITIES) -> Iterator[str]:
    """Every text in attributes that is no identity; records as they will be written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if not (name in identities and isinstance(item, str)):
                yield from _texts(item, frozenset() if name == VARIABLES else identities)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, identities)
    elif not isinstance(value, int | float | None):
        plain = to_plain(value)
        if plain is not value:
            yield from _texts(plain, identities)


def _replaced(value: Any, clean: Mapping[str, str], identities: frozenset[str] = IDENTITIES) -> Any:
    if isinstance(value, str):
        return clean[value]
    if isinstance(value, Mapping):
        return {
            name: item
            if name in identities and isinstance(item, str)
            else _replaced(item, clean, frozenset() if name == VARIABLES else identities)
            for name, item in value.items()
        }
    return [_replaced(item, clean, identities) for item in value] if isinstance(value, list) else value
