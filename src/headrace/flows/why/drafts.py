"""What a trace was drafted into, and what a draft came from; never what it says."""

from __future__ import annotations

from headrace.errors import NotFoundError
from headrace.flows.why import nodes
from headrace.flows.why.reader import Reader
from headrace.ledger import curation
from headrace.ledger.curation import ItemRow
from headrace.records.explain import WhyNode, WhyReport

_TRACES = 20


def draft_nodes(reader: Reader, trace_id: str) -> tuple[WhyNode, ...]:
    """The drafts that a trace led to."""
    items = curation.items_of_traces(reader.conn, [trace_id])
    rows = [row for item in items if (row := curation.get(reader.conn, item)) is not None]
    return tuple(_node(row, relation="drafted into") for row in rows)


def why_draft(reader: Reader, draft: str) -> WhyReport:
    """Explain a draft: the traces and rules behind it, and what it became. Raises NotFoundError."""
    row = curation.get(reader.conn, draft)
    if row is None:
        raise NotFoundError("draft", draft[:80], hint="headrace curate list")
    links = curation.links_of(reader.conn, [draft])
    traces = tuple(
        WhyNode(
            kind="trace",
            ref=link.trace_id,
            label=link.trace_id,
            relation=f"found by {link.rule} in",
            facts={"time": nodes.moment(link.occurred_at_us)},
        )
        for link in links[-_TRACES:]
    )
    became = []
    if row.merged_into is not None:
        became.append(
            WhyNode(kind="draft", ref=row.merged_into, label=row.merged_into, relation="merged into")
        )
    if row.result is not None:
        label = f"{row.kind} {row.result} of {row.destination}"
        became.append(WhyNode(kind=row.kind, ref=row.result, label=label, relation="became"))
    plain = _node(row, relation="")
    upstream = WhyNode(kind="draft", ref=draft, label=plain.label, facts=plain.facts, children=traces)
    downstream = WhyNode(kind="draft", ref=draft, label=plain.label, children=tuple(became))
    return WhyReport(ref=draft, kind="draft", upstream=upstream, downstream=downstream)


def _node(row: ItemRow, *, relation: str) -> WhyNode:
    facts = {
        "state": row.state,
        "rule": row.reason,
        "noticed": nodes.moment(row.noticed_at_us),
        "decided": None if row.decided_at_us is None else nodes.moment(row.decided_at_us),
        "actor": row.actor,
    }
    return WhyNode(
        kind="draft",
        ref=row.id,
        label=f"{row.kind} for {row.destination}",
        relation=relation,
        facts={name: value for name, value in facts.items() if value is not None},
    )
