"""Accepted drafts go into golden sets and datasets; what users take back is closed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from headrace.curate.curation.consent import allowed_among
from headrace.curate.curation.parts import CurationParts
from headrace.curate.curation.sealed import opened
from headrace.ledger import curation, lineage
from headrace.ledger.curation import ItemRow, LinkRow
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.ledger import Write
from headrace.records.datasets import RowInput
from headrace.records.golden import CaseInput

_HANDED_OVER = declare("curate.handed_over")
TAKEN_BACK = "consent was taken back"


def deliver(parts: CurationParts) -> int:
    """Hand accepted items over that were not yet; returns how many.

    Golden sets and datasets know each key once, so that one handed over just before a crash is not there
    twice. Without a place to go they wait.
    """
    with parts.ledger.read() as conn:
        rows = curation.undelivered(conn)
        links = curation.links_of(conn, {row.id for row in rows})
    by_item: dict[str, list[LinkRow]] = defaultdict(list)
    for link in links:
        by_item[link.item].append(link)
    groups: dict[tuple[bool, str], list[ItemRow]] = defaultdict(list)
    for row in rows:
        groups[row.kind == "case", row.destination].append(row)
    return sum(
        _hand_over(parts, group, by_item, cases=cases, destination=destination)
        for (cases, destination), group in groups.items()
    )


def _hand_over(
    parts: CurationParts,
    rows: Sequence[ItemRow],
    links: dict[str, list[LinkRow]],
    *,
    cases: bool,
    destination: str,
) -> int:
    rows = [row for row in rows if row.body is not None]
    if not rows:
        return 0
    if cases:
        if parts.cases is None:
            return 0
        results = parts.cases.add(destination, [case_of(parts, row, links[row.id]) for row in rows])
    else:
        if parts.rows is None:
            return 0
        results = parts.rows.add(destination, [row_of(parts, row, links[row.id]) for row in rows])
    fire(_HANDED_OVER)

    def work(tx: Write) -> None:
        for row, result in zip(rows, results, strict=True):
            curation.change(tx, row.id, {"delivered_at_us": tx.now_us, "result": result})
            edge = lineage.Edge(source=row.id, target=result, activity="curated_into")
            lineage.link(tx, [edge])

    parts.ledger.write(work)
    return len(rows)


def case_of(parts: CurationParts, row: ItemRow, links: Sequence[LinkRow]) -> CaseInput:
    """An item as its golden set takes it."""
    body = opened(parts.keyring, row)
    return CaseInput(
        key=row.id,
        inputs=body.get("inputs", {}),
        expected=body.get("expected"),
        tags=tuple(sorted({link.rule for link in links})),
        group=row.family,
        provenance=_provenance(row, links),
        part="random" if row.part == "random" else "failures",
    )


def row_of(parts: CurationParts, row: ItemRow, links: Sequence[LinkRow]) -> RowInput:
    """An item as its dataset takes it."""
    body = opened(parts.keyring, row)
    return RowInput(
        key=row.id,
        fields=body.get("fields", {}),
        provenance=_provenance(row, links),
        subject=row.subject or row.author,
        group=row.family,
        depth=row.depth,
    )


def withdraw(parts: CurationParts) -> int:
    """Close what waits, where a user took consent back; its words go. Returns how many there were."""
    with parts.ledger.read() as conn:
        rows = (*curation.find(conn, states=curation.OPEN), *curation.undelivered(conn))
        people = {name for row in rows for name in (row.subject, row.author)}
        allowed = allowed_among(conn, people, without_user=parts.anonymous_training)
    gone = [
        row.id
        for row in rows
        if (row.subject or row.author) and allowed.refuses(row.kind, row.subject, row.author)  # type: ignore[arg-type]  # a kind of ours
    ]

    def work(tx: Write) -> None:
        values: dict[str, Any] = {
            "state": "rejected",
            "note": TAKEN_BACK,
            "actor": parts.actor,
            "decided_at_us": tx.now_us,
            "body": None,
        }
        for item in gone:
            curation.change(tx, item, values)

    if gone:
        parts.ledger.write(work)
    return len(gone)


def _provenance(row: ItemRow, links: Sequence[LinkRow]) -> dict[str, Any]:
    told = [json.loads(link.evidence) for link in links]
    traces = sorted({link.trace_id for link in links})
    found: dict[str, Any] = {
        "item": row.id,
        "origin": row.origin,
        "traces": traces,
        "trace": traces[0] if traces else None,
        "signals": sorted({name for facts in told for name in facts.get("signal_ids", ())}),
        "rules": sorted({link.rule for link in links}),
        "models": sorted({facts["model"] for facts in told if facts.get("model")}),
        "releases": sorted({facts["release"] for facts in told if facts.get("release")}),
        "decided_by": row.actor,
    }
    drawn = [link.probability for link in links if link.probability is not None]
    if drawn:
        found["probability"] = drawn[0]
    return {name: value for name, value in found.items() if value not in (None, [])}
