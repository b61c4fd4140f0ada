"""Decisions on items: accept, edit, reject, merge, skip, and who looks after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from headrace.curate.curation.consent import allowed_among
from headrace.curate.curation.delivery import deliver
from headrace.curate.curation.parts import CurationParts
from headrace.curate.curation.sealed import opened, scrubbed, sealed
from headrace.errors import NotFoundError, UsageError
from headrace.ledger import curation, lineage
from headrace.ledger.curation import ItemRow
from headrace.ledger.failpoints import declare, fire
from headrace.records.curation import ItemKind, ItemState

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

Verdict = Literal["accept", "reject", "merge", "skip"]
_IN_DECISION = declare("curate.in_decision_transaction")
MAX_TEXT_CHARACTERS = 100_000
_STATES: dict[Verdict, ItemState] = {
    "accept": "accepted",
    "reject": "rejected",
    "merge": "merged",
    "skip": "skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided about some items."""

    verdict: Verdict
    text: str | None = None
    """Of an accepted one: what is expected, or is to be learnt, in place of what stands there."""
    into: str | None = None
    """Of a merged one: the item that stands for it."""
    note: str = ""


def decide(parts: CurationParts, items: Sequence[str], decision: Decision) -> list[ItemRow]:
    """Decide about items that wait, all of them or none; accepted ones go on to their golden set or dataset.

    Raises NotFoundError, and UsageError for one that is decided already or whose users take consent back.
    """
    rows = [waiting(parts, item) for item in dict.fromkeys(items)]
    if not rows:
        raise UsageError("No item was named.", hint="`headrace curate list` names those that wait.")
    values = [_values(parts, row, decision) for row in rows]

    def work(tx: Write) -> None:
        for row, changed in zip(rows, values, strict=True):
            changed |= {"decided_at_us": None if decision.verdict == "skip" else tx.now_us}
            if not curation.change(tx, row.id, changed, states=curation.OPEN):
                raise UsageError(
                    f"Item {row.id!r} was decided by somebody else meanwhile.",
                    hint=f"`headrace curate show {row.id}` says how.",
                )
            if decision.into is not None:
                edge = lineage.Edge(source=row.id, target=decision.into, activity="merged_into")
                lineage.link(tx, [edge])
        fire(_IN_DECISION)

    parts.ledger.write(work)
    if decision.verdict == "accept":
        deliver(parts)
    with parts.ledger.read() as conn:
        return [found for row in rows if (found := curation.get(conn, row.id)) is not None]


def assign(parts: CurationParts, items: Sequence[str], owner: str) -> list[ItemRow]:
    """Say who looks after items, decided or not. Raises NotFoundError, UsageError."""
    if not owner.strip():
        raise UsageError("An owner needs a name.", hint="Such as --owner support-team.")
    rows = [named(parts, item) for item in dict.fromkeys(items)]

    def work(tx: Write) -> None:
        for row in rows:
            curation.change(tx, row.id, {"owner": owner.strip()})

    parts.ledger.write(work)
    return [row._replace(owner=owner.strip()) for row in rows]


def named(parts: CurationParts, item: str) -> ItemRow:
    """An item by its id. Raises NotFoundError."""
    with parts.ledger.read() as conn:
        row = curation.get(conn, item)
    if row is None:
        raise NotFoundError("item", item[:80], hint="`headrace curate list` names those that wait.")
    return row


def waiting(parts: CurationParts, item: str) -> ItemRow:
    """An item that waits. Raises NotFoundError, and UsageError for one that is decided."""
    row = named(parts, item)
    if row.state not in curation.OPEN:
        raise UsageError(
            f"Item {item!r} is {row.state} already.", hint="`headrace curate list` names those that wait."
        )
    return row


def _values(parts: CurationParts, row: ItemRow, decision: Decision) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": _STATES[decision.verdict],
        "actor": parts.actor,
        "note": scrubbed(parts.engine(), decision.note) or None,
    }
    if decision.verdict == "merge":
        values["merged_into"] = _other(parts, row, decision.into)
    if decision.verdict == "accept":
        _check_consent(parts, row)
        values |= _wording(parts, row, decision.text)
    return values


def _wording(parts: CurationParts, row: ItemRow, text: str | None) -> dict[str, Any]:
    if row.body is None:
        raise UsageError(f"What item {row.id!r} said is erased.", hint=f"headrace curate reject {row.id}")
    if text is None:
        return {}
    if not text.strip() or len(text) > MAX_TEXT_CHARACTERS:
        raise UsageError(
            f"The text has {len(text):,} characters. Allowed: 1 to {MAX_TEXT_CHARACTERS:,}, not only spaces."
        )
    body = opened(parts.keyring, row)
    clean = scrubbed(parts.engine(), text)
    if clean == body.get("expected"):
        return {}
    body["expected"] = clean
    if row.kind != "case":
        body["fields"] = {**body["fields"], "chosen" if row.kind == "pair" else "completion": clean}
    values = {"state": "edited", "body": sealed(parts.keyring, body), "depth": 0}
    return values if row.kind == "case" else values | {"origin": "edited"}


def _other(parts: CurationParts, row: ItemRow, into: str | None) -> str:
    if into is None:
        raise UsageError("Into which item is it merged?", hint="Name it with --into ITEM.")
    other = named(parts, into)
    if other.id == row.id or other.kind != row.kind or other.state in ("merged", "rejected"):
        raise UsageError(
            f"Item {row.id!r} cannot be merged into {other.id!r}, a {other.kind} that is {other.state}.",
            hint=f"Name another {row.kind} that waits or was accepted.",
        )
    return other.id


def _check_consent(parts: CurationParts, row: ItemRow) -> None:
    with parts.ledger.read() as conn:
        allowed = allowed_among(conn, [row.subject, row.author], without_user=parts.anonymous_training)
    refused = allowed.refuses(cast("ItemKind", row.kind), row.subject, row.author)
    if refused is not None:
        raise UsageError(
            f"Item {row.id!r} cannot be accepted: {refused}.",
            hint=f"headrace curate reject {row.id}, or `headrace curate run`, which closes such items.",
        )
