"""The quarantine: see what waits, let it in, keep it out, or have it judged again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.flows.gates.excerpt import excerpt
from headrace.flows.gates.kept import Kept, chosen, load
from headrace.ledger import documents, failures, gate_decisions, leases, verdicts
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.gate_decisions import Decision, DecisionRow
from headrace.privacy.redact import redact
from headrace.records.quarantine import DecisionReport, Quarantine, QuarantineDetail

if TYPE_CHECKING:
    from headrace.flows.gates.parts import GateParts
    from headrace.ledger.ledger import Write
    from headrace.records.quarantine import QuarantineItem

_IN_DECISION = declare("gate.in_decision")
_AFTER_DECISION = declare("gate.after_decision")
_WAIT_SECONDS = 600.0
STATES = ("waiting", "dropped", "released", "rejected", "all")


def quarantine(
    parts: GateParts, *, corpus: str | None = None, gate: str | None = None, state: str = "waiting"
) -> Quarantine:
    """What gates keep out now. Raises NotFoundError, UsageError."""
    if state not in STATES:
        raise UsageError(f"{state!r} is no state of the quarantine.", hint=f"Allowed: {', '.join(STATES)}.")
    items = [found.item for found in load(parts, parts.corpora(corpus))]
    return Quarantine(
        items=tuple(
            item
            for item in items
            if state in ("all", item.state) and (gate is None or gate == item.gate or gate in item.gates)
        ),
        waiting=dict(sorted(Counter(item.gate for item in items if item.state == "waiting").items())),
    )


def show(
    parts: GateParts, ref: str, *, corpus: str | None = None, access: Sequence[str] | None = None
) -> QuarantineDetail:
    """Everything that is known of one item, with the text around its evidence as far as it may be shown.

    With `access` the text is only shown of a document that these labels open; without, of any.
    Raises NotFoundError, UsageError.
    """
    (found,) = chosen(parts, [ref], corpus)
    shown, note = excerpt(parts, found, access=access)
    engine = parts.privacy()
    return QuarantineDetail(
        item=found.item,
        verdicts=tuple(
            verdict if verdict.reason is None else replace(verdict, reason=redact(engine, verdict.reason))
            for verdict in found.verdicts
        ),
        excerpt=shown,
        note=note,
    )


def release(
    parts: GateParts, refs: Sequence[str], *, reason: str, corpus: str | None = None
) -> DecisionReport:
    """Let revisions in against the gates that keep them out now, and sync their corpora.

    The decision stands as long as the revision and these gates, with their versions and thresholds, do.
    Raises NotFoundError, UsageError.
    """
    found = _asked(parts, refs, reason, corpus)

    def decide(tx: Write, each: Kept) -> None:
        rows = _rows(tx, parts, each, "released", reason)
        gate_decisions.record(tx, each.item.corpus, rows)
        failures.retry(tx, each.item.corpus, [each.item.document])

    return _decided(parts, found, decide, sync=lambda each: each.item.state != "released")


def reject(
    parts: GateParts, refs: Sequence[str], *, reason: str, corpus: str | None = None
) -> DecisionReport:
    """Keep revisions out whatever their gates say later; one that was released is withdrawn by a sync.

    Raises NotFoundError, UsageError.
    """
    found = _asked(parts, refs, reason, corpus)

    def decide(tx: Write, each: Kept) -> None:
        item = each.item
        gate_decisions.record(tx, item.corpus, _rows(tx, parts, each, "rejected", reason))
        if item.state != "released":
            verdicts.set_outcome(tx, each.generation, item.document, "rejected")
            failures.reject(tx, item.corpus, item.document, f"rejected by {parts.actor}: {reason}")

    return _decided(parts, found, decide, sync=lambda each: each.item.state == "released")


def replay(parts: GateParts, refs: Sequence[str] = (), *, corpus: str | None = None) -> DecisionReport:
    """Read items that wait again, and let their gates judge them anew; without any named, all that wait.

    Raises NotFoundError, UsageError.
    """
    found = chosen(parts, refs, corpus) if refs else load(parts, parts.corpora(corpus))
    waiting = [each for each in found if each.item.state in ("waiting", "dropped")]
    if refs and len(waiting) < len(found):
        decided = next(each.item for each in found if each not in waiting)
        raise UsageError(
            f"{decided.document!r} does not wait: it was {decided.state}.",
            hint="`headrace gate quarantine release` or `reject` decides anew.",
        )

    def decide(tx: Write, each: Kept) -> None:
        failures.retry(tx, each.item.corpus, [each.item.document])

    return _decided(parts, waiting, decide, sync=lambda _: True)


def _asked(parts: GateParts, refs: Sequence[str], reason: str, corpus: str | None) -> list[Kept]:
    if not reason.strip():
        raise UsageError("A decision needs a reason.", hint="Add --reason TEXT; it goes on record.")
    return chosen(parts, refs, corpus)


def _rows(tx: Write, parts: GateParts, each: Kept, decision: Decision, reason: str) -> list[DecisionRow]:
    item = each.item
    # A rejection does not depend on any gate, nor does taking one back that no gate is against: one row.
    against = each.against if decision == "released" and each.against else {"": item.gate}
    return [
        DecisionRow(item.document, item.revision, gate, fingerprint, decision, parts.actor, reason, tx.now_us)
        for fingerprint, gate in against.items()
    ]


def _decided(
    parts: GateParts,
    found: Sequence[Kept],
    decide: Callable[[Write, Kept], None],
    *,
    sync: Callable[[Kept], bool],
) -> DecisionReport:
    """Record decisions under the lease of each corpus, sync where that is needed, and tell what came."""
    before = {_name(each.item) for each in found if each.item.serves}
    out = {_name(each.item) for each in found if each.item.state != "released"}
    syncs = []
    for corpus in _corpora(found):
        items = [each for each in found if each.item.corpus == corpus]
        with leases.held(parts.ledger(), f"corpus/{corpus}", wait_seconds=_WAIT_SECONDS) as lease:

            def work(tx: Write, items: Iterable[Kept] = items, lease: leases.Lease = lease) -> None:
                leases.check(tx, lease)
                for each in items:
                    decide(tx, each)
                fire(_IN_DECISION)

            parts.ledger().write(work)
        fire(_AFTER_DECISION)
        if any(sync(each) for each in items):
            syncs.append(parts.sync(corpus))
    after = {_name(found.item): found.item for found in load(parts, _corpora(found))}
    served = _serving(parts, found)
    still_out = {name for name, item in after.items() if item.state != "released"}
    return DecisionReport(
        items=tuple(after[name] for each in found if (name := _name(each.item)) in after),
        served=tuple(sorted(served & out - still_out)),
        withdrawn=tuple(sorted(before - served)),
        syncs=tuple(syncs),
    )


def _corpora(found: Sequence[Kept]) -> list[str]:
    return sorted({each.item.corpus for each in found})


def _serving(parts: GateParts, found: Sequence[Kept]) -> set[str]:
    """Those of the documents that serve now."""
    served: set[str] = set()
    with parts.ledger().read() as conn:
        for corpus in _corpora(found):
            uris = [each.item.document for each in found if each.item.corpus == corpus]
            generation = parts.releases().generation(conn, corpus)
            if generation is not None:
                served |= {f"{corpus}/{uri}" for uri in documents.lookup(conn, generation, uris)}
    return served


def _name(item: QuarantineItem) -> str:
    return f"{item.corpus}/{item.document}"
