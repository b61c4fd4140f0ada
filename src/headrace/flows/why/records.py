"""What a stored output came from: its call, its schema, and the documents it was given."""

from __future__ import annotations

from headrace.errors import NotFoundError
from headrace.flows.why import nodes
from headrace.flows.why.reader import Reader
from headrace.infer.records import store
from headrace.ledger import documents
from headrace.records.explain import WhyNode, WhyReport


def why_record(reader: Reader, record: str) -> WhyReport:
    """Explain a record, without what it says. Raises NotFoundError."""
    row = store.get(reader.conn, record)
    if row is None:
        raise NotFoundError("record", record, hint="headrace schema records")
    schema = f"{row.schema} version {row.version}"
    children = [
        WhyNode(kind="trace", ref=row.trace_id, label=row.trace_id, relation="written by"),
        WhyNode(kind="model", ref=row.model, label=row.model, relation="by"),
        WhyNode(kind="schema", ref=row.schema_digest, label=schema, relation="valid by"),
    ]
    if row.prompt is not None:
        children.append(WhyNode(kind="prompt", ref=row.prompt, label=row.prompt, relation="with"))
    if row.release is not None:
        children.append(nodes.release_node(reader, row.release, "served by"))
    derived = store.documents_of(reader.conn, [record])[record]
    for (corpus, uri), revision in {(link.corpus, link.uri): link.revision for link in derived}.items():
        serving = reader.serving(corpus)
        states = documents.lookup(reader.conn, serving.id, [uri]) if serving else {}
        children.append(nodes.document_node(reader, corpus, uri, states.get(uri), "from", revision=revision))
    facts = {
        "stored": nodes.moment(row.known_at_us),
        "repair": row.repair,
        "erased": nodes.moment(row.erased_at_us),
    }
    known = {key: value for key, value in facts.items() if value is not None}
    upstream = WhyNode(kind="record", ref=record, label=schema, facts=known, children=tuple(children))
    return WhyReport(
        ref=record,
        kind="record",
        upstream=upstream,
        downstream=WhyNode(kind="record", ref=record, label=schema),
    )
