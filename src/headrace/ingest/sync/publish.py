"""The one commit point: write chunks to the index, then let one ledger transaction make them visible."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headrace.ingest.index.generation import GenerationTable
from headrace.ingest.index.schema import chunk_schema, metadata_json
from headrace.ingest.sync.changes import failure_stamp
from headrace.ingest.sync.embed import Embedded
from headrace.ingest.sync.prepare import Failed, Touched
from headrace.ingest.sync.standing import record as record_standings
from headrace.ingest.sync.standing import standing_of
from headrace.ingest.sync.steps import steps_of
from headrace.ledger import (
    dead_letters,
    documents,
    failures,
    freshness,
    generations,
    hidden,
    history,
    leases,
    lineage,
    near_duplicates,
    observations,
    qualities,
    snapshots,
    verdicts,
)
from headrace.ledger.dead_letters import Refused
from headrace.ledger.documents import DocumentState
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.near_duplicates import Row
from headrace.ledger.steps import letters as step_letters
from headrace.ledger.steps import states as step_states
from headrace.records.document import Observation

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.ingest.sync.ages import Ages
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Ledger, Write
    from headrace.ledger.qualities import Among
    from headrace.ledger.standings import Standing
    from headrace.ledger.steps.states import StepState
    from headrace.ledger.verdicts import Judged

_BEFORE_COMMIT = declare("sync.before_index_commit")
_AFTER_COMMIT = declare("sync.after_index_commit")
_IN_TRANSACTION = declare("sync.in_ledger_transaction")
_AFTER_PUBLISH = declare("sync.after_publish")
_AMONG_RECORDED = declare("quality.recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRecord:
    """A failure as the ledger keeps it."""

    document: str
    stage: str
    error: str
    stamp: str
    refused: tuple[Refused, ...] = ()
    yields_to: str | None = None
    """The near duplicate that is served for it."""

    @classmethod
    def of(cls, failed: Failed, recipe: str) -> FailureRecord:
        """The record of a document that failed under a recipe."""
        item = failed.candidate.item
        return cls(
            document=item.uri,
            stage=failed.stage,
            error=failed.error,
            stamp=failure_stamp(recipe, item.stamp),
            refused=failed.refused,
        )


@dataclass(slots=True, kw_only=True)
class Pending:
    """What the next publish makes visible."""

    embedded: list[Embedded] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    failed: list[FailureRecord] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    """URIs that are deleted or moved away."""
    moved: dict[str, str] = field(default_factory=dict)
    """New URI to old URI."""
    healed: list[str] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    """What gates said, of documents that come in and of those that stay out."""
    asked: dict[str, Sequence[StepState]] = field(default_factory=dict)
    """What came of asking models about documents that stay out, by URI."""
    withdrawn: list[str] = field(default_factory=list)
    """URIs that leave the index, but stay known: others stand for them."""
    compared: list[Row] = field(default_factory=list)
    """Documents by what they are compared by, and what they yield to."""
    uncompared: list[str] = field(default_factory=list)
    """URIs that take part in the comparison no more."""
    computed: int = 0
    reused: int = 0
    cost_micros: int | None = 0
    """Money for the embeddings in millionths; None where no price is known."""

    def work(self, *, computed: int, reused: int, cost_micros: int | None) -> None:
        """Count what embedding a batch took."""
        self.computed += computed
        self.reused += reused
        known = self.cost_micros
        self.cost_micros = None if known is None or cost_micros is None else known + cost_micros

    @property
    def chunks(self) -> int:
        """Chunks to write."""
        return sum(len(item.document.chunk_ids) for item in self.embedded)

    @property
    def writes_index(self) -> bool:
        """Whether the index changes."""
        return bool(self.embedded or self.removed or self.withdrawn)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to publish at all."""
        recorded = self.touched or self.failed or self.healed or self.compared or self.uncompared
        return not (self.writes_index or recorded)


@dataclass(slots=True, kw_only=True)
class Publisher:
    """Publishes batches of one run into one generation, under the corpus lease."""

    ledger: Ledger
    lease: Lease
    corpus: str
    generation: str
    run_id: str
    table: GenerationTable
    documents: int
    """Documents in the generation."""
    chunks: int
    stepped: bool = False
    """Whether the generation has LLM steps."""
    leads: bool = True
    """Whether failures and moves in this generation are those of the corpus."""
    commits: int = 0
    ages: Ages | None = None
    """Set once the sources are listed, where this generation serves."""
    gates: Sequence[Mapping[str, Any]] = ()
    """Fingerprints of the gates of this generation, in their order."""

    def publish(self, pending: Pending, *, counts: Mapping[str, int]) -> None:
        """Make a batch visible. `counts` holds the chunk count of each known document by URI."""
        if pending.empty:
            return
        version: int | None = None
        if pending.writes_index:
            version = self._commit(pending)
        gone = [
            *pending.removed,
            *pending.withdrawn,
            *(item.document.candidate.item.uri for item in pending.embedded),
        ]
        known = [uri for uri in gone if uri in counts]
        self.documents += len(pending.embedded) - len(known)
        self.chunks += pending.chunks - sum(counts[uri] for uri in known)
        stated = [row for row in (standing_of(item.document) for item in pending.embedded) if row is not None]
        self.ledger.write(lambda tx: self._record(tx, pending, version, stated))
        fire(_AFTER_PUBLISH)

    def publish_version(self, version: int, *, digest: str, among: Sequence[Among] = ()) -> None:
        """Make a version visible whose documents are the same: after upkeep, or to name the digest.

        `among` is how some documents stand among the others now.
        """

        def record(tx: Write) -> None:
            qualities.set_among(tx, self.generation, among)
            fire(_AMONG_RECORDED)
            self._snapshot(tx, version, digest)

        self.ledger.write(record)
        fire(_AFTER_PUBLISH)

    def set_among(self, among: Sequence[Among]) -> None:
        """Record how documents stand among the others, where nothing else is published."""

        def record(tx: Write) -> None:
            qualities.set_among(tx, self.generation, among)
            fire(_AMONG_RECORDED)
            leases.check(tx, self.lease)

        if among:
            self.ledger.write(record)

    def _commit(self, pending: Pending) -> int:
        with self.ledger.read() as conn:
            leases.require(conn, self.lease)
        fire(_BEFORE_COMMIT)
        uris = [item.document.candidate.item.uri for item in pending.embedded]
        rows = chunk_rows(pending.embedded, self.table.dimension)
        before = self.table.table.head().version
        gone = [*pending.removed, *pending.withdrawn]
        version = self.table.replace([*gone, *uris], rows=rows, run_id=self.run_id)
        self.commits += int(version != before)
        fire(_AFTER_COMMIT)
        return version

    def _snapshot(self, tx: Write, version: int, digest: str | None) -> None:
        leases.check(tx, self.lease)
        snapshots.publish(
            tx,
            self.generation,
            version=version,
            run_id=self.run_id,
            documents=self.documents,
            chunks=self.chunks,
            digest=digest,
        )

    def _record(self, tx: Write, pending: Pending, version: int | None, stated: Sequence[Standing]) -> None:
        out_of_sight = hidden.load(tx.conn, self.corpus)
        for new, old in pending.moved.items():
            if old in out_of_sight:
                hidden.follow(tx, out_of_sight[old], new)
                out_of_sight[new] = out_of_sight[old]
        states = [self._state(item, pending.moved, tx.now_us, out_of_sight) for item in pending.embedded]
        documents.remove(tx, self.generation, [*pending.removed, *pending.withdrawn])
        documents.put(tx, self.generation, states)
        near_duplicates.remove(tx, self.generation, [*pending.removed, *pending.uncompared])
        near_duplicates.put(tx, self.generation, pending.compared)
        observations.remove(tx, self.corpus, pending.removed)
        observations.put(tx, self.corpus, _observations(pending, tx.now_us))
        verdicts.remove(tx, self.generation, pending.removed)
        verdicts.put(tx, self.generation, pending.judged, gates=self.gates, run_id=self.run_id)
        self._record_past(tx, pending, stated)
        self._record_steps(tx, pending)
        if pending.computed or pending.reused:
            generations.add_work(
                tx,
                self.generation,
                computed=pending.computed,
                reused=pending.reused,
                cost_micros=pending.cost_micros,
            )
        if self.leads:
            self._record_failures(tx, pending)
            lineage.link(tx, _moves(self.corpus, pending.moved, self.run_id))
        fire(_IN_TRANSACTION)
        if version is not None:
            self._snapshot(tx, version, None)
        else:
            leases.check(tx, self.lease)

    def _record_steps(self, tx: Write, pending: Pending) -> None:
        written = [item.document.candidate.item.uri for item in pending.embedded]
        rows = [state for item in pending.embedded for state in item.document.steps]
        rows += [state for states in pending.asked.values() for state in states]
        if not rows and not self.stepped:
            return
        gone = [*pending.removed, *pending.healed, *pending.asked, *written]
        step_states.replace(tx, self.generation, gone, rows)
        step_letters.keep_standing(tx, self.corpus, gone)

    def _record_past(self, tx: Write, pending: Pending, stated: Sequence[Standing]) -> None:
        listed_at_us = self.ages.listed_at_us if self.ages else None
        written = [item.document.candidate.item.uri for item in pending.embedded]
        gone = [*pending.removed, *pending.withdrawn]
        marks = record_standings(tx, self.corpus, written=written, removed=gone, stated=stated)
        steps = steps_of(tx, self.corpus, pending, self.generation, run_id=self.run_id, leads=self.leads)
        history.add(tx, self.corpus, [*steps, *marks], listed_at_us=listed_at_us)
        if self.ages is not None:
            lags = self.ages.lags_us([item.document for item in pending.embedded], tx.now_us)
            freshness.add(tx, self.corpus, lags, targets_us=self.ages.targets_us)

    def _record_failures(self, tx: Write, pending: Pending) -> None:
        healthy = [item.document.candidate.item.uri for item in pending.embedded]
        healthy += [item.candidate.item.uri for item in pending.touched]
        healed = [*healthy, *pending.removed, *pending.healed]
        failures.clear(tx, self.corpus, healed)
        letters = [letter for item in pending.failed for letter in item.refused]
        dead_letters.clear(tx, self.corpus, healed)
        dead_letters.keep_only(tx, self.corpus, letters)
        dead_letters.record(tx, self.corpus, letters, run_id=self.run_id)
        rows = [(item.document, item.stage, item.error, item.stamp) for item in pending.failed]
        failures.record(tx, self.corpus, rows, run_id=self.run_id)

    def _state(
        self, item: Embedded, moved: Mapping[str, str], now_us: int, out_of_sight: Collection[str]
    ) -> DocumentState:
        document = item.document
        source_item = document.candidate.item
        return DocumentState(
            uri=source_item.uri,
            source=document.candidate.source,
            revision=document.revision,
            input_digest=document.input_digest,
            digest=document.digest,
            chunk_count=len(document.chunk_ids),
            title=document.title,
            media_type=document.media_type,
            metadata=dict(document.metadata),
            acl_id=document.candidate.acl_id,
            state="hidden" if source_item.uri in out_of_sight else "live",
            modified_at_us=source_item.modified_at_us,
            indexed_at_us=now_us,
            run_id=self.run_id,
            moved_from=moved.get(source_item.uri),
            metadata_schema=document.metadata_schema,
            misfits=document.misfits,
            quality=document.quality.parts,
            phrases=document.quality.phrases,
            links=document.quality.links,
        )


def chunk_rows(embedded: Sequence[Embedded], dimension: int) -> pa.Table | None:
    """The rows of a batch of documents in the columns of a generation."""
    import numpy as np
    import pyarrow as pa

    if not embedded:
        return None
    sizes = [len(item.document.chunk_ids) for item in embedded]
    if not sum(sizes):
        return None
    documents_ = [item.document for item in embedded]

    def repeated(values: Sequence[Any]) -> list[Any]:
        return [value for value, size in zip(values, sizes, strict=True) for _ in range(size)]

    spans = [span for document in documents_ for span in document.spans]
    vectors = np.concatenate([item.vectors for item in embedded if len(item.vectors)])
    flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1))
    schema = chunk_schema(dimension)
    columns: dict[str, Any] = {
        "chunk_id": [value for document in documents_ for value in document.chunk_ids],
        "document": repeated([document.candidate.item.uri for document in documents_]),
        "revision": repeated([document.revision for document in documents_]),
        "position": [position for size in sizes for position in range(size)],
        "start": [span.start for span in spans],
        "end": [span.end for span in spans],
        "page": [span.page for span in spans],
        "headings": [list(span.headings) for span in spans],
        "text": [text for document in documents_ for text in document.texts],
        "text_hash": [value for document in documents_ for value in document.text_hashes],
        "metadata": repeated([metadata_json(document.metadata) for document in documents_]),
        "acl_id": repeated([document.candidate.acl_id for document in documents_]),
        "vector": pa.FixedSizeListArray.from_arrays(flat, dimension),
    }
    return pa.table(
        [
            columns[name] if name == "vector" else pa.array(columns[name], type=schema.field(name).type)
            for name in schema.names
        ],
        schema=schema,
    )


def _observations(pending: Pending, now_us: int) -> list[Observation]:
    read = [(item.document.candidate, item.document.revision) for item in pending.embedded]
    read += [(item.candidate, item.revision) for item in pending.touched]
    return [
        Observation(
            uri=candidate.item.uri,
            source=candidate.source,
            stamp=candidate.item.stamp,
            revision=revision,
            verified_at_us=now_us,
        )
        for candidate, revision in read
    ]


def _moves(corpus: str, moved: Mapping[str, str], run_id: str) -> list[lineage.Edge]:
    return [
        lineage.Edge(
            source=f"{corpus}/{old}",
            target=f"{corpus}/{new}",
            activity="moved_from",
            attributes={"run": run_id},
        )
        for new, old in moved.items()
    ]
