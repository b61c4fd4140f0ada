"""Give documents of one generation other metadata: rows are rewritten with the vectors they have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from headrace.ingest.index.generation import GenerationTable
from headrace.ingest.index.rows import rows_of, with_metadata
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.digest import generation_digest
from headrace.ingest.sync.prepare import Prepared, document_digest
from headrace.ledger import documents, failures, leases, metadata, snapshots
from headrace.ledger.columnar.table import ColumnarTable
from headrace.ledger.documents import DocumentState, load_brief
from headrace.ledger.failpoints import declare, fire

if TYPE_CHECKING:
    from headrace.ingest.sync.context import SyncContext
    from headrace.ingest.sync.publish import FailureRecord
    from headrace.ledger.generations import Generation
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Write

_BEFORE_COMMIT = declare("metadata.before_index_commit")
_AFTER_COMMIT = declare("metadata.after_index_commit")
_IN_TRANSACTION = declare("metadata.in_ledger_transaction")
_AFTER_PUBLISH = declare("metadata.after_publish")


class Refill:
    """Writes batches of one run into one generation, under the corpus lease."""

    def __init__(self, context: SyncContext, generation: Generation, lease: Lease, run_id: str) -> None:
        self.generation = generation
        self.filled: set[str] = set()
        """URIs that stand under the schema now."""
        self.rewritten: set[str] = set()
        """…of which the rows changed."""
        self.chunks = 0
        self.commits = 0
        self._context = context
        self._lease = lease
        self._run_id = run_id
        self._schema = metadata.schema_digest(context.metadata)
        self._opened: GenerationTable | None = None

    def fill(self, read: Sequence[Prepared], failed: Sequence[FailureRecord]) -> set[str]:
        """Publish documents that were read again; returns those that changed since they were indexed."""
        with self._context.ledger.read() as conn:
            states = documents.lookup(conn, self.generation.id, [item.candidate.item.uri for item in read])
        wanted: dict[str, DocumentState] = {}
        changed: set[str] = set()
        for item in read:
            state = states.get(item.candidate.item.uri)
            if state is None or state.metadata_schema == self._schema:
                continue
            if state.revision != item.revision:
                changed.add(state.uri)
                continue
            wanted[state.uri] = self._state(state, item)
        rewrite = [uri for uri, state in wanted.items() if state.metadata != states[uri].metadata]
        version = self._rewrite(rewrite, wanted) if rewrite else None
        if wanted or failed:
            self._context.ledger.write(lambda tx: self._record(tx, list(wanted.values()), failed, version))
            fire(_AFTER_PUBLISH)
        self.filled |= wanted.keys()
        self.rewritten |= set(rewrite)
        self.chunks += sum(wanted[uri].chunk_count for uri in rewrite)
        return changed

    def settle(self) -> None:
        """Bring the indices up to date and name what the generation holds now."""
        if self._opened is None and not self.filled:
            return
        if self._opened is not None:
            self.commits += self._opened.maintain(self._context.upkeep)
        self._context.ledger.write(self._name)
        if self._opened is not None:
            # Only now: what the former snapshot needs must last until the new one is published.
            self._opened.clean(self._context.upkeep)

    def _state(self, state: DocumentState, item: Prepared) -> DocumentState:
        return state._replace(
            input_digest=item.input_digest,
            metadata=dict(item.metadata),
            metadata_schema=self._schema,
            misfits=item.misfits,
            run_id=self._run_id,
        )

    def _rewrite(self, uris: Sequence[str], states: dict[str, DocumentState]) -> int:
        """Swap the rows of documents for rows with other metadata, and name the documents anew."""
        table = self._table()
        found = rows_of(table.table, uris)
        for uri in uris:
            state, (chunk_ids, text_hashes) = states[uri], found.keys_of(uri)
            digest = document_digest(uri, state.revision, chunk_ids, text_hashes, state.metadata)
            states[uri] = state._replace(digest=digest)
        rows = with_metadata(found.rows, {uri: states[uri].metadata for uri in uris})
        with self._context.ledger.read() as conn:
            leases.require(conn, self._lease)
        fire(_BEFORE_COMMIT)
        version = table.replace(list(uris), rows=rows, run_id=self._run_id)
        self.commits += 1
        fire(_AFTER_COMMIT)
        return version

    def _table(self) -> GenerationTable:
        if self._opened is None:
            dimension = ColumnarTable(self.generation.location).head().schema.field("vector").type.list_size
            self._opened = GenerationTable(
                self.generation.location, dimension=dimension, config=self._context.index_config
            )
            targets.recover(self._context, self._opened, self.generation.id, self._lease, self._run_id)
        return self._opened

    def _record(
        self,
        tx: Write,
        states: Sequence[DocumentState],
        failed: Collection[FailureRecord],
        version: int | None,
    ) -> None:
        documents.put(tx, self.generation.id, states)
        rows = [(item.document, item.stage, item.error, item.stamp) for item in failed]
        failures.record(tx, self._context.corpus, rows, run_id=self._run_id)
        fire(_IN_TRANSACTION)
        self._publish(tx, version, None)

    def _name(self, tx: Write) -> None:
        states = load_brief(tx.conn, self.generation.id)
        digest = generation_digest(self.generation.recipe, ((state.uri, state.digest) for state in states))
        version = None if self._opened is None else int(self._opened.table.head().version)
        self._publish(tx, version, digest)

    def _publish(self, tx: Write, version: int | None, digest: str | None) -> None:
        """Readers learn of other metadata by a new snapshot, also where no row changed."""
        leases.check(tx, self._lease)
        before = snapshots.current(tx.conn, self.generation.id)
        if before is None:
            return  # nothing of this generation was ever published, so it has no documents either
        snapshots.publish(
            tx,
            self.generation.id,
            version=before.version if version is None else version,
            run_id=self._run_id,
            documents=before.documents,
            chunks=before.chunks,
            digest=digest,
        )
