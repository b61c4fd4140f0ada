"""Lineage obeys the permissions of the documents it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from headrace.flows.why.reader import Reader
from headrace.ledger import acls, documents, hidden, near_duplicates
from headrace.records.explain import WhyNode, WhyReport

_NO_ACCESS = "no access"
_TELLING = ("question", "query", "answer", "citations_removed")
"""Facts of a trace that may repeat what its documents say."""

Permitted = Callable[[str], bool]
"""Whether the caller may see a document, by its name `corpus/URI`."""


def restrict(report: WhyReport, reader: Reader, access: Sequence[str] | None) -> WhyReport:
    """The report as a caller with these access labels may see it; None opens all but what is hidden.

    A document whose permissions are not known any more, because it no longer serves, is shown to None only.
    """
    permitted = permissions(reader, access)
    return replace(
        report,
        upstream=_restrict(report.upstream, permitted),
        downstream=_restrict(report.downstream, permitted),
    )


def permissions(reader: Reader, access: Sequence[str] | None) -> Permitted:
    """What a caller with these access labels may see; None opens all but what is hidden."""
    admitted = frozenset[int]() if access is None else acls.admitted(reader.conn, access)
    known: dict[str, bool] = {}

    def permitted(name: str) -> bool:
        if name not in known:
            corpus, _, uri = name.partition("/")
            generation = reader.serving(corpus)
            states = documents.lookup(reader.conn, generation.id, [uri]) if generation else {}
            state = states.get(uri)
            alias = near_duplicates.lookup(reader.conn, generation.id, uri) if generation else None
            if state is None and alias is not None:
                open_to = access is None or alias.acl_id in admitted
                known[name] = open_to and uri not in hidden.load(reader.conn, corpus)
            elif access is None:
                known[name] = state is None or state.state == "live"
            else:
                known[name] = state is not None and state.state == "live" and state.acl_id in admitted
        return known[name]

    return permitted


def _restrict(node: WhyNode, permitted: Permitted) -> WhyNode:
    children = tuple(_restrict(child, permitted) for child in node.children)
    if node.kind == "document" and not permitted(node.ref):
        return _closed(node)
    if node.kind == "chunk" and any(child.label == _NO_ACCESS for child in children):
        return _closed(node)
    if node.kind == "trace" and any(child.label == _NO_ACCESS for child in children):
        facts = {key: value for key, value in node.facts.items() if key not in _TELLING}
        return replace(node, facts=facts, children=children)
    return replace(node, children=children)


def _closed(node: WhyNode) -> WhyNode:
    return WhyNode(kind=node.kind, ref="", label=_NO_ACCESS, relation=node.relation)
