"""Backfill of a generation beside the one that serves: in slices, so that syncs run in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from headrace.ingest.sync import target as targets
from headrace.ingest.sync.applying import Pass
from headrace.ingest.sync.changes import Candidate, Changes
from headrace.ingest.sync.comparing import open_pass
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.declared import adopt
from headrace.ingest.sync.survey import Listed, compare_with, list_sources
from headrace.ledger import documents, generations, leases, near_duplicates, snapshots
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.generations import Generation, State
from headrace.ledger.ledger import Write
from headrace.records.sync import Failure, SyncProgress

_AFTER_SLICE = declare("index.build_slice")
_BEFORE_SETTLING = declare("index.build_settling")
_BEFORE_VALIDATING = declare("index.build_validating")

_MOST = 4096
_FIRST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a backfill shares the corpus and the machine."""

    documents_per_second: float | None = None
    """At most so many; None for as many as there can be."""
    slice_seconds: float = 5.0
    """How long one slice holds the corpus, about."""
    pause_seconds: float = 0.6
    """What it leaves to others after each: a waiting writer looks twice a second."""


@dataclass(slots=True, kw_only=True)
class Backfilled:
    """What a backfill did."""

    state: State = "building"
    computed: int = 0
    reused: int = 0
    documents: int = 0
    """Documents read."""
    digest: str = ""
    waiting_reason: str = ""
    """Why documents, or what steps write, were left out: a budget reached, an embedder that changed."""
    failures: dict[str, Failure] = field(default_factory=dict)


def backfill(
    context: SyncContext,
    generation: Generation,
    *,
    run_id: str,
    pace: Pace,
    pause: Callable[[float], None] = time.sleep,
) -> Backfilled:
    """Read every document of the sources into a generation, then say whether it is whole.

    Whatever was published stays, so a backfill that was killed goes on where it ended. Raises LeaseHeld,
    LeaseLost.
    """
    work = _Backfill(context, generation, run_id, pace)
    name = f"corpus/{context.corpus}"
    while True:
        began = time.monotonic()
        with leases.held(context.ledger, name, wait_seconds=context.wait_seconds) as lease:
            over = work.slice(lease)
        if over:
            return work.outcome
        fire(_AFTER_SLICE)
        pause(work.rest(time.monotonic() - began))


class _Backfill:
    """What is left to do, and how fast it goes."""

    def __init__(self, context: SyncContext, generation: Generation, run_id: str, pace: Pace) -> None:
        self._context = context
        self._generation = generation
        self._run_id = run_id
        self._pace = pace
        self._size = self._paced(_FIRST)
        self._last = 0
        self._seen: tuple[str | None, int] | None = None
        self._listed: Listed | None = None
        self._todo: list[Candidate] = []
        self._compared = Changes()
        self.outcome = Backfilled()

    def slice(self, lease: leases.Lease) -> bool:
        """Do one slice under the lease; returns whether the backfill is over."""
        context = self._context = adopt(self._context, lease)
        target = targets.open_written(context, self._generation, lease, self._run_id)
        changes = self._look(target, lease)
        made = open_pass(context, target, lease=lease, run_id=self._run_id, leads=False)
        part, self._todo = self._todo[: self._size], self._todo[self._size :]
        changes.candidates = part
        began = time.monotonic()
        made.apply(changes)
        self._count(made, part)
        self._adapt(len(part), time.monotonic() - began)
        if self._todo:
            return False
        fire(_BEFORE_SETTLING)
        held = target.states.keys() | target.compared.keys()
        stale = [uri for uri in changes.missing if uri in held and not self._serves(uri)]
        made.delete(sorted(stale))
        assert self._listed is not None
        self.outcome.digest = made.settle(sources=self._listed.counts)
        fire(_BEFORE_VALIDATING)
        self._conclude()
        return True

    def rest(self, seconds: float) -> float:
        """How long to leave the corpus to others after a slice that took so long."""
        rate = self._pace.documents_per_second
        due = self._last / rate - seconds if rate else 0.0
        return max(self._pace.pause_seconds, due)

    def _look(self, target: targets.Target, lease: leases.Lease) -> Changes:
        """List and compare again whenever somebody published in between; else go on with the rest."""
        standing = self._standing()
        if self._listed is None or standing != self._seen:
            self._listed = list_sources(self._context, lease=lease)
            self._seen = standing
            changes = compare_with(
                self._context,
                self._listed,
                states=target.states,
                serving={},
                verify=False,
                leader="",
                aliases=target.aliases,
                generation=self._generation.id,
            )
            self._todo = changes.candidates
            self._compared = changes
        return replace(self._compared, candidates=[], failed=[], movable={}, healed=[], suppressed=0)

    def _standing(self) -> tuple[str | None, int]:
        with self._context.ledger.read() as conn:
            serving = self._context.serving.generation(conn, self._context.corpus)
            snapshot = None if serving is None else snapshots.current(conn, serving)
        return serving, 0 if snapshot is None else snapshot.seq

    def _serves(self, uri: str) -> bool:
        """Whether a document serves that no source lists: a deletion of it is withheld."""
        with self._context.ledger.read() as conn:
            serving = self._context.serving.generation(conn, self._context.corpus)
            if serving is None:
                return False
            served = uri in documents.lookup(conn, serving, [uri])
            return served or near_duplicates.lookup(conn, serving, uri) is not None

    def _count(self, made: Pass, part: list[Candidate]) -> None:
        outcome, tally = self.outcome, made.tally
        outcome.computed += tally.computed
        outcome.reused += tally.reused
        outcome.documents += len(part)
        outcome.waiting_reason = made.waiting_reason or outcome.waiting_reason
        for item in part:
            outcome.failures.pop(item.item.uri, None)
        outcome.failures.update((failure.document, failure) for failure in tally.failures)
        if self._context.progress is not None:
            self._context.progress(
                SyncProgress(
                    corpus=self._context.corpus,
                    phase="embedding",
                    documents_done=outcome.documents,
                    documents_total=outcome.documents + len(self._todo),
                    chunks_done=outcome.computed + outcome.reused,
                    embeddings_done=outcome.computed,
                )
            )

    def _adapt(self, documents_done: int, seconds: float) -> None:
        self._last = documents_done
        if documents_done:
            fit = documents_done * self._pace.slice_seconds / max(seconds, 0.001)
            self._size = self._paced(min(_MOST, int(fit), self._size * 8))

    def _paced(self, size: int) -> int:
        """A slice holds what two seconds of the pace allow at most."""
        rate = self._pace.documents_per_second
        return max(1, size if rate is None else min(size, int(rate * 2)))

    def _conclude(self) -> None:
        context, generation = self._context, self._generation
        with context.ledger.read() as conn:
            serving = context.serving.generation(conn, context.corpus)
            covered = None if serving is None else documents.coverage(conn, serving, generation.id)
        # A document that fails in the generation that serves, too, is no difference between them.
        # One that serves without what steps write is not what was asked for, until a sync goes on.
        whole = covered is not None and covered.whole and not self.outcome.waiting_reason
        state: State = "validating" if whole else "catching_up"
        self.outcome.state = state
        reason = "backfill done" if whole else self._lacks()

        def move(tx: Write) -> None:
            generations.set_state(tx, generation.id, state, actor=context.actor, reason=reason)

        context.ledger.write(move)

    def _lacks(self) -> str:
        if self.outcome.waiting_reason:
            return self.outcome.waiting_reason
        failures = list(self.outcome.failures.values())
        if failures:
            first = failures[0]
            return f"{len(failures)} documents failed, first {first.document!r}: {first.error}"
        return "backfill done, but it does not hold exactly what serves; the next sync brings it in step"
