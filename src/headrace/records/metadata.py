"""Which metadata a corpus declares, and what filling a late field came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from headrace.records.document import Value
from headrace.records.sync import Failure

FieldType = Literal["string", "integer", "number", "boolean", "date", "datetime", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataField:
    """`[corpus.NAME.metadata.FIELD]`: one declared field."""

    name: str
    type: FieldType
    """What its values are; `list` is a list of texts. A value that does not fit is kept aside."""
    filterable: bool = True
    """Whether filters may name it."""
    default: Value = None
    """Value of documents that have none."""
    since: date | None = None
    """From which day on documents carry it; shown where documents lack it."""
    description: str = ""
    """What it means, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataSchema:
    """The declared fields of a corpus. Fields that are not declared are kept as they come."""

    fields: tuple[MetadataField, ...] = ()
    dropped: tuple[str, ...] = ()
    """Names, sorted, of fields that were dropped: their values are left out."""

    def get(self, name: str) -> MetadataField | None:
        """The declaration of a field."""
        return next((item for item in self.fields if item.name == name), None)

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.fields or self.dropped)

    def values_body(self) -> dict[str, Any]:
        """The part that decides what values documents get."""
        return {
            "fields": {item.name: {"type": item.type, "default": item.default} for item in self.fields},
            "dropped": list(self.dropped),
        }

    def body(self) -> dict[str, Any]:
        """All of it, as it is recorded."""
        return {
            "fields": {
                item.name: {
                    "type": item.type,
                    "filterable": item.filterable,
                    "default": item.default,
                    "since": None if item.since is None else item.since.isoformat(),
                    "description": item.description,
                }
                for item in self.fields
            },
            "dropped": list(self.dropped),
        }

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> MetadataSchema:
        """The schema of a recorded body, in full or of its values only."""
        return cls(
            fields=tuple(
                MetadataField(
                    name=name,
                    type=facts["type"],
                    filterable=facts.get("filterable", True),
                    default=facts["default"],
                    since=date.fromisoformat(facts["since"]) if facts.get("since") else None,
                    description=facts.get("description", ""),
                )
                for name, facts in body["fields"].items()
            ),
            dropped=tuple(body["dropped"]),
        )


NOTHING_DECLARED = MetadataSchema()
"""The schema of a corpus that declares no field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """What filling late metadata fields came to, in one corpus."""

    corpus: str
    run_id: str
    field: str | None
    """The one field that was asked for; None for all."""
    generations: tuple[str, ...]
    """Generations that were filled."""
    documents: int
    """Documents that now stand as the metadata schema says."""
    rewritten: int
    """…of which the index had to be given other values."""
    chunks: int
    """Chunks of those."""
    skipped: int
    """Documents that changed since they were indexed, which is for the next sync."""
    missing: Mapping[str, int]
    """Chunks that still lack a field, by field."""
    commits: int
    """Index commits made."""
    seconds: float
    failures: tuple[Failure, ...] = ()
    """Documents whose source could not be read again; they stay as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldUse:
    """What would miss a metadata field."""

    corpus: str
    field: str
    """Its name."""
    filters: int
    """Searches and answers among the recent ones whose filter names it."""
    documents: int
    """Documents with a value of it."""
    chunks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDecision:
    """That a metadata field goes, or gets another type."""

    corpus: str
    field: str
    """Its name."""
    decision: Literal["dropped", "retyped"]
    """What becomes of it."""
    use: FieldUse
    """What missed it at that time."""
    schema: str
    """Digest of the schema that holds from now on."""
