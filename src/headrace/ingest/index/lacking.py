"""How many chunks lack a declared field, because their documents were indexed before it was declared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headrace.ingest.index.values import fits
from headrace.ledger import metadata
from headrace.ledger.metadata import DocumentMetadata
from headrace.records.metadata import MetadataField, MetadataSchema

if TYPE_CHECKING:
    from sqlalchemy import Connection


def lacking(conn: Connection, generation: str, schema: MetadataSchema) -> dict[str, int]:
    """Chunks that lack a field, by field, of those that are lacked at all."""
    counts: Counter[str] = Counter()
    for document, fields in lacking_documents(conn, generation, schema):
        counts.update(dict.fromkeys(fields, document.chunk_count))
    return {name: count for name, count in sorted(counts.items()) if count}


def lacking_documents(
    conn: Connection, generation: str, schema: MetadataSchema
) -> list[tuple[DocumentMetadata, list[str]]]:
    """Documents that stand under another schema, each with the fields it lacks, if any."""
    pending = metadata.outside(conn, generation, metadata.schema_digest(schema))
    stood = metadata.schemas(conn, {document.schema for document in pending})
    return [(document, _lacks(document, stood[document.schema], schema.fields)) for document in pending]


def misfits(conn: Connection, generation: str) -> dict[str, int]:
    """Documents with a value that did not fit its declared type, by field."""
    counts: Counter[str] = Counter()
    for document in metadata.misfitting(conn, generation):
        counts.update(document.misfits.keys())
    return dict(sorted(counts.items()))


def _lacks(document: DocumentMetadata, before: MetadataSchema, fields: Sequence[MetadataField]) -> list[str]:
    return [field.name for field in fields if _lacks_one(document.metadata, before.get(field.name), field)]


def _lacks_one(values: Mapping[str, object], before: MetadataField | None, field: MetadataField) -> bool:
    if before is not None and (before.type, before.default) == (field.type, field.default):
        return False  # another field changed, this one stands as declared
    value = values.get(field.name)
    if value is None or not fits(value, field.type):  # type: ignore[arg-type]  # values of the ledger
        return True
    return before is not None and before.default == value  # it may be the former default
