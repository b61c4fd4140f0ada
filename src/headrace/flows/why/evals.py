"""What a case, an eval run and a verdict rest on, and what rests on them; never the words of a case."""

from __future__ import annotations

import json
from typing import Any

from headrace.flows.why import nodes
from headrace.flows.why.reader import Reader
from headrace.ledger import eval_runs, golden, lineage
from headrace.ledger.eval_runs import RunRow, VerdictRow
from headrace.ledger.golden import CaseRow
from headrace.records.explain import WhyNode, WhyReport


def why_eval(reader: Reader, name: str) -> WhyReport | None:
    """Explain a run, a verdict, a case (digest, or SET/KEY) or a version of a golden set; else None."""
    if verdict := eval_runs.verdict(reader.conn, name):
        return _report("verdict", name, _verdict(reader, verdict), ())
    if run := eval_runs.run(reader.conn, name):
        judged = [_verdict_leaf(row) for row in eval_runs.verdicts(reader.conn, run=name)]
        return _report("run", name, _run(reader, run, ""), [*judged, *_releases(reader, name)])
    cases = _cases(reader, name)
    if cases:
        content = cases[0].case_id
        runs = [eval_runs.run(reader.conn, item) for item in eval_runs.runs_of_case(reader.conn, content)]
        used = [_run_leaf(row, "used in") for row in runs if row is not None]
        return _report("case", name, _case(reader, cases[0], ""), used)
    held = golden.version(reader.conn, name)
    if held is not None:
        node = WhyNode(kind="golden", ref=name, label=held[0], facts=_version_facts(held))
        runs_ = [row for row in eval_runs.runs(reader.conn, limit=200) if row.version == name]
        return _report("golden", name, node, [_run_leaf(row, "used in") for row in runs_])
    return None


def case_nodes(reader: Reader, trace_id: str) -> tuple[WhyNode, ...]:
    """The cases that were made of a trace."""
    return tuple(_case_leaf(row, "became") for row in golden.of_trace(reader.conn, trace_id))


def _releases(reader: Reader, run: str) -> list[WhyNode]:
    """The releases for which a run is evidence."""
    edges = lineage.downstream(reader.conn, run)
    found = dict.fromkeys(edge.target for edge in edges if edge.activity == "evaluated")
    return [nodes.release_node(reader, digest, "evidence for") for digest in found]


def _report(kind: str, name: str, upstream: WhyNode, below: list[WhyNode] | tuple[WhyNode, ...]) -> WhyReport:
    downstream = WhyNode(kind=kind, ref=name, label=upstream.label, children=tuple(below))
    return WhyReport(ref=name, kind=kind, upstream=upstream, downstream=downstream)


def _cases(reader: Reader, name: str) -> list[CaseRow]:
    if name.startswith("case_"):
        return golden.with_content(reader.conn, name)
    set_name, separator, key = name.partition("/")
    row = golden.case(reader.conn, set_name, key) if separator else None
    return [] if row is None else [row]


def _verdict(reader: Reader, row: VerdictRow) -> WhyNode:
    children = []
    for name, relation in ((row.run, "judged"), (row.baseline, "held against")):
        run = None if name is None else eval_runs.run(reader.conn, name)
        if run is not None:
            children.append(_run(reader, run, relation))
    facts = {
        "suite": row.suite,
        "decided": nodes.moment(row.decided_at_us),
        "by": row.actor,
        "reasons": json.loads(row.report).get("reasons", []),
    }
    return WhyNode(kind="verdict", ref=row.id, label=row.verdict, facts=facts, children=tuple(children))


def _run(reader: Reader, row: RunRow, relation: str) -> WhyNode:
    identity = json.loads(row.identity)
    children: list[WhyNode] = []
    held = None if row.version is None else golden.version(reader.conn, row.version)
    if row.version is not None and held is not None:
        facts = _version_facts(held)
        children.append(WhyNode(kind="golden", ref=row.version, label=held[0], relation="on", facts=facts))
    if isinstance(identity.get("release"), str):
        children.append(nodes.release_node(reader, identity["release"], "of"))
    if isinstance(identity.get("prompt"), str):
        prompt = identity["prompt"]
        children.append(WhyNode(kind="prompt", ref=prompt, label=prompt, relation="of"))
    base = _run_leaf(row, relation)
    return WhyNode(
        kind=base.kind,
        ref=base.ref,
        label=base.label,
        relation=relation,
        facts=base.facts,
        children=tuple(children),
    )


def _run_leaf(row: RunRow, relation: str) -> WhyNode:
    facts = {
        "suite": row.suite,
        "started": nodes.moment(row.started_at_us),
        "state": row.state,
        "scorers": [item["name"] for item in eval_runs.settings_of(row)["scorers"]],
    }
    label = f"{row.suite} on {row.target}"
    return WhyNode(kind="run", ref=row.id, label=label, relation=relation, facts=facts)


def _verdict_leaf(row: VerdictRow) -> WhyNode:
    facts = {"suite": row.suite, "decided": nodes.moment(row.decided_at_us)}
    return WhyNode(kind="verdict", ref=row.id, label=row.verdict, relation="judged by", facts=facts)


def _case(reader: Reader, row: CaseRow, relation: str) -> WhyNode:
    past = golden.events(reader.conn, row.set_name, row.key)
    life = [f"{nodes.moment(item.at_us)} {item.state} by {item.actor}: {item.reason}" for item in past]
    children = []
    if row.trace_id is not None:
        children.append(WhyNode(kind="trace", ref=row.trace_id, label=row.trace_id, relation="made of"))
    signals = json.loads(row.provenance).get("signals")
    children += [
        WhyNode(kind="signal", ref=str(signal), label=str(signal), relation="because of")
        for signal in (signals if isinstance(signals, list) else ())
    ]
    leaf = _case_leaf(row, relation)
    return WhyNode(
        kind="case",
        ref=leaf.ref,
        label=leaf.label,
        relation=relation,
        facts={**leaf.facts, "life": life},
        children=tuple(children),
    )


def _case_leaf(row: CaseRow, relation: str) -> WhyNode:
    facts = {"state": row.state, "part": row.part, "owner": row.owner, "must_pass": bool(row.must_pass)}
    known = {key: value for key, value in facts.items() if value is not None}
    label = f"{row.set_name}/{row.key}"
    return WhyNode(kind="case", ref=row.case_id, label=label, relation=relation, facts=known)


def _version_facts(held: tuple[str, int, list[list[Any]]]) -> dict[str, Any]:
    return {"cases": len(held[2]), "first_used": nodes.moment(held[1])}
