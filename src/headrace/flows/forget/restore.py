"""What comes by itself: erasures that were interrupted, are due, or were undone by a restored backup."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from headrace.errors import HeadraceError, NotFoundError
from headrace.flows.forget.context import ForgetContext
from headrace.flows.forget.erase import begin, finish_all, keeps_of
from headrace.flows.forget.resolve import known, spellings, subject_of
from headrace.flows.forget.scope import gather
from headrace.ingest.sources.eraser import PageEraser
from headrace.ledger import documents, generations, hidden, lineage
from headrace.ledger.erasure import register, suppressions
from headrace.ledger.erasure.journal import Entry
from headrace.ledger.erasure.scope import Target
from headrace.ledger.erasure.suppressions import KIND, Suppressed
from headrace.records.forget import AllowReport, ForgetReport

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Write

_log = logging.getLogger(__name__)


class Keeper:
    """The part of forgetting that a sync calls."""

    def __init__(self, context: ForgetContext) -> None:
        self._context = context

    def recover(self) -> None:
        """Finish what has to be finished. What cannot be done now stays hidden, and is tried again."""
        try:
            finish_due(self._context)
        except HeadraceError as error:
            _log.warning("An erasure could not be finished: %s %s", error.message, error.hint)

    def suppressed(self, conn: Connection) -> Suppressed:
        """What stays out although a source lists it."""
        return suppressions.load(conn, self._context.keyring)

    def drop(self, uris: Sequence[str]) -> None:
        """Remove what listing left in the page cache of documents that stay out."""
        PageEraser(self._context.blobs, self._context.pages).drop(uris)


def finish_due(context: ForgetContext, *, replay: bool = False) -> list[ForgetReport]:
    """Finish interrupted erasures, erase documents hidden for too long, and repeat what a backup undid.

    `replay` looks for forgotten documents even where the ledger knows of every erasure.
    """
    _catch_up(context)
    with context.ledger.read() as conn:
        undone = register.undone(conn)
        before_us = time.time_ns() // 1000 - context.hidden_us
        due = {Target(item.corpus, item.uri) for item in hidden.due(conn, before_us)}
    reports = finish_all(context)
    if undone or replay:
        with context.ledger.read() as conn:
            subjects = suppressions.subjects(conn)
        found = partial(_forgotten, context)
        reports += _erase(context, found, reason="a backup was restored", subjects=subjects)
        context.ledger.write(lambda tx: register.repaired(tx, undone))
    if due:
        reports += _erase(context, partial(_still, context, due), reason="hidden for too long")
    return reports


def allow(context: ForgetContext, ref: str) -> AllowReport:
    """Let a forgotten document, `source:NAME` or the features of `subject:VALUE` come in again.

    Raises NotFoundError.
    """
    name = ref.strip()
    kind, names = ("source", {name.removeprefix("source:")}) if name.startswith("source:") else ("uri", None)
    subject = subject_of(name)
    allowed = 0 if subject is None else _allow(context, "subject", "", subject)
    for corpus in context.corpora:
        for uri in sorted(names or spellings(corpus, name)):
            allowed += _allow(context, kind, corpus, uri)
    if not allowed:
        raise NotFoundError("forgotten document", ref, hint="Name it exactly as its source does.")
    return AllowReport(ref=ref, allowed=allowed)


def _allow(context: ForgetContext, kind: str, corpus: str, name: str) -> int:
    out = context.keyring.keyed(KIND, kind, corpus, name)
    with context.ledger.read() as conn:
        if out not in suppressions.known(conn):
            return 0
    entry = Entry(
        erasure=register.new_id(),
        action="allow",
        adds=(context.keyring.keyed(KIND, "allowed", corpus, name),),
        removes=(out,),
        time_us=time.time_ns() // 1000,
    )
    context.journal.append(entry)
    context.ledger.write(lambda tx: _apply(tx, entry))
    return 1


def _apply(tx: Write, entry: Entry) -> None:
    suppressions.remove(tx, entry.removes)
    suppressions.add(tx, entry.adds, erasure=entry.erasure)


def _catch_up(context: ForgetContext) -> None:
    """Teach a ledger from a backup what was forgotten since."""
    entries = context.journal.entries()
    if not entries:
        return
    with context.ledger.read() as conn:
        there = set(register.ids(conn))
    unknown = [entry.action == "forget" and entry.erasure not in there for entry in entries]
    if not any(unknown):
        return
    first = unknown.index(True)

    def work(tx: Write) -> None:
        for entry in entries[first:]:
            _apply(tx, entry)
            if entry.action == "forget" and entry.erasure not in there:
                register.repeated(tx, entry.erasure, actor=context.actor, requested_at_us=entry.time_us)

    context.ledger.write(work)


def _erase(
    context: ForgetContext,
    find: Callable[[], list[Target]],
    *,
    reason: str,
    subjects: Sequence[str] = (),
) -> list[ForgetReport]:
    with context.locked() as held:
        targets = find()
        if not targets and not keeps_of(context, subjects):
            return []
        with context.ledger.read() as conn:
            scope = gather(context, conn, targets, subjects=subjects)
        begin(context, scope, held, reason=reason)
    return finish_all(context)


def _still(context: ForgetContext, due: set[Target]) -> list[Target]:
    with context.ledger.read() as conn:
        return sorted(due & {target for target, _ in known(context, conn)})


def _forgotten(context: ForgetContext) -> list[Target]:
    """Documents that the ledger, its lineage or its calls name although they were forgotten."""
    with context.ledger.read() as conn:
        out = suppressions.load(conn, context.keyring)
        named = {(target, source) for target, source in known(context, conn)}
        moved = [edge for target, _ in named for edge in lineage.upstream(conn, target.name)]
        revisions = {
            Target(generation.corpus, state.uri): state.revision
            for generation in generations.list(conn)
            for state in documents.load_brief(conn, generation.id)
        }
    names = {Target(*edge.source.split("/", 1)) for edge in moved if "/" in edge.source}
    names |= {
        Target(corpus, ref.ref.removeprefix(f"{corpus}/"))
        for span in context.events.all()
        for ref in span.refs
        for corpus in context.corpora
        if ref.ref.startswith(f"{corpus}/")
    }
    found = {target for target, source in named if out.source(target.corpus, source)}
    found |= {target for target, _ in named if out.document(*target)}
    found |= {target for target in names if out.document(*target)}
    found |= {
        target
        for target, revision in revisions.items()
        if out.content(target.corpus, revision, names=[target.uri])
    }
    return sorted(found)
