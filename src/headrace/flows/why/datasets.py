"""Why of a dataset version and of a model: what they came from, and what was made of them."""

from __future__ import annotations

import re

from headrace.errors import NotFoundError
from headrace.flows.why.nodes import moment
from headrace.flows.why.reader import Reader
from headrace.ledger import datasets as book
from headrace.ledger import lineage
from headrace.ledger import models as register
from headrace.records.explain import WhyNode, WhyReport

_MOST = 50
_TRACE = re.compile(r"[0-9a-f]{32}")
ROW_OF = "row_of"
"""Edge from a trace or document to a dataset version with a row that came from it."""


def why_dataset(reader: Reader, kind: str, name: str) -> WhyReport:
    """Both directions for a version or a model. Raises NotFoundError."""
    made = _version(reader, name, "") if kind == "dataset" else _model(reader, name, "")
    if made is None:
        raise NotFoundError(kind, name, hint="headrace dataset list; headrace model list")
    above = tuple(
        _node(reader, edge.source, edge.activity.replace("_", " "))
        for edge in lineage.upstream(reader.conn, name)[:_MOST]
    )
    below = tuple(
        _node(reader, edge.target, edge.activity.replace("_", " "))
        for edge in lineage.downstream(reader.conn, name)[:_MOST]
    )
    upstream = WhyNode(kind=kind, ref=name, label=made.label, facts=made.facts, children=above)
    downstream = WhyNode(kind=kind, ref=name, label=made.label, children=below)
    return WhyReport(ref=name, kind=kind, upstream=upstream, downstream=downstream)


def rows_made(reader: Reader, ref: str) -> tuple[WhyNode, ...]:
    """Dataset versions with rows that came from a trace or document."""
    edges = [edge for edge in lineage.downstream(reader.conn, ref) if edge.activity == ROW_OF]
    return tuple(_node(reader, edge.target, "a row in") for edge in edges[:_MOST])


def _node(reader: Reader, ref: str, relation: str) -> WhyNode:
    made = {"dataset": _version, "model": _model}.get(ref.partition("_")[0])
    known = made(reader, ref, relation) if made else None
    # A document is named as one, so that its permissions count.
    kind = (
        "trace"
        if _TRACE.fullmatch(ref)
        else "document"
        if ref.partition("/")[0] in reader.corpora
        else "source"
    )
    return known or WhyNode(kind=kind, ref=ref, label=ref, relation=relation)


def _version(reader: Reader, name: str, relation: str) -> WhyNode | None:
    version = book.get_version(reader.conn, name)
    if version is None:
        return None
    datasets = book.of_version(reader.conn, name)
    facts = {
        "datasets": datasets,
        "rows": version.rows,
        "forgotten": version.rows - int(version.profile["rows"]),
        "producers": sorted(version.profile["producers"]),
        "made": moment(version.created_at_us),
    }
    return WhyNode(
        kind="dataset", ref=name, label=", ".join(datasets) or name, relation=relation, facts=facts
    )


def _model(reader: Reader, name: str, relation: str) -> WhyNode | None:
    model = register.get(reader.conn, name)
    if model is None:
        return None
    facts = {**model.body, "parent": model.parent, "registered": moment(model.at_us)}
    return WhyNode(kind="model", ref=model.artifact, label=model.name, relation=relation, facts=facts)
