"""Upgrades stored records at once; a kill loses no more than the batch it fell into."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from headrace.errors import HeadraceError
from headrace.infer.records import store
from headrace.infer.records.reading import RecordReader
from headrace.infer.records.sealing import Seal
from headrace.infer.schemas.chain import Chain
from headrace.ledger import leases
from headrace.ledger.failpoints import declare, fire

if TYPE_CHECKING:
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

_BATCH_MADE = declare("record.rewrite_made")
_IN_TRANSACTION = declare("record.rewrite_in_transaction")
_BATCH_WRITTEN = declare("record.rewrite_written")


class Failed(NamedTuple):
    """A record that could not be upgraded; it stays as it was."""

    record: str
    error: str


class Rewritten(NamedTuple):
    """What a rewrite did."""

    written: int
    failed: list[Failed]


def rewrite_all(ledger: Ledger, reader: RecordReader, seal: Seal, chain: Chain, *, batch: int) -> Rewritten:
    """Store the newest version of every record of a schema beside what was written first.

    What is done is marked in each record, so that a second run goes on where the first one ended. Raises
    LeaseHeld while another process rewrites the same schema.
    """
    with leases.held(ledger, f"schema/{chain.name}") as lease:
        written, failed, after = 0, list[Failed](), ""
        while True:
            with ledger.read() as conn:
                rows = store.outdated(
                    conn,
                    chain.name,
                    version=chain.newest,
                    chain=chain.fingerprint,
                    after=after,
                    limit=batch,
                )
            if not rows:
                return Rewritten(written, failed)
            made: list[tuple[str, bytes]] = []
            for row in rows:
                try:
                    value = reader.translated(row, chain, target=chain.newest)
                except HeadraceError as error:
                    failed.append(Failed(row.id, error.message))
                    continue
                made.append((row.id, seal.close(row.id, value)))
            fire(_BATCH_MADE)
            _write(ledger, lease, made, chain)
            fire(_BATCH_WRITTEN)
            written, after = written + len(made), rows[-1].id


def _write(ledger: Ledger, lease: Lease, made: list[tuple[str, bytes]], chain: Chain) -> None:
    def work(tx: Write) -> None:
        leases.check(tx, lease)
        store.rewrite(tx, made, version=chain.newest, chain=chain.fingerprint)
        fire(_IN_TRANSACTION)

    ledger.write(work)
