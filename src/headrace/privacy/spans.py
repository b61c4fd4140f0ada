"""Takes personal data out of recorded calls before their first byte is written."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from headrace.privacy.engine import Engine
from headrace.privacy.redact import outside_marks, redact
from headrace.records.call import SpanEvent
from headrace.records.wire import to_plain

IDENTITIES = frozenset({"chunk_id", "document", "revision", "corpus"})
"""Attributes that name things, so that `why` finds them; they are kept as they are, like `refs`."""

PROTECTED = "privacy.protected"
"""Attribute: whether the texts of a span were redacted."""
UNPROTECTED = "privacy.unprotected"
"""Attribute: types that were not looked for."""
REDACTED = "privacy.redacted"
"""Attribute: how many findings of each type were taken out."""

# What joins the texts of a span for one scan; nothing that is looked for reaches over it.
_BREAK = "\n\x00\n"


class SpanRedactor:
    """Redacts the error and every text among the attributes of spans."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        """`engine` is called once, at the first span."""
        self._open = engine
        self._engine: Engine | None = None

    def __call__(self, spans: Sequence[SpanEvent]) -> Sequence[SpanEvent]:
        """The spans without personal data, marked with what was done."""
        engine = self._engine = self._engine or self._open()
        return [_redacted(span, engine) for span in spans]


def mark_unprotected(spans: Sequence[SpanEvent]) -> Sequence[SpanEvent]:
    """The spans as they are, marked as not redacted: for a workspace that switched redaction off."""
    return [dataclasses.replace(span, attributes={**span.attributes, PROTECTED: False}) for span in spans]


def _redacted(span: SpanEvent, engine: Engine) -> SpanEvent:
    attributes = to_plain(span.attributes)
    texts = [*_texts(attributes), *([span.error] if span.error else [])]
    joined = _BREAK.join(texts)
    marks: dict[str, Any] = {PROTECTED: True}
    if engine.unprotected:
        marks[UNPROTECTED] = engine.unprotected
    if not outside_marks(joined, engine.scan(joined)):
        return dataclasses.replace(span, attributes={**attributes, **marks})
    counts: Counter[str] = Counter()

    def clean(text: str) -> str:
        counts.update(finding.type for finding in outside_marks(text, engine.scan(text)))
        return redact(engine, text)

    cleaned = _cleaned(attributes, clean)
    error = clean(span.error) if span.error else span.error
    marks[REDACTED] = dict(sorted(counts.items()))
    return dataclasses.replace(span, attributes={**cleaned, **marks}, error=error)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if not (name in IDENTITIES and isinstance(item, str)):
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {
            name: item if name in IDENTITIES and isinstance(item, str) else _cleaned(item, clean)
            for name, item in value.items()
        }
    return [_cleaned(item, clean) for item in value] if isinstance(value, list) else value
