"""`why`: find out what a reference names, and draw what it came from and what came from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError, StorageError
from headrace.flows.naming import find_alias, find_document
from headrace.flows.why import nodes
from headrace.flows.why.calls import call_parts
from headrace.flows.why.datasets import rows_made, why_dataset
from headrace.flows.why.drafts import draft_nodes, why_draft
from headrace.flows.why.evals import case_nodes, why_eval
from headrace.flows.why.permissions import restrict
from headrace.flows.why.reader import Reader
from headrace.flows.why.records import why_record
from headrace.ingest.index.schema import quoted
from headrace.ledger import generations, lineage, signals
from headrace.ledger.documents import DocumentState
from headrace.ledger.events.base import EventStore
from headrace.ledger.near_duplicates import Alias
from headrace.records.call import SpanEvent
from headrace.records.explain import WhyNode, WhyReport
from headrace.ship.releases import Releases

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger

_TRACE = re.compile(r"[0-9a-f]{32}")
_USES = 20
_ATTEMPTS = 3


def why(
    ledger: Ledger,
    ref: str,
    *,
    events: EventStore,
    releases: Releases,
    corpora: Sequence[str],
    access: Sequence[str] | None = None,
) -> WhyReport:
    """Explain a trace id, a chunk, record, generation, recipe, release or prompt id, or a document (URI,
    `corpus/URI`, file name), as far as the access labels go; None shows everything. Raises NotFoundError."""
    for left in range(_ATTEMPTS, 0, -1):
        try:
            with ledger.read() as conn:
                reader = Reader(ledger=ledger, conn=conn, events=events, releases=releases, corpora=corpora)
                return restrict(_explain(reader, ref.strip()), reader, access)
        except StorageError:
            # A version that was cleaned up while it was read: the ledger names a newer one by now.
            if left == 1:
                raise
    raise AssertionError("unreachable")


def _explain(reader: Reader, name: str) -> WhyReport:
    if _TRACE.fullmatch(name):
        return _trace(reader, name)
    kind = name.partition("_")[0]
    if kind == "chunk":
        return _chunk(reader, name)
    if kind in ("dataset", "model") and "/" not in name and "." not in name:
        return why_dataset(reader, kind, name)
    if kind == "record" and "/" not in name and "." not in name:
        return why_record(reader, name)
    if kind == "draft" and "/" not in name and "." not in name:
        return why_draft(reader, name)
    if kind in ("gen", "release", "recipe", "prompt") and "/" not in name and "." not in name:
        return _artifact(reader, kind, name)
    return why_eval(reader, name) or _document(reader, name)


def _trace(reader: Reader, trace_id: str) -> WhyReport:
    spans = reader.events.trace(trace_id)
    if not spans:
        raise NotFoundError("trace", trace_id, hint="`headrace ask` and `headrace search` print the ids.")
    root = next((span for span in spans if span.parent_span_id is None), spans[0])
    children = [node for span in spans for node in _span_parts(reader, span)]
    if root.release:
        children.insert(0, nodes.release_node(reader, root.release, "served by"))
    upstream = WhyNode(
        kind="trace",
        ref=trace_id,
        label=root.name,
        facts=_span_facts(root),
        children=tuple(_once(children)),
    )
    said = tuple(nodes.signal_node(row) for row in signals.of_traces(reader.conn, [trace_id]))
    became = (
        *draft_nodes(reader, trace_id),
        *case_nodes(reader, trace_id),
        *rows_made(reader, trace_id),
    )
    downstream = WhyNode(kind="trace", ref=trace_id, label=root.name, children=(*said, *became))
    return WhyReport(ref=trace_id, kind="trace", upstream=upstream, downstream=downstream)


def _span_parts(reader: Reader, span: SpanEvent) -> list[WhyNode]:
    attributes = span.attributes
    if span.kind == "call":
        return call_parts(reader, span)
    parts: list[WhyNode] = []
    if span.kind == "chat":
        facts = {key: attributes.get(f"gen_ai.usage.{key}") for key in ("input_tokens", "output_tokens")}
        facts["duration_ms"] = round((span.end_ns - span.start_ns) / 1e6, 3)
        parts.append(
            WhyNode(kind="model", ref=span.model or "", label=span.model or "", relation="by", facts=facts)
        )
        if span.prompt:
            parts.append(WhyNode(kind="prompt", ref=span.prompt, label=span.prompt, relation="with"))
    corpus = str(attributes.get("corpus", ""))
    cited: Sequence[Mapping[str, Any]] = attributes.get("citations") or ()
    hits: Sequence[Mapping[str, Any]] = attributes.get("hits") or ()
    present = reader.present(corpus, {str(facts["chunk_id"]) for facts in (*cited, *hits)})
    for relation, chunks in (("cites", cited), ("retrieved", hits)):
        parts += [
            nodes.chunk_node(reader, corpus, facts, relation, gone=facts["chunk_id"] not in present)
            for facts in chunks
        ]
    return parts


def _once(children: Sequence[WhyNode]) -> list[WhyNode]:
    """A chunk that is cited is not listed again as retrieved."""
    cited = {node.ref for node in children if node.relation == "cites"}
    ranked = [node for node in children if node.relation != "retrieved" or node.ref not in cited]
    order = {"served by": 0, "by": 1, "with": 2, "cites": 3}
    return sorted(ranked, key=lambda node: order.get(node.relation, 4))


def _span_facts(span: SpanEvent) -> dict[str, Any]:
    keys = ("question", "query", "answer", "filter", "access", "citations_removed", "warnings", "grounded")
    facts = {key: span.attributes[key] for key in keys if span.attributes.get(key) not in (None, [], ())}
    return {
        "time": nodes.moment(span.start_ns // 1000),
        "duration_ms": round((span.end_ns - span.start_ns) / 1e6, 3),
        "status": span.status,
        **({"error": span.error} if span.error else {}),
        **facts,
    }


def _chunk(reader: Reader, chunk_id: str) -> WhyReport:
    found = reader.chunk(chunk_id)
    if found is None:
        raise NotFoundError("chunk", chunk_id, hint="`headrace search QUERY --json` prints chunk ids.")
    generation, row = found
    base = nodes.chunk_node(reader, generation.corpus, row, "")
    upstream = WhyNode(
        kind=base.kind,
        ref=base.ref,
        label=base.label,
        facts=base.facts,
        children=(*base.children, nodes.generation_node(reader, generation, "stands in")),
    )
    downstream = WhyNode(kind="chunk", ref=chunk_id, label=base.label, children=_uses(reader, chunk_id))
    return WhyReport(ref=chunk_id, kind="chunk", upstream=upstream, downstream=downstream)


def _document(reader: Reader, name: str) -> WhyReport:
    try:
        corpus, state = _find_document(reader, name)
    except NotFoundError:
        found = find_alias(reader.conn, reader.releases, reader.corpora, name)
        if found is None:
            raise
        return _alias(reader, *found)
    upstream = nodes.document_node(reader, corpus, state.uri, state, "")
    ref = f"{corpus}/{state.uri}"
    generation = reader.serving(corpus)
    rows = reader.chunks(generation, f"document = {quoted(state.uri)}") if generation else []
    chunks = tuple(
        WhyNode(
            kind="chunk",
            ref=row["chunk_id"],
            label=nodes.excerpt(row["text"])[:80],
            relation="chunked into",
            facts={"span": [row["start"], row["end"]], "page": row["page"], "headings": row["headings"]},
        )
        for row in rows
    )
    made = rows_made(reader, ref)
    downstream = WhyNode(
        kind="document", ref=ref, label=state.uri, children=(*chunks, *_uses(reader, ref), *made)
    )
    return WhyReport(ref=ref, kind="document", upstream=upstream, downstream=downstream)


def _alias(reader: Reader, corpus: str, alias: Alias) -> WhyReport:
    """A document that is not in the index, since it yields to one that is."""
    ref = f"{corpus}/{alias.uri}"
    served = _document(reader, f"{corpus}/{alias.winner}")
    upstream = WhyNode(
        kind="document",
        ref=ref,
        label=alias.uri,
        facts={"uri": alias.uri, "corpus": corpus, "now": "an alias", "similarity": alias.similarity},
        children=(replace(served.upstream, relation="yields to"),),
    )
    return WhyReport(ref=ref, kind="document", upstream=upstream, downstream=served.downstream)


def _find_document(reader: Reader, name: str) -> tuple[str, DocumentState]:
    return find_document(
        reader.conn,
        reader.releases,
        reader.corpora,
        name,
        kind="document, trace, chunk, generation or release",
    )


def _artifact(reader: Reader, kind: str, name: str) -> WhyReport:
    if kind == "gen":
        generation = generations.get(reader.conn, name)
        upstream = None if generation is None else nodes.generation_node(reader, generation, "")
    elif kind == "release":
        known = reader.releases.load(reader.conn, name) is not None
        upstream = nodes.release_node(reader, name, "") if known else None
    elif kind == "prompt":
        upstream = nodes.prompt_node(reader, name, "")
    else:
        node = nodes.recipe_node(reader, name, "")
        upstream = node if node.facts else None
    if upstream is None:
        raise NotFoundError(kind, name, hint="`headrace at now` prints what there is.")
    children = tuple(
        WhyNode(
            kind=edge.target.partition("_")[0], ref=edge.target, label=edge.target, relation=edge.activity
        )
        for edge in lineage.downstream(reader.conn, name)
    )
    served = nodes.served_nodes(reader, name) if kind == "release" else ()
    downstream = WhyNode(kind=upstream.kind, ref=name, label=upstream.label, children=(*served, *children))
    return WhyReport(ref=name, kind=upstream.kind, upstream=upstream, downstream=downstream)


def _uses(reader: Reader, ref: str) -> tuple[WhyNode, ...]:
    uses: dict[str, WhyNode] = {}
    for use in reader.events.by_ref(ref, limit=_USES):
        known = uses.get(use.trace_id)
        if known is not None and (known.relation == "cited by" or use.role != "cited"):
            continue
        relation = "cited by" if use.role == "cited" else "retrieved by"
        uses[use.trace_id] = WhyNode(
            kind="trace",
            ref=use.trace_id,
            label=f"{use.kind} {use.trace_id}",
            relation=relation,
            facts={"time": nodes.moment(use.end_ns // 1000)},
        )
    return tuple(uses.values())
