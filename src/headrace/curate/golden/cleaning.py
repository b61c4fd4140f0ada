"""Texts of cases and outputs before their first byte is written: without personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headrace.ledger.storage.rows import storable
from headrace.privacy.redact import outside_marks, redact

if TYPE_CHECKING:
    from headrace.privacy.engine import Engine


def cleaned(engine: Callable[[], Engine] | None, value: Any, counts: Counter[str]) -> Any:
    """A JSON value with personal data and secrets taken out of each of its texts, keys left as they are."""
    if isinstance(value, str):
        return _text(engine, value, counts)
    if isinstance(value, Mapping):
        return {storable(str(key)): cleaned(engine, item, counts) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(engine, item, counts) for item in value]
    return value


def _text(engine: Callable[[], Engine] | None, text: str, counts: Counter[str]) -> str:
    kept = storable(text)
    if engine is None or not kept:
        return kept
    opened = engine()
    findings = outside_marks(kept, opened.scan(kept))
    if not findings:
        return kept
    counts.update(finding.type for finding in findings)
    return redact(opened, kept)
