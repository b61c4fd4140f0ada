"""What a change of the gates moves: first shown, then done by a sync."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.ingest.sync.rejudge import Before, Moved, Rejudged, before, reason_of, rejudge
from headrace.ledger import verdicts
from headrace.ledger.failpoints import declare, fire
from headrace.records.quarantine import CorpusReplay, GateMove, MoveCount, ReplayReport

if TYPE_CHECKING:
    from headrace.flows.gates.parts import GateParts
    from headrace.records.sync import SyncReport

_BEFORE_APPLYING = declare("gate.before_applying")


def replay(
    parts: GateParts, *, corpus: str | None = None, gate: str | None = None, apply: bool = False
) -> ReplayReport:
    """Say which documents the gates, as they are declared now, let in and withdraw; with `apply`, move them.

    `gate` shows only what that one is the reason of. A sync moves all of them, so not with `apply`.
    Raises NotFoundError, UsageError.
    """
    if gate is not None and apply:
        raise UsageError(
            "All gates of a corpus change together.", hint="Leave --gate out with --apply, or --apply out."
        )
    return ReplayReport(corpora=tuple(_corpus(parts, name, gate, apply) for name in parts.corpora(corpus)))


def _corpus(parts: GateParts, corpus: str, gate: str | None, apply: bool) -> CorpusReplay:
    now = _serving(parts, corpus)
    told = rejudge(parts.context(corpus))
    if not apply:
        shown = [moved for moved in told.moves if gate is None or moved.gate == gate]
        return _report(corpus, told, shown, None)
    if now is None or not told.changed:
        return _report(corpus, told, [], None, applied=True)
    fire(_BEFORE_APPLYING)
    report = parts.sync(corpus)
    return _report(corpus, told, _happened(parts, corpus, now, told), report, applied=True)


def _happened(parts: GateParts, corpus: str, then: Before, told: Rejudged) -> list[Moved]:
    """What went in and out of what serves, among the documents that were known and are still listed."""
    now = _serving(parts, corpus)
    if now is None or now.generation == then.generation:
        return []
    announced = {moved.uri: moved for moved in told.moves}
    with parts.ledger().read() as conn:
        gates = verdicts.fingerprints(conn, [row.gates for row in (*then.rows.values(), *now.rows.values())])
    moves: list[Moved] = []
    for uri in sorted(then.known & told.listed):
        if (uri in then.served) == (uri in now.served):
            continue
        enters = uri in now.served
        row = (then if enters else now).rows.get(uri)
        said = verdicts.read(row, gates[row.gates]) if row else []
        moved = Moved(
            uri=uri,
            move="enters" if enters else "leaves",
            gate=row.gate if row else None,
            reason=reason_of(said, row.gate) if row else "",
        )
        moves.append(announced.get(uri, moved) if row is None or row.gate is None else moved)
    return moves


def _serving(parts: GateParts, corpus: str) -> Before | None:
    with parts.ledger().read() as conn:
        generation = parts.releases().generation(conn, corpus)
        return None if generation is None else before(conn, generation)


def _report(
    corpus: str,
    told: Rejudged,
    moves: Sequence[Moved],
    sync: SyncReport | None,
    *,
    applied: bool = False,
) -> CorpusReplay:
    counted = Counter((moved.gate or "", moved.move) for moved in moves)
    return CorpusReplay(
        corpus=corpus,
        changed=told.changed,
        applied=applied,
        moves=tuple(
            GateMove(document=moved.uri, move=moved.move, gate=moved.gate, reason=moved.reason)
            for moved in moves
        ),
        by_gate={
            name: MoveCount(enters=counted[name, "enters"], leaves=counted[name, "leaves"])
            for name in sorted({name for name, _ in counted})
        },
        stored=told.stored,
        judged=told.judged,
        failures=dict(told.failures),
        sync=sync,
    )
