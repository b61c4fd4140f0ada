"""`forget`: hide, wait for readers, erase, clean, scan, certify; a kill at any point is gone on from."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from headrace.curate.evals.eraser import NAME as EVALS
from headrace.curate.golden.eraser import NAME as GOLDEN
from headrace.errors import NotFoundError, UsageError, Withheld
from headrace.flows.forget.certify import certify
from headrace.flows.forget.context import ForgetContext
from headrace.flows.forget.erasers import open_erasers
from headrace.flows.forget.resolve import SOURCE, resolve, spellings, subject_of
from headrace.flows.forget.scope import gather, of_entity
from headrace.ledger import hidden, holds
from headrace.ledger.erasure import register, suppressions
from headrace.ledger.erasure.journal import Entry
from headrace.ledger.erasure.rows import NAME as LEDGER
from headrace.ledger.erasure.scanning import prove, scan_and_vacuum
from headrace.ledger.erasure.scope import Scope
from headrace.ledger.failpoints import declare, fire
from headrace.observe.signals.eraser import NAME as SIGNALS
from headrace.records.forget import ForgetReport, ScanResult, StoreItems

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.erasure.register import Erasure
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Write

_LISTED = declare("erase.listed")
_HIDDEN = declare("erase.hidden")
_ERASED = declare("erase.store_erased")
_CLEANED = declare("erase.store_cleaned")
_SCANNED = declare("erase.scanned")
_LIES_IN = {SIGNALS: LEDGER, GOLDEN: LEDGER, EVALS: LEDGER}
"""Stores that lie in a place with another name."""
_log = logging.getLogger(__name__)


def forget(
    context: ForgetContext, ref: str, *, dry_run: bool = False, reason: str = "", confirmed: bool = False
) -> ForgetReport:
    """Erase documents everywhere, or say what would go.

    Raises NotFoundError for an unknown reference, UsageError where a store cannot be scanned, Withheld where
    several documents are meant and that was not confirmed, LeaseHeld when a writer does not end, and
    StorageError when a store cannot be cleaned: then they stay hidden, and the same command goes on.
    """
    if dry_run:
        return _preview(context, ref)
    if context.unscanned:
        raise UsageError(
            f"Nothing can be certified gone from {' and '.join(context.unscanned)}: a scan reads local "
            "folders and PostgreSQL. Nothing was erased.",
            hint="`headrace hide` takes documents from every reader at once; keep these stores on a disk.",
        )
    with context.locked() as held:
        done = [_finish(context, held, erasure) for erasure in _unfinished(context)]
        try:
            scope = _scope(context, ref, confirmed=confirmed)
        except NotFoundError:
            report = next((item for item in done if _meant(context, item, ref)), None)
            if report is None:
                raise
            return report
        source = ref.strip().removeprefix(SOURCE).strip() if ref.strip().startswith(SOURCE) else None
        return _finish(context, held, begin(context, scope, held, reason=reason, source=source))


def finish_all(context: ForgetContext) -> list[ForgetReport]:
    """Finish what was interrupted."""
    if not _unfinished(context):
        return []
    with context.locked() as held:
        return [_finish(context, held, erasure) for erasure in _unfinished(context)]


def begin(
    context: ForgetContext,
    scope: Scope,
    held: Mapping[str, Lease],
    *,
    reason: str,
    source: str | None = None,
) -> Erasure:
    """Hide documents from every reader and keep them out; from here on they will go."""
    erasers = open_erasers(context, held)
    found = {eraser.name: eraser.find(scope) for eraser in erasers}
    sightings = prove(context.places(), scope)
    seen = {f"seen {name}": count for name, count in sightings.hits.items()}
    seen |= {f"seen {each.name}": found[each.name] for each in erasers if getattr(each, "opens_all", False)}
    erasure = register.new_id()
    adds = _kept_out(context, scope, source)
    removes = _hashes(context, "allowed", scope.targets)
    entry = Entry(
        erasure=erasure, action="forget", adds=adds, removes=removes, time_us=time.time_ns() // 1000
    )
    context.journal.append(entry)
    fire(_LISTED)

    def work(tx: Write) -> None:
        register.start(
            tx,
            erasure,
            actor=context.actor,
            reason=reason,
            found={**found, **seen},
            sealed=context.keyring.seal(scope.to_json()),
        )
        suppressions.remove(tx, removes)
        suppressions.add(tx, adds, erasure=erasure)
        for corpus in scope.corpora:
            hidden.hide(tx, corpus, scope.uris(corpus), actor=context.actor, reason="forgotten")

    context.keyring.key("seal")  # made now: no write may start inside a write
    context.ledger.write(work)
    fire(_HIDDEN)
    with context.ledger.read() as conn:
        started = register.get(conn, erasure)
    assert started is not None
    return started


def _finish(context: ForgetContext, held: Mapping[str, Lease], erasure: Erasure) -> ForgetReport:
    started = time.monotonic()
    assert erasure.sealed is not None
    scope = Scope.from_json(context.keyring.unseal(erasure.sealed))
    # Whoever read them before they were hidden has answered by now; later readers look at the new version.
    time.sleep(context.reader_wait_seconds)
    erasers = open_erasers(context, held)
    if erasure.state == "hidden":
        for eraser in erasers:
            eraser.erase(scope)
            fire(_ERASED)
        context.ledger.write(lambda tx: register.erased(tx, erasure.id))
    for eraser in erasers:
        eraser.clean(scope)
        fire(_CLEANED)
    sightings = scan_and_vacuum(context.places(), scope)
    fire(_SCANNED)
    left = {eraser.name: eraser.find(scope) for eraser in erasers}
    certificate = None
    tags = {eraser.name: tags for eraser in erasers if (tags := getattr(eraser, "rewritten_tags", []))}
    if not sightings.total and not any(left.values()):
        certificate = certify(context, erasure, scope, sightings, tags=tags)
    else:
        _log.warning("Erasure %s is not over: %s", erasure.id, {**left, **sightings.hits})
    found = {name: count for name, count in erasure.found.items() if not name.startswith("seen ")}
    return ForgetReport(
        erasure=erasure.id,
        documents=tuple(scope.names),
        certificate=certificate,
        found=_items(found),
        erased=_items({name: max(0, count - left.get(name, 0)) for name, count in found.items()}),
        scan=ScanResult(bytes=sightings.bytes, hits=sightings.total + sum(left.values())),
        unproven=unproven(erasure),
        seconds=round(time.monotonic() - started, 3),
    )


def unproven(erasure: Erasure) -> tuple[str, ...]:
    """Stores that held something where the scan before the erasure saw nothing."""
    found = erasure.found
    held = {name for name, count in found.items() if count and not name.startswith("seen ")}
    seen = {name for name in held if found.get(f"seen {name}") or found.get(f"seen {_LIES_IN.get(name)}")}
    return tuple(sorted(held - seen))


def _preview(context: ForgetContext, ref: str) -> ForgetReport:
    started = time.monotonic()
    scope = _scope(context, ref, confirmed=True)
    found = {eraser.name: eraser.find(scope) for eraser in open_erasers(context, {})}
    return ForgetReport(
        erasure=None,
        documents=tuple(scope.names),
        certificate=None,
        found=_items(found),
        erased=(),
        scan=ScanResult(bytes=0, hits=0),
        seconds=round(time.monotonic() - started, 3),
    )


def _scope(context: ForgetContext, ref: str, *, confirmed: bool) -> Scope:
    subjects = _subjects(context, ref)
    with context.ledger.read() as conn:
        _refuse_held(conn, subjects)
        entity = _entity(context, ref)
        try:
            targets = resolve(context, conn, ref)
        except NotFoundError:
            if entity is None and not keeps_of(context, subjects):
                raise
            targets = []
        if len(targets) > 1 and not confirmed:
            raise Withheld(
                f"{ref!r} means {len(targets)} documents: {', '.join(repr(t.name) for t in targets[:5])}"
                f"{' …' if len(targets) > 5 else ''}. Nothing was erased.",
                hint="Look with --dry-run; if all of them are meant, run it again with --yes.",
                documents=len(targets),
            )
        none = Scope(targets=(), subjects=subjects)
        scope = gather(context, conn, targets, subjects=subjects) if targets else none
        return scope if entity is None else of_entity(context, conn, scope, entity)


def keeps_of(context: ForgetContext, subjects: Sequence[str]) -> bool:
    """Whether anything is kept of these users, beside documents about them."""
    alone = Scope(targets=(), subjects=tuple(subjects))
    return bool(subjects) and any(eraser.find(alone) for eraser in open_erasers(context, {}))


def _refuse_held(conn: Connection, subjects: Sequence[str]) -> None:
    held = [hold for hold in holds.find(conn) if hold.subject in subjects]
    if held:
        raise Withheld(
            f"Traces of this user are held: {held[0].reason!r} ({held[0].id}). Nothing was erased.",
            hint=f"If the hold is over: headrace trace hold release {held[0].id}, then forget again.",
        )


def _subjects(context: ForgetContext, ref: str) -> tuple[str, ...]:
    subject = subject_of(ref)
    return () if subject is None else (context.keyring.subject(subject),)


def _entity(context: ForgetContext, ref: str) -> str | None:
    """The subject of a reference, if it has features."""
    subject = subject_of(ref)
    return subject if subject is not None and context.online().find([subject]) else None


def _unfinished(context: ForgetContext) -> list[Erasure]:
    with context.ledger.read() as conn:
        return register.unfinished(conn)


def _meant(context: ForgetContext, report: ForgetReport, ref: str) -> bool:
    return any(
        name.partition("/")[2] in spellings(corpus, ref.strip())
        for corpus in context.corpora
        for name in report.documents
        if name.startswith(f"{corpus}/")
    )


def _kept_out(context: ForgetContext, scope: Scope, source: str | None) -> tuple[str, ...]:
    contents = set(scope.revisions) - set(scope.spare_content)
    names = ((corpus, source) for corpus in scope.corpora) if source else scope.targets
    return (
        *scope.subjects,
        *_hashes(context, "subject", (("", entity) for entity in scope.entities)),
        *_hashes(context, "source" if source else "uri", names),
        *_hashes(
            context, "content", ((corpus, item) for corpus in scope.corpora for item in sorted(contents))
        ),
    )


def _hashes(context: ForgetContext, kind: str, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(context.keyring.keyed(suppressions.KIND, kind, *pair) for pair in pairs)


def _items(counts: Mapping[str, int]) -> tuple[StoreItems, ...]:
    return tuple(StoreItems(store=name, items=count) for name, count in sorted(counts.items()) if count)
