"""Items as every door shows them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import cast

from headrace.curate.curation.deciding import named
from headrace.curate.curation.parts import CurationParts
from headrace.curate.curation.sealed import opened
from headrace.errors import UsageError
from headrace.ledger import curation
from headrace.ledger.curation import ItemRow, LinkRow
from headrace.records.curation import (
    CurationItem,
    ItemDetail,
    ItemKind,
    ItemLink,
    ItemList,
    ItemState,
    Origin,
)
from headrace.records.times import rfc3339

KINDS: Sequence[ItemKind] = ("case", "row", "pair")
STATES: Sequence[ItemState] = ("new", "skipped", "accepted", "edited", "rejected", "merged")


def list_items(
    parts: CurationParts,
    *,
    states: Sequence[str],
    kind: str | None,
    into: str | None,
    rule: str | None,
    limit: int,
    texts: bool = True,
) -> ItemList:
    """Items of these states, kind, destination and rule; oldest first. Raises UsageError."""
    for state in states:
        if state not in STATES:
            raise UsageError(f"No state {state[:40]!r}. Allowed: {', '.join(STATES)}.")
    if kind is not None and kind not in KINDS:
        raise UsageError(f"No kind {kind[:40]!r}. Allowed: {', '.join(KINDS)}.")
    with parts.ledger.read() as conn:
        rows = curation.find(conn, states=states, kind=kind, destination=into, rule=rule, limit=limit)
        counts = curation.counts(conn)
    return ItemList(
        counts={state: counts[state] for state in STATES if state in counts},
        items=items_of(parts, rows, texts=texts),
    )


def show_item(parts: CurationParts, item: str) -> ItemDetail:
    """One item with its traces. Raises NotFoundError."""
    row = named(parts, item)
    with parts.ledger.read() as conn:
        links = curation.links_of(conn, [item])
    return ItemDetail(
        item=items_of(parts, [row])[0],
        links=[link_record(link) for link in links],
        body=opened(parts.keyring, row),
    )


def next_item(
    parts: CurationParts, *, kind: str | None = None, into: str | None = None, passed: Collection[str] = ()
) -> ItemDetail | None:
    """The item to decide next: new ones by age, then those that were skipped; None when nothing waits."""
    with parts.ledger.read() as conn:
        for state in curation.OPEN:
            rows = curation.find(conn, states=(state,), kind=kind, destination=into)
            found = next((row for row in rows if row.id not in passed and row.body is not None), None)
            if found is not None:
                break
        else:
            return None
    return show_item(parts, found.id)


def items_of(
    parts: CurationParts, rows: Sequence[ItemRow], *, texts: bool = True
) -> tuple[CurationItem, ...]:
    """The records of rows."""
    with parts.ledger.read() as conn:
        links = curation.links_of(conn, {row.id for row in rows})
    traces = Counter(item for item, _ in {(link.item, link.trace_id) for link in links})
    return tuple(_item(parts, row, traces=traces[row.id], texts=texts) for row in rows)


def link_record(link: LinkRow) -> ItemLink:
    """The record of a link."""
    return ItemLink(
        trace_id=link.trace_id,
        rule=link.rule,
        at=rfc3339(link.occurred_at_us),
        probability=None if link.probability is None else round(link.probability, 6),
        evidence=json.loads(link.evidence),
    )


def traces_of(links: Iterable[LinkRow]) -> set[str]:
    """The traces of links."""
    return {link.trace_id for link in links}


def _item(parts: CurationParts, row: ItemRow, *, traces: int, texts: bool) -> CurationItem:
    body = opened(parts.keyring, row) if texts else {}
    return CurationItem(
        id=row.id,
        kind=cast("ItemKind", row.kind),
        into=row.destination,
        state=cast("ItemState", row.state),
        rule=row.reason,
        traces=traces,
        owner=row.owner or parts.config.owner,
        noticed_at=rfc3339(row.noticed_at_us),
        decided_at=None if row.decided_at_us is None else rfc3339(row.decided_at_us),
        actor=row.actor,
        note=row.note,
        merged_into=row.merged_into,
        delivered=row.delivered_at_us is not None,
        result=row.result,
        depth=row.depth,
        origin=cast("Origin", row.origin),
        question=body.get("question"),
        observed=body.get("observed"),
        expected=body.get("expected"),
    )
