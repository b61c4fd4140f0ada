"""Stored outputs, as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSource:
    """A chunk that an output was derived from."""

    corpus: str
    """Its name."""
    document: str
    """URI; a keyed hash once the document was forgotten."""
    revision: str
    """Of the document, as it was retrieved."""
    chunk_id: str
    """A keyed hash once the document was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSummary:
    """A stored output without what it says."""

    id: str
    """Made of its call: the same call is the same record."""
    schema: str
    """Name."""
    version: int
    """Of the schema it was valid by when it was stored."""
    schema_digest: str
    """Names that schema."""
    model: str
    """As the provider named itself."""
    prompt: str | None
    """Digest of the prompt version."""
    rendered: str
    """Digest of the messages as they were sent."""
    generation: str | None
    """Of the index that was searched."""
    release: str | None
    """That served."""
    trace_id: str
    """Of its call."""
    span_id: str
    """The call within the trace."""
    event_time_us: int
    """When what it tells of happened."""
    known_at_us: int
    """When it was stored."""
    repair: str | None
    """How the output was mended before it was valid."""
    retrieved: Sequence[RecordSource]
    """What it was derived from."""
    erased_at_us: int | None = None
    """When what it says was erased, with a document it was derived from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordList:
    """Stored outputs, newest first."""

    records: Sequence[RecordSummary]
    """Without what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A stored output in one version of its schema."""

    record: RecordSummary
    """Its envelope."""
    version: int
    """Of the value below."""
    value: Any
    """None also where it was erased."""
    told: Literal["as stored", "upgraded", "downgraded", "erased"]
    """How the value came to be."""
    original: str
    """What the model wrote; bytes that are no UTF-8 are shown as escapes."""
    warnings: Sequence[str] = ()
    """That this version will not be served for long."""
