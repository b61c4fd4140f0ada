"""`index cutover` and `index rollback`: what serves moves to another generation, by compare-and-set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.errors import RefConflict, UsageError, Withheld
from headrace.flows.index.compare import compare
from headrace.flows.index.configuration import agreeing_lines
from headrace.flows.index.finding import find, serving_of, unpruned
from headrace.ingest.sync.choosing import settings_of
from headrace.ledger import documents, generations, leases, refs
from headrace.ledger.failpoints import declare, fire
from headrace.records.generations import SwitchReport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection

    from headrace.flows.index.parts import IndexParts
    from headrace.ledger.generations import Generation
    from headrace.ledger.ledger import Write
    from headrace.records.generations import CompareReport

_BEFORE = {name: declare(f"index.before_{name}") for name in ("cutover", "rollback")}
_IN = {name: declare(f"index.in_{name}") for name in ("cutover", "rollback")}
_AFTER = {name: declare(f"index.after_{name}") for name in ("cutover", "rollback")}
_WAIT_SECONDS = 600.0


def cutover(
    parts: IndexParts,
    generation: str | None = None,
    *,
    corpus: str | None = None,
    force: bool = False,
    reason: str = "",
) -> SwitchReport:
    """Let a generation serve, by default the one in validating, if it compares well with the one that does.

    Raises Withheld when the comparison does not pass and it is not forced, UsageError when there is no such
    generation or a forced one has no reason, RefConflict when something else was cut over meanwhile.
    """
    _need_reason(force, reason)
    with parts.ledger.read() as conn:
        chosen = _candidate(parts, conn, generation, corpus)
        serving = serving_of(parts, conn, chosen.corpus)
    if serving.id == chosen.id:
        raise UsageError(f"Generation {chosen.id!r} serves already.", hint="`headrace index list` shows all.")
    compared = compare(parts, serving.id, chosen.id)
    if compared.verdict != "pass" and not force:
        raise Withheld(
            f"The comparison says {compared.verdict}: {'; '.join(compared.reasons)}.",
            hint="`headrace index compare` shows it in full; --force --reason TEXT goes on all the same.",
            verdict=compared.verdict,
        )
    why = f"cutover: {reason or 'the comparison passed'}"
    return _switch(parts, "cutover", serving, chosen, why=why, forced=_forced(compared))


def rollback(
    parts: IndexParts, corpus: str | None = None, *, force: bool = False, reason: str = ""
) -> SwitchReport:
    """Let the generation serve again that did before; it was kept in step, so it is current.

    Raises UsageError when there was none or it is gone, Withheld when it is not in step any more.
    """
    _need_reason(force, reason)
    name = parts.corpus(corpus)
    with parts.ledger.read() as conn:
        serving = serving_of(parts, conn, name)
        chosen = unpruned(_former(parts, conn, serving))
        covered = documents.coverage(conn, serving.id, chosen.id)
    forced: tuple[str, ...] = ()
    if not covered.whole:
        lacks = covered.serving - covered.current
        behind = f"it lacks {lacks} of {covered.serving} documents at the revision that serves"
        behind += f" and holds {covered.ghosts} that do not serve" if covered.ghosts else ""
        if not force:
            raise Withheld(
                f"Generation {chosen.id!r} is not in step: {behind}.",
                hint="`headrace sync` may bring it in step; --force --reason TEXT goes back all the same.",
            )
        forced = (behind,)
    why = f"rollback: {reason}" if reason else "rollback"
    return _switch(parts, "rollback", serving, chosen, why=why, forced=forced)


def _switch(
    parts: IndexParts,
    kind: str,
    serving: Generation,
    chosen: Generation,
    *,
    why: str,
    forced: tuple[str, ...],
) -> SwitchReport:
    """Move the pointer and both states in one transaction, under the lease of the corpus."""
    corpus = chosen.corpus
    configured = parts.context(corpus)
    if forced:
        why = f"{why} (forced: {'; '.join(forced)})"

    def move(tx: Write) -> Mapping[str, Any]:
        leases.check(tx, lease)
        found = parts.releases.generation(tx.conn, corpus)
        if found != serving.id:
            raise RefConflict(parts.releases.ref, expected=serving.id, found=found)
        unpruned(generations.get(tx.conn, chosen.id) or chosen)
        parts.releases.serve(tx, corpus, chosen.id, reason=why)
        until = tx.now_us + int(parts.keep_retired.total_seconds() * 1_000_000)
        actor = configured.actor
        generations.set_state(
            tx, serving.id, "retired", actor=actor, reason=f"replaced by {kind}", written_until_us=until
        )
        generations.set_state(tx, chosen.id, "live", actor=actor, reason=why)
        settings = settings_of(tx.conn, chosen)
        same = settings == dict(configured.settings)
        generations.choose_over(tx, chosen.id, None if same else configured.settings)
        fire(_IN[kind])
        return {} if same else settings

    with leases.held(parts.ledger, f"corpus/{corpus}", wait_seconds=_WAIT_SECONDS) as lease:
        fire(_BEFORE[kind])
        differing = parts.ledger.write(move)
        fire(_AFTER[kind])
    with parts.ledger.read() as conn:
        release = parts.releases.current(conn)
        former = generations.get(conn, serving.id)
    return SwitchReport(
        corpus=corpus,
        generation=chosen.id,
        former=serving.id,
        release=release.digest if release else "",
        reason=why,
        forced=forced,
        in_step_until_us=None if former is None else former.written_until_us,
        configuration=agreeing_lines(corpus, differing, configured.settings),
    )


def _candidate(parts: IndexParts, conn: Connection, name: str | None, corpus: str | None) -> Generation:
    if name is not None:
        return unpruned(find(conn, name))
    rows = [
        row
        for row in generations.list(conn, parts.corpus(corpus))
        if row.state in ("validating", "catching_up")
    ]
    whole = [row for row in rows if row.state == "validating"] or rows
    if len(whole) == 1:
        return whole[0]
    names = ", ".join(f"{row.corpus}/{row.ordinal}" for row in whole)
    raise UsageError(
        f"Several generations could serve: {names}." if whole else "No generation is ready to serve.",
        hint="Name one, as `headrace index list` shows it." if whole else "`headrace index build` makes one.",
    )


def _former(parts: IndexParts, conn: Connection, serving: Generation) -> Generation:
    """The generation that served before this one, from the history of the environment's pointer."""
    for row in reversed(refs.history(conn, parts.releases.ref)):
        release = parts.releases.load(conn, row.artifact)
        served = None if release is None else release.corpora.get(serving.corpus, {}).get("generation")
        found = None if served in (None, serving.id) else generations.get(conn, str(served))
        if found is not None:
            return found
    raise UsageError(
        f"No other generation of corpus {serving.corpus!r} ever served.",
        hint="There is nothing to go back to.",
    )


def _need_reason(force: bool, reason: str) -> None:
    if force and not reason.strip():
        raise UsageError("A forced switch needs a reason.", hint="Add --reason TEXT; it goes on record.")


def _forced(compared: CompareReport) -> tuple[str, ...]:
    return () if compared.verdict == "pass" else tuple(compared.reasons)
