"""Which documents a change of the gates would move, told without moving any."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from headrace.errors import DocumentError
from headrace.ingest.gates.deciding import NOTHING_DECIDED, Deciding, KeptOut, described
from headrace.ingest.gates.stored import Stored
from headrace.ingest.sync import target as targets
from headrace.ingest.sync.changes import Candidate, Changes
from headrace.ingest.sync.choosing import chosen
from headrace.ingest.sync.comparison import GATE
from headrace.ingest.sync.declared import with_decisions
from headrace.ingest.sync.plan import draft
from headrace.ingest.sync.survey import compare_with, list_sources
from headrace.ledger import gate_decisions, generations, near_duplicates, verdicts
from headrace.ledger.documents import BriefState, load_brief
from headrace.ledger.identity import digest_bytes
from headrace.records.gates import GateVerdict, Judgement

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.verdicts import VerdictRow
    from headrace.records.document import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A document that comes in or goes out because of a gate."""

    uri: str
    move: Literal["enters", "leaves"]
    gate: str | None
    """The gate that keeps it out: from now on, or until now."""
    reason: str


@dataclass(slots=True, kw_only=True)
class Rejudged:
    """What a sync would make of the documents that are known, as far as gates decide."""

    changed: bool = False
    """Whether what is declared is another recipe than the one that serves; else nothing moves."""
    listed: frozenset[str] = frozenset()
    """URIs that the sources list."""
    moves: list[Moved] = field(default_factory=list)
    stored: int = 0
    """Documents told from stored verdicts."""
    judged: int = 0
    """Documents that were read and judged again."""
    failures: dict[str, str] = field(default_factory=dict)
    """Documents that had to be read and could not be, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What serves, and what its gates said."""

    generation: str
    recipe: str
    served: Mapping[str, BriefState]
    rows: Mapping[str, VerdictRow]
    aliases: frozenset[str]
    """Documents that another one is served for."""

    @property
    def known(self) -> frozenset[str]:
        """Documents that serve or that gates keep out."""
        return frozenset(self.served) | frozenset(self.rows) | self.aliases


def before(conn: Connection, generation: str) -> Before | None:
    """What a generation holds and keeps out."""
    row = generations.get(conn, generation)
    if row is None:
        return None
    return Before(
        generation=generation,
        recipe=row.recipe,
        served={state.uri: state for state in load_brief(conn, generation)},
        rows={found.uri: found for found in verdicts.load(conn, generation)},
        aliases=frozenset(near_duplicates.alias_sources(conn, generation)),
    )


def rejudge(context: SyncContext) -> Rejudged:
    """Tell what the next sync would let in and withdraw, by the gates as they are declared now.

    Nothing moves while the recipe is the one that serves. Documents that nobody knows yet are left out.
    """
    context = chosen(with_decisions(context))
    with context.ledger.read() as conn:
        serving = context.serving.generation(conn, context.corpus)
        now = None if serving is None else before(conn, serving)
    if now is None or now.recipe == context.recipe.digest:
        return Rejudged()
    told = _Rejudging(context, now).run()
    if context.comparison is not None or now.aliases:
        told.moves = _compared(context, now, told)
    return told


def _compared(context: SyncContext, now: Before, told: Rejudged) -> list[Moved]:
    """The same where documents are compared with each other: who yields only shows once all are read."""
    then = draft(context).counts
    alone = {moved.uri: moved for moved in told.moves}
    moves: list[Moved] = []
    for uri in sorted(now.known & told.listed):
        enters = uri in then.digests
        if enters == (uri in now.served):
            continue
        by_others = Moved(
            uri=uri, move="enters" if enters else "leaves", gate=GATE, reason=then.yields(uri) or ""
        )
        found = alone.get(uri)
        is_told = found is not None and found.gate is not None and found.move == by_others.move
        moves.append(found if found is not None and is_told else by_others)
    return moves


class _Rejudging:
    """One comparison of what serves with what would."""

    def __init__(self, context: SyncContext, now: Before) -> None:
        self._context = context
        self._now = now
        with context.ledger.read() as conn:
            self._fingerprints = verdicts.fingerprints(conn, [row.gates for row in now.rows.values()])
            decisions = gate_decisions.load(conn, context.corpus)
        gates = context.gating.gates if context.gating else ()
        self._deciding = Deciding(gates, decisions if gates else NOTHING_DECIDED)
        now_us = time.time_ns() // 1000
        self._stored = {
            name: Stored(gates, given, now_us=now_us) for name, given in self._fingerprints.items()
        }
        self.told = Rejudged(changed=True)

    def run(self) -> Rejudged:
        """Hold every known document against the gates of now."""
        context, told = self._context, self.told
        target = targets.existing(context)
        held = target.states if target else {}
        listed = list_sources(context)
        serving = {uri: state.source for uri, state in self._now.served.items()}
        changes = compare_with(context, listed, states=held, serving=serving, verify=False)
        told.listed = frozenset(item.uri for listing in listed.listings for item in listing.items)
        self._standing(changes, held, target.generation.id if target else None)
        unread: list[Candidate] = []
        for candidate in changes.candidates:
            if candidate.item.uri not in self._now.known:
                continue
            judgement = self._from_stored(candidate)
            if judgement is None:
                unread.append(candidate)
            else:
                told.stored += 1
                self._note(candidate, held, judgement)
        for candidate, judgement in self._judged(unread, changes):
            told.judged += 1
            self._note(candidate, held, judgement)
        told.moves.sort(key=lambda moved: moved.uri)
        return told

    def _standing(self, changes: Changes, held: Mapping[str, BriefState], target: str | None) -> None:
        """Documents that the generation to come has decided on already, as far as it was built before."""
        candidates = {candidate.item.uri for candidate in changes.candidates}
        for uri in self.told.listed & held.keys() - candidates - self._now.served.keys():
            self._enters(uri)
        if target is None:
            return
        with self._context.ledger.read() as conn:
            rows = {row.uri: row for row in verdicts.kept_out(conn, target)}
            known = verdicts.fingerprints(conn, [row.gates for row in rows.values()])
        for failure in changes.failed:
            row = rows.get(failure.document)
            if row is not None and row.uri in self._now.served and row.uri not in held:
                said = verdicts.read(row, known[row.gates])
                self._leaves(
                    row.uri,
                    Judgement(outcome=row.outcome, gate=row.gate, gates=row.gates, verdicts=said),
                )

    def _from_stored(self, candidate: Candidate) -> Judgement | None:
        uri = candidate.item.uri
        row = self._now.rows.get(uri)
        if row is None or row.stamp != candidate.item.stamp:
            # Without gates there is nothing to judge: what is known comes in, or stays.
            return self._deciding.judge(uri, "", ()) if not self._deciding.gates else None
        said = verdicts.read(row, self._fingerprints[row.gates])
        found = self._stored[row.gates].verdicts(uri, said, modified_at_us=candidate.item.modified_at_us)
        return None if found is None else self._deciding.judge(uri, row.revision, found)

    def _judged(
        self, candidates: Sequence[Candidate], changes: Changes
    ) -> Iterator[tuple[Candidate, Judgement]]:
        by_uri = {candidate.item.uri: candidate for candidate in candidates}
        for uri, result in self._context.drafting.parse_many(self._contents(candidates, changes)):
            if isinstance(result, KeptOut):
                yield by_uri[uri], result.judgement
            elif isinstance(result, DocumentError):
                self.told.failures[uri] = result.message
            elif result.judgement is not None:
                yield by_uri[uri], result.judgement

    def _contents(
        self, candidates: Sequence[Candidate], changes: Changes
    ) -> Iterator[tuple[str, str, Content]]:
        for candidate in candidates:
            item = candidate.item
            try:
                content = item.read()
            except DocumentError as error:
                self.told.failures[item.uri] = error.message
                continue
            except OSError as error:
                self.told.failures[item.uri] = f"{type(error).__name__}: {error.strerror or error}"
                continue
            if changes.kept_out is None or not changes.kept_out(candidate, digest_bytes("rev", content.data)):
                name = item.uri.rsplit("/", 1)[-1]
                yield item.uri, name, replace(content, modified_at_us=item.modified_at_us)

    def _note(self, candidate: Candidate, held: Mapping[str, BriefState], judgement: Judgement) -> None:
        uri = candidate.item.uri
        serves = uri in self._now.served
        # What the generation to come holds already stays, though a newer revision is kept out.
        comes = judgement.outcome == "in" or (uri in held and not candidate.rejected)
        if comes and not serves:
            self._enters(uri)
        elif serves and not comes:
            self._leaves(uri, judgement)

    def _enters(self, uri: str) -> None:
        row = self._now.rows.get(uri)
        said = verdicts.read(row, self._fingerprints[row.gates]) if row else []
        gate = row.gate if row else None
        self.told.moves.append(Moved(uri=uri, move="enters", gate=gate, reason=reason_of(said, gate)))

    def _leaves(self, uri: str, judgement: Judgement) -> None:
        said = reason_of(judgement.verdicts, judgement.gate)
        self.told.moves.append(Moved(uri=uri, move="leaves", gate=judgement.gate, reason=said))


def reason_of(said: Sequence[GateVerdict], gate: str | None) -> str:
    """What a gate said of a document, in a line; empty where it said nothing."""
    return next((described(verdict) for verdict in said if verdict.gate == gate), "")
