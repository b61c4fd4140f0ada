"""What a run has done so far; plan and sync count in the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from headrace.errors import NotSent
from headrace.ingest.sync.changes import KEPT_OUT
from headrace.ingest.sync.embed import EmbedOutcome
from headrace.ingest.sync.guard import Verdict
from headrace.ingest.sync.prepare import Failed, Prepared
from headrace.records.sync import ChunkCounts, DocumentCounts, EmbeddingCounts, Failure


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counters of one run. `counts` maps URIs of the generation to their number of chunks."""

    counts: Mapping[str, int]
    added: int = 0
    updated: int = 0
    moved: int = 0
    unchanged: int = 0
    chunks_added: int = 0
    chunks_deleted: int = 0
    computed: int = 0
    reused: int = 0
    read: int = 0
    waiting: int = 0
    waiting_for: NotSent | None = None
    suppressed: int = 0
    failures: list[Failure] = field(default_factory=list)

    def fail(self, failed: Sequence[Failed]) -> None:
        """Count documents that could not be prepared or embedded."""
        self.failures += [
            Failure(document=item.candidate.item.uri, stage=item.stage, error=item.error) for item in failed
        ]

    def wait(self, outcome: EmbedOutcome) -> None:
        """Count documents whose texts may not be sent now."""
        self.waiting += outcome.waiting
        self.waiting_for = self.waiting_for or outcome.waiting_for

    @property
    def failed(self) -> tuple[Failure, ...]:
        """Documents that failed, without those that a gate keeps out."""
        return tuple(failure for failure in self.failures if failure.stage not in KEPT_OUT)

    @property
    def kept_out(self) -> tuple[Failure, ...]:
        """Documents that a gate keeps out."""
        return tuple(failure for failure in self.failures if failure.stage in KEPT_OUT)

    @property
    def waiting_reason(self) -> str:
        """Why documents wait, how many, and how to go on; empty where none does."""
        if self.waiting_for is None:
            return ""
        documents = f"{self.waiting:,} document{'' if self.waiting == 1 else 's'}"
        return f"{self.waiting_for.message} {documents} wait. {self.waiting_for.hint}"

    def take(self, document: Prepared, claim: Callable[[Prepared], str | None]) -> str | None:
        """Count a prepared document; returns the URI it moved from, which `claim` gives for a new one."""
        uri = document.candidate.item.uri
        self.chunks_added += len(document.chunk_ids)
        if uri in self.counts:
            self.updated += 1
            self.chunks_deleted += self.counts[uri]
            return None
        old = claim(document)
        if old is None:
            self.added += 1
            return None
        self.moved += 1
        self.chunks_deleted += self.counts.get(old, 0)
        return old

    def delete(self, uris: Sequence[str]) -> None:
        """Count the chunks of deleted documents."""
        self.chunks_deleted += sum(self.counts.get(uri, 0) for uri in uris)

    def documents(self, verdict: Verdict) -> DocumentCounts:
        """The counts of documents for a report."""
        return DocumentCounts(
            added=self.added,
            updated=self.updated,
            moved=self.moved,
            deleted=len(verdict.delete),
            unchanged=self.unchanged,
            failed=len(self.failed),
            withheld=len(verdict.withheld),
            suppressed=self.suppressed,
        )

    def chunks(self) -> ChunkCounts:
        """The counts of chunks for a report."""
        total = sum(self.counts.values()) + self.chunks_added - self.chunks_deleted
        return ChunkCounts(added=self.chunks_added, deleted=self.chunks_deleted, total=total)

    def embeddings(self) -> EmbeddingCounts:
        """The counts of embeddings for a report."""
        return EmbeddingCounts(computed=self.computed, reused=self.reused)
