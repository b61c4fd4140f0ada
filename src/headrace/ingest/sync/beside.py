"""The generations that a sync writes beside its target: none of them can harm what serves."""

from __future__ import annotations

from headrace.errors import HeadraceError, LeaseLost
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.ages import Ages
from headrace.ingest.sync.applying import Pass
from headrace.ingest.sync.comparing import open_pass
from headrace.ingest.sync.context import SyncContext
from headrace.ingest.sync.guard import Verdict
from headrace.ingest.sync.survey import Listed, compare_with
from headrace.ingest.sync.written import beside, context_of
from headrace.ledger import documents, generations
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.generations import Generation, State
from headrace.ledger.leases import Lease
from headrace.ledger.ledger import Write
from headrace.records.sync import BesideReport

_TROUBLE = (HeadraceError, OSError, ValueError)
"""What can go wrong with one generation alone: its embedder, its files, its table."""
_BEFORE_BESIDE = declare("index.before_beside")


class Beside:
    """Writes the other generations of a corpus from the same listing and the same verdict on deletions."""

    def __init__(
        self, context: SyncContext, listed: Listed, *, lease: Lease, run_id: str, verify: bool, ages: Ages
    ) -> None:
        self._context = context
        self._listed = listed
        self._lease = lease
        self._run_id = run_id
        self._verify = verify
        self._ages = ages
        self._serving: Generation | None = None
        self._others: list[Generation] = []
        self._first: Pass | None = None
        self.reports: list[BesideReport] = []

    def open(self, target: str) -> None:
        """Find out which generations there are beside the target."""
        rows = beside(self._context, target)
        with self._context.ledger.read() as conn:
            serving = self._context.serving.generation(conn, self._context.corpus)
        self._serving = next((row for row in rows if row.id == serving), None)
        self._others = [row for row in rows if row is not self._serving]

    @property
    def moved_away(self) -> list[str]:
        """URIs that documents of the generation that serves had until this run."""
        return [] if self._first is None else list(self._first.moved.values())

    def write_serving(self) -> None:
        """Bring what changed into the generation that serves, where that is not the target."""
        if self._serving is None:
            return
        try:
            self._first = self._pass(self._serving)
        except LeaseLost:
            raise
        except _TROUBLE as error:
            self._report(self._serving, None, error)

    def delete_from_serving(self, verdict: Verdict) -> None:
        """Take out of it what the verdict lets go, and settle it."""
        if self._serving is None or self._first is None:
            return
        try:
            self._finish(self._first, verdict)
        except LeaseLost:
            raise
        except _TROUBLE as error:
            self._report(self._serving, self._first, error)
            return
        self._report(self._serving, self._first, None)

    def write_others(self, verdict: Verdict, lead: Pass) -> None:
        """Keep every other generation in step; one that cannot follow is said to be catching up."""
        only = lead.written | (self._first.written if self._first else set())
        for generation in self._others:
            fire(_BEFORE_BESIDE)
            if not only and not verdict.delete and not self._behind(generation):
                continue
            made, error = None, None
            try:
                made = self._pass(generation, only=only if generation.state == "building" else None)
                self._finish(made, verdict)
            except LeaseLost:
                raise
            except _TROUBLE as caught:
                error = caught
            self._move(generation, made, error)
            self._report(generation, made, error)

    def _behind(self, generation: Generation) -> bool:
        """Whether a generation that nothing changed for has something to catch up with."""
        if generation.state == "building":
            return False  # its backfill is at it
        with self._context.ledger.read() as conn:
            serving = self._context.serving.generation(conn, self._context.corpus)
            whole = serving is not None and documents.coverage(conn, serving, generation.id).whole
        return not whole or generation.state == "catching_up"

    def _pass(self, generation: Generation, *, only: set[str] | None = None) -> Pass:
        """Bring in what changed. `only`: of documents that it does not hold yet, these alone."""
        context = context_of(self._context, generation)
        target = targets.open_written(context, generation, self._lease, self._run_id)
        changes = compare_with(
            context,
            self._listed,
            states=target.states,
            serving={},
            verify=self._verify,
            leader=self._context.recipe.digest,
            aliases=target.aliases,
            generation=generation.id,
        )
        if only is not None:
            changes.candidates = [
                item for item in changes.candidates if item.state is not None or item.item.uri in only
            ]
        made = open_pass(context, target, lease=self._lease, run_id=self._run_id, leads=False)
        made.publisher.ages = self._ages if generation is self._serving else None
        made.apply(changes)
        held = target.states.keys() | target.compared.keys()
        made.gone = [uri for uri in changes.missing if uri in held]
        return made

    def _finish(self, made: Pass, verdict: Verdict) -> None:
        made.delete(sorted(set(made.gone) - set(verdict.withheld)))
        if made.publisher.commits or made.target.generation.state != "building":
            made.settle(sources=self._listed.counts, relabelled=bool(self._listed.relabelled))

    def _move(self, generation: Generation, made: Pass | None, error: Exception | None) -> None:
        """Say in the registry whether a generation that is on its way to serve is whole."""
        if generation.state not in ("catching_up", "validating"):
            return
        with self._context.ledger.read() as conn:
            serving = self._context.serving.generation(conn, self._context.corpus)
            covered = None if serving is None else documents.coverage(conn, serving, generation.id)
        waits = made is not None and bool(made.waiting_reason)
        whole = error is None and not waits and covered is not None and covered.whole
        state: State = "validating" if whole else "catching_up"
        if state == generation.state:
            return
        reason = "caught up by a sync" if whole else _why(made, error)

        def move(tx: Write) -> None:
            generations.set_state(tx, generation.id, state, actor=self._context.actor, reason=reason)

        self._context.ledger.write(move)

    def _report(self, generation: Generation, made: Pass | None, error: Exception | None) -> None:
        tally = None if made is None else made.tally
        self.reports.append(
            BesideReport(
                generation=generation.id,
                state=generation.state,
                written=0 if tally is None else tally.added + tally.updated + tally.moved,
                failures=() if tally is None else tuple(tally.failures),
                error=_reason(made, error),
            )
        )


def _reason(made: Pass | None, error: Exception | None) -> str | None:
    if error is not None:
        return _message(error)
    return None if made is None else made.waiting_reason or None


def _why(made: Pass | None, error: Exception | None) -> str:
    if error is not None:
        return f"a sync could not write it: {_message(error)}"
    if made is not None and made.waiting_reason:
        return made.waiting_reason
    failures = [] if made is None else made.tally.failures
    if failures:
        return f"{len(failures)} documents failed in it, first {failures[0].document!r}: {failures[0].error}"
    return "it does not hold what serves"


def _message(error: Exception) -> str:
    if isinstance(error, HeadraceError):
        return error.message
    return f"{type(error).__name__}: {str(error).strip().split(chr(10), 1)[0][:300]}"
