"""The parts of a workspace that have to do with schemas and stored records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.schemas.parts import SchemaParts
    from headrace.infer.gateway.base import Envelope, RecordKeeper
    from headrace.infer.records.reading import RecordReader
    from headrace.infer.schemas.base import Schema
    from headrace.infer.schemas.chain import Chain
    from headrace.wiring import Wiring


def schema_parts(wiring: Wiring) -> SchemaParts:
    """What `workspace.schemas` works with."""
    from headrace.flows.schemas.parts import SchemaParts
    from headrace.infer.records.sealing import Seal

    return SchemaParts(
        ledger=wiring.ledger,
        root=wiring.config.root,
        reader=wiring._record_reader,
        seal=Seal(wiring._forgetting.keyring),
        support=wiring.config.schemas,
        actor=wiring.actor,
    )


def record_reader(wiring: Wiring) -> RecordReader:
    """What `workspace.records` reads with. The chain of a schema is opened once."""
    from headrace.flows.schemas.parts import chain_for
    from headrace.infer.records.reading import RecordReader
    from headrace.infer.records.sealing import Seal

    chains: dict[str, Chain] = {}

    def chain(name: str) -> Chain:
        if name not in chains:
            chains[name] = chain_for(wiring.config.root / "schemas", wiring.ledger, name)
        return chains[name]

    return RecordReader(
        wiring.ledger,
        Seal(wiring._forgetting.keyring),
        chain=chain,
        support=wiring.config.schemas,
        permitted=lambda conn, access: _permitted(wiring, conn, access),
    )


def record_keeper(wiring: Wiring) -> RecordKeeper:
    """Where the gateway keeps validated outputs."""
    from headrace.infer.records.keeper import LedgerRecords

    return LedgerRecords(
        wiring.ledger,
        wiring._forgetting.keyring,
        schema_of=lambda envelope: _schema_of(wiring, envelope),
        actor=wiring.actor,
    )


def _schema_of(wiring: Wiring, envelope: Envelope) -> Schema | None:
    """The schema that an envelope names: as a release or a former call left it, or as its file says now."""
    from headrace.infer.schemas.base import Schema
    from headrace.infer.schemas.file import load_schema, schema_names
    from headrace.ledger import artifacts

    with wiring.ledger.read() as conn:
        artifact = artifacts.get(conn, envelope.schema_digest)
    if artifact is not None:
        return Schema(
            name=envelope.schema,
            version=envelope.schema_version,
            digest=artifact.digest,
            json_schema=artifact.body,
        )
    folder = wiring.config.root / "schemas"
    if envelope.schema not in schema_names(folder):
        return None
    schema = load_schema(folder, envelope.schema)
    return schema if schema.digest == envelope.schema_digest else None


def _permitted(wiring: Wiring, conn: Connection, access: Sequence[str] | None) -> Callable[[str], bool]:
    from headrace.flows.why.permissions import permissions
    from headrace.flows.why.reader import Reader

    reader = Reader(
        ledger=wiring.ledger,
        conn=conn,
        events=wiring.events,
        releases=wiring.releases,
        corpora=list(wiring.config.corpora),
    )
    return permissions(reader, access)
