"""Versions of schemas in the ledger: an artifact for each, and a ref `schema/NAME/VERSION`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.errors import ConfigError
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.meaning import same_meaning
from headrace.infer.schemas.versions import changed
from headrace.ledger import artifacts, refs
from headrace.ledger.storage.tables.artifacts import refs as refs_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

KIND = "schema"


def ref_name(name: str, version: int) -> str:
    """The ref of one version."""
    return f"{KIND}/{name}/{version}"


def remember(ledger: Ledger, schema: Schema, *, actor: str, reason: str) -> None:
    """Keep a version for good; writes only what is not there yet.

    Raises ConfigError when the version is known with another meaning.
    """
    with ledger.read() as conn:
        current = refs.read(conn, ref_name(schema.name, schema.version))
    if current is None or current.artifact != schema.digest:
        ledger.write(lambda tx: put(tx, schema, actor=actor, reason=reason))


def put(tx: Write, schema: Schema, *, actor: str, reason: str) -> None:
    """The same inside a transaction."""
    require_unchanged(tx.conn, schema)
    artifact = artifacts.put(tx, KIND, dict(schema.json_schema))
    refs.move(tx, ref_name(schema.name, schema.version), artifact, actor=actor, reason=reason)


def require_unchanged(conn: Connection, schema: Schema) -> None:
    """Raise ConfigError when this version was used or checked with another meaning."""
    current = refs.read(conn, ref_name(schema.name, schema.version))
    if current is None or current.artifact == schema.digest:
        return
    known = _schema(conn, schema.name, schema.version, current.artifact)
    if known is not None and not same_meaning(known, schema):
        raise ConfigError(changed(schema.name, schema.version, "its file", "what was used or checked"))


def recorded(conn: Connection, name: str) -> dict[int, Schema]:
    """Every version of a schema that was ever used or checked."""
    found = {}
    for ref, artifact in _current(conn, f"{KIND}/{name}/").items():
        version = ref.rpartition("/")[2]
        schema = _schema(conn, name, int(version), artifact)
        if schema is not None:
            found[int(version)] = schema
    return dict(sorted(found.items()))


def recorded_names(conn: Connection) -> set[str]:
    """Schemas of which a version was ever used or checked."""
    return {ref.split("/")[1] for ref in _current(conn, f"{KIND}/")}


def _current(conn: Connection, prefix: str) -> Mapping[str, str]:
    statement = (
        sa.select(refs_table.c.name, refs_table.c.artifact)
        .where(refs_table.c.name.startswith(prefix, autoescape=True))
        .order_by(refs_table.c.name, refs_table.c.seq)
    )
    return {row.name: row.artifact for row in conn.execute(statement)}  # the last step of each stands


def _schema(conn: Connection, name: str, version: int, digest: str) -> Schema | None:
    artifact = artifacts.get(conn, digest)
    if artifact is None:
        return None
    return Schema(name=name, version=version, digest=digest, json_schema=artifact.body)
