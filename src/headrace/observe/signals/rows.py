"""Signals between the record that doors show and the row that the ledger keeps."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headrace.ledger.signals import SignalRow
from headrace.ledger.storage.rows import storable
from headrace.observe.signals.kinds import KINDS, SUBJECT
from headrace.observe.signals.parts import SignalParts
from headrace.observe.signals.shown import Shown, is_exposed, share_changed
from headrace.privacy.redact import outside_marks, redact
from headrace.records.signals import Signal
from headrace.records.times import rfc3339

_SUBJECT_KEY = re.compile(rf"{SUBJECT}_[a-z2-7]{{26}}")
BUCKET_US = 60_000_000
"""Equal signals within one such bucket of time are one signal, where no client id says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A signal as it was given, its values checked."""

    trace_id: str
    kind: str
    value: Any = None
    span_id: str | None = None
    subject: str | None = None
    """The name of whoever gave it."""
    comment: str | None = None
    client_id: str | None = None
    at_us: int | None = None
    """Now, without."""
    inferred: bool = False


def row_of(parts: SignalParts, given: Given) -> SignalRow:
    """The row of a signal: texts redacted, its user and its id turned into keyed hashes."""
    counts: Counter[str] = Counter()
    now_us = time.time_ns() // 1000
    at_us = now_us if given.at_us is None else given.at_us
    value = _clean(parts, given.value, counts) if KINDS[given.kind].text else given.value
    subject = None if given.subject is None else subject_key(parts, given.subject)
    own = [given.client_id] if given.client_id else None
    by_content = [given.trace_id, given.span_id, given.kind, subject, given.value, at_us // BUCKET_US]
    named = ["client", *own] if own else ["content", json.dumps(by_content, sort_keys=True)]
    return SignalRow(
        id=parts.keyring.keyed("signal", *named),
        trace_id=given.trace_id,
        span_id=given.span_id,
        kind=given.kind,
        subject=subject,
        value=json.dumps(value),
        comment=_clean(parts, given.comment, counts) if given.comment else None,
        redacted=json.dumps(dict(sorted(counts.items()))),
        inferred=int(given.inferred),
        exposed=None,
        changed=None,
        at_us=at_us,
        received_at_us=now_us,
        joined_at_us=None,
    )


def subject_key(parts: SignalParts, subject: str) -> str:
    """What stands for a user in the ledger; what does so already stays as it is."""
    if _SUBJECT_KEY.fullmatch(subject):
        return subject
    return parts.keyring.keyed(SUBJECT, subject.strip())


def joined(row: SignalRow, answer: Shown, *, now_us: int) -> SignalRow:
    """A row with what its trace tells of it."""
    value = json.loads(row.value)
    changed = None
    if row.kind == "edited_text" and answer.answer and isinstance(value, str):
        changed = share_changed(answer.answer, value)
    return row._replace(
        exposed=int(is_exposed(row.kind, value, answer)), changed=changed, joined_at_us=now_us
    )


def signal_of(row: SignalRow, *, texts: bool = True) -> Signal:
    """The record of a row; without `texts` nothing that a user wrote."""
    hidden = not texts and KINDS[row.kind].text
    return Signal(
        id=row.id,
        trace_id=row.trace_id,
        span_id=row.span_id,
        kind=row.kind,
        explicit=KINDS[row.kind].explicit,
        value=None if hidden else json.loads(row.value),
        comment=row.comment if texts else None,
        subject=row.subject,
        inferred=bool(row.inferred),
        joined=row.joined_at_us is not None,
        exposed=None if row.exposed is None else bool(row.exposed),
        changed=row.changed,
        at=rfc3339(row.at_us),
        at_us=row.at_us,
        redacted=json.loads(row.redacted),
    )


def signals_of(rows: Sequence[SignalRow], *, texts: bool = True) -> tuple[Signal, ...]:
    """The records of rows."""
    return tuple(signal_of(row, texts=texts) for row in rows)


def _clean(parts: SignalParts, text: Any, counts: Counter[str]) -> Any:
    if not isinstance(text, str):
        return text
    kept = storable(text)
    if parts.engine is None:
        return kept
    engine = parts.engine()
    counts.update(finding.type for finding in outside_marks(kept, engine.scan(kept)))
    return redact(engine, kept)
