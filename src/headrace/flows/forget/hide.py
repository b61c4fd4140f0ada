"""`hide` and `unhide`: out of sight at once, restorable for a while, then erased."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError, UsageError, Withheld
from headrace.flows.forget.context import ForgetContext
from headrace.flows.forget.resolve import resolve
from headrace.ledger import hidden
from headrace.ledger.erasure import register
from headrace.ledger.erasure.scope import Target
from headrace.records.forget import HideReport

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write


def hide(context: ForgetContext, ref: str, *, reason: str = "", confirmed: bool = False) -> HideReport:
    """Hide documents from search, answers and lineage at once. Raises NotFoundError, Withheld."""
    with context.ledger.read() as conn:
        targets = resolve(context, conn, ref)
    if len(targets) > 1 and not confirmed:
        raise Withheld(
            f"{ref!r} means {len(targets)} documents. Nothing was hidden.",
            hint="If all of them are meant, run it again with --yes.",
            documents=len(targets),
        )

    def work(tx: Write) -> int:
        for corpus, uris in _by_corpus(targets).items():
            hidden.hide(tx, corpus, uris, actor=context.actor, reason=reason)
        return tx.now_us

    now_us = context.ledger.write(work)
    until = datetime.fromtimestamp((now_us + context.hidden_us) / 1e6, UTC).isoformat(timespec="seconds")
    return HideReport(state="hidden", documents=_names(targets), until=until)


def unhide(context: ForgetContext, ref: str) -> HideReport:
    """Show hidden documents again.

    Raises NotFoundError for documents that are not hidden, and UsageError when they are being forgotten or
    their time is over.
    """
    with context.ledger.read() as conn:
        targets = resolve(context, conn, ref)
        known = {
            Target(item.corpus, item.uri): item
            for corpus in context.corpora
            for item in hidden.load(conn, corpus).values()
        }
    chosen = [target for target in targets if target in known]
    if not chosen:
        raise NotFoundError("hidden document", ref, known=[target.name for target in known])
    over_us = time.time_ns() // 1000 - context.hidden_us

    def work(tx: Write) -> None:
        if register.unfinished(tx.conn) or any(known[target].hidden_at_us < over_us for target in chosen):
            raise UsageError(
                f"{ref!r} cannot be shown again: it is being erased, or its time is over.",
                hint="If its source still lists it: headrace forget --allow REF, then headrace sync.",
            )
        for corpus, uris in _by_corpus(chosen).items():
            hidden.unhide(tx, corpus, uris)

    context.ledger.write(work)
    return HideReport(state="live", documents=_names(chosen), until=None)


def _by_corpus(targets: Iterable[Target]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for target in targets:
        found[target.corpus].append(target.uri)
    return found


def _names(targets: Iterable[Target]) -> tuple[str, ...]:
    return tuple(target.name for target in targets)
