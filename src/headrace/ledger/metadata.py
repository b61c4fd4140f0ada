"""Metadata of documents by the schema they stand under, and the declared schemas with their history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from headrace.ledger import artifacts, refs
from headrace.ledger.identity import digest
from headrace.ledger.storage.rows import from_json
from headrace.ledger.storage.tables.documents import documents as table
from headrace.records.metadata import MetadataSchema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write
    from headrace.records.document import Value


class DocumentMetadata(NamedTuple):
    """The metadata of one document of a generation."""

    uri: str
    chunk_count: int
    schema: str
    """Digest of the schema they stand under; empty where nothing was declared."""
    metadata: Mapping[str, Value]
    misfits: Mapping[str, Any]


def schema_digest(schema: MetadataSchema) -> str:
    """The name of what decides the values of documents; empty for a schema that says nothing."""
    return digest("fields", schema.values_body()) if schema else ""


def current(conn: Connection, corpus: str) -> MetadataSchema | None:
    """The schema that the last sync recorded; None before the first."""
    ref = refs.read(conn, _ref(corpus))
    artifact = None if ref is None else artifacts.get(conn, ref.artifact)
    return None if artifact is None else MetadataSchema.of(artifact.body)


def in_force(conn: Connection, corpus: str, configured: MetadataSchema) -> MetadataSchema:
    """What is configured, with the drops that still stand: declaring a field again takes its drop back."""
    before = current(conn, corpus)
    names = {item.name for item in configured.fields}
    dropped = before.dropped if before is not None else ()
    return replace(configured, dropped=tuple(name for name in dropped if name not in names))


def record(tx: Write, corpus: str, schema: MetadataSchema, *, actor: str, reason: str) -> None:
    """Make a schema the current one; one that is current already adds nothing."""
    if schema:
        artifacts.put(tx, "fields", schema.values_body())
    body = artifacts.put(tx, "metadata", schema.body())
    refs.move(tx, _ref(corpus), body, actor=actor, reason=reason)


def schemas(conn: Connection, digests: Collection[str]) -> dict[str, MetadataSchema]:
    """Schemas by digest, as far as they decide values; unknown ones say nothing."""
    found = artifacts.get_many(conn, [name for name in digests if name])
    return {
        name: MetadataSchema.of(found[name].body) if name in found else MetadataSchema() for name in digests
    }


def outside(conn: Connection, generation: str, schema: str) -> list[DocumentMetadata]:
    """Live documents of a generation that stand under another schema, by URI."""
    return _load(conn, generation, table.c.metadata_schema != schema)


def misfitting(conn: Connection, generation: str) -> list[DocumentMetadata]:
    """Live documents of a generation with a value that did not fit, by URI."""
    return _load(conn, generation, table.c.misfits != "{}")


def everything(conn: Connection, generation: str) -> list[DocumentMetadata]:
    """Every live document of a generation, by URI."""
    return _load(conn, generation, sa.true())


def _load(conn: Connection, generation: str, where: sa.ColumnElement[bool]) -> list[DocumentMetadata]:
    statement = (
        sa.select(
            table.c.uri, table.c.chunk_count, table.c.metadata_schema, table.c.metadata, table.c.misfits
        )
        .where(table.c.generation == generation, table.c.state == "live", where)
        .order_by(table.c.uri)
    )
    return [
        DocumentMetadata(uri, count, schema, from_json(metadata), from_json(misfits))
        for uri, count, schema, metadata, misfits in conn.execute(statement)
    ]


def _ref(corpus: str) -> str:
    return f"metadata/{corpus}"
