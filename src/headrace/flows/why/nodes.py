"""Nodes of the lineage tree, each with what it rests on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from headrace.flows.why.reader import Reader
from headrace.ledger import (
    artifacts,
    documents,
    generations,
    lineage,
    near_duplicates,
    refs,
    release_evidence,
    snapshots,
)
from headrace.ledger.documents import DocumentState
from headrace.ledger.generations import Generation
from headrace.ledger.signals import SignalRow
from headrace.ledger.steps import outputs as step_outputs
from headrace.ledger.steps import states as step_states
from headrace.ledger.steps.states import PREFIX as GATE_PREFIX
from headrace.ledger.steps.states import StepState
from headrace.observe.signals.kinds import KINDS
from headrace.records.explain import WhyNode
from headrace.ship.releases import PREFIX, Release

_EXCERPT = 200


def moment(time_us: int | None) -> str | None:
    """A ledger time as people read it."""
    return (
        None
        if time_us is None
        else datetime.fromtimestamp(time_us / 1e6, UTC).isoformat(timespec="milliseconds")
    )


def excerpt(text: str) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1] + "…"


def signal_node(row: SignalRow) -> WhyNode:
    """What a user said of a trace or did with it, without the words, which everybody may not read."""
    value = None if KINDS[row.kind].text else json.loads(row.value)
    return WhyNode(
        kind="signal",
        ref=row.id,
        label=row.kind if value is None else f"{row.kind} {value}",
        relation="inferred" if row.inferred else "received",
        facts={"time": moment(row.at_us)},
    )


def release_node(reader: Reader, digest: str, relation: str) -> WhyNode:
    """A release and the generations it pins."""
    release = reader.releases.load(reader.conn, digest)
    if release is None:
        return WhyNode(kind="release", ref=digest, label=digest, relation=relation)
    parts = [generations.get(reader.conn, part["generation"]) for part in release.corpora.values()]
    return WhyNode(
        kind="release",
        ref=digest,
        label=digest,
        relation=relation,
        facts={
            **_known(reader, digest),
            "model": release.model,
            "prompt": release.prompt,
            **_pinned(release),
        },
        children=(
            *_evidence_nodes(reader, digest),
            *(generation_node(reader, part, "pins") for part in parts if part is not None),
        ),
    )


def prompt_node(reader: Reader, digest: str, relation: str) -> WhyNode | None:
    """A version of a prompt, its labels, and what it draws in; None where the ledger holds none."""
    artifact = artifacts.get(reader.conn, digest)
    if artifact is None or artifact.kind != "prompt":
        return None
    pointing = refs.under(reader.conn, "prompt/")
    names = dict.fromkeys(row.name.removeprefix("prompt/") for row in pointing if row.artifact == digest)
    schema = artifact.body.get("schema")
    facts: dict[str, Any] = {
        "labels": list(names),
        "stored": moment(artifact.created_at_us),
        "model": artifact.body["parameters"].get("model"),
        "schema": schema and f"{schema['name']} version {schema['version']}",
    }
    children = tuple(
        WhyNode(kind=edge.source.rpartition("_")[0], ref=edge.source, label=edge.source, relation="shaped by")
        for edge in lineage.upstream(reader.conn, digest)
    )
    return WhyNode(kind="prompt", ref=digest, label=digest, relation=relation, facts=facts, children=children)


def _pinned(release: Release) -> dict[str, Any]:
    """What else it pins, as far as it does."""
    names = ("prompts", "schemas", "models", "ask", "features", "policy")
    found = {name: getattr(release, name) for name in names}
    found["unpinned"] = [name for name, facts in release.resolved.items() if not facts["pinned"]]
    return {name: value for name, value in found.items() if value}


def _known(reader: Reader, digest: str) -> dict[str, Any]:
    """Who made a release, and what was found of it last."""
    making = release_evidence.made(reader.conn, [digest]).get(digest)
    made = (
        {} if making is None else {"made": moment(making.made_at_us), "by": making.actor, "note": making.note}
    )
    return {"implicit": making is None, **made}


def _evidence_nodes(reader: Reader, digest: str) -> list[WhyNode]:
    """What the last run of each suite said."""
    return [
        WhyNode(
            kind="evidence",
            ref=row.run,
            label=f"{suite} {row.verdict}",
            relation="judged by",
            facts={"time": moment(row.at_us), "by": row.actor, "reasons": row.detail.get("reasons", [])},
        )
        for suite, row in release_evidence.newest(reader.conn, digest).items()
    ]


def served_nodes(reader: Reader, digest: str) -> list[WhyNode]:
    """Where a release served, and since when."""
    return [
        WhyNode(
            kind="environment",
            ref=row.name,
            label=row.name.removeprefix(PREFIX),
            relation="served in",
            facts={"since": moment(row.valid_from_us), "by": row.actor, "reason": row.reason},
        )
        for row in refs.under(reader.conn, PREFIX)
        if row.artifact == digest
    ]


def generation_node(reader: Reader, generation: Generation, relation: str) -> WhyNode:
    """A generation and its recipe."""
    snapshot = snapshots.current(reader.conn, generation.id)
    return WhyNode(
        kind="generation",
        ref=generation.id,
        label=f"{generation.corpus}, {generation.state}",
        relation=relation,
        facts={
            "corpus": generation.corpus,
            "state": generation.state,
            "embedder": generation.fingerprint,
            "created": moment(generation.created_at_us),
            "reason": generation.reason,
            "snapshot": snapshot.seq if snapshot else None,
            "digest": snapshot.digest if snapshot else None,
        },
        children=(recipe_node(reader, generation.recipe, "built by"),),
    )


def recipe_node(reader: Reader, digest: str, relation: str) -> WhyNode:
    """A recipe and its components."""
    artifact = artifacts.get(reader.conn, digest)
    body: Mapping[str, Any] = artifact.body if artifact is not None else {}
    return WhyNode(kind="recipe", ref=digest, label=digest, relation=relation, facts=dict(body))


def chunk_node(
    reader: Reader, corpus: str, facts: Mapping[str, Any], relation: str, *, gone: bool = False
) -> WhyNode:
    """A chunk, where it stands, and the document it came from."""
    document = facts["document"]
    state = _state(reader, corpus, document)
    return WhyNode(
        kind="chunk",
        ref=facts["chunk_id"],
        label=_place(facts),
        relation=relation,
        facts={**facts, **({"now": "no longer in the index"} if gone else {})},
        children=(document_node(reader, corpus, document, state, "part of", revision=facts.get("revision")),),
    )


def document_node(
    reader: Reader,
    corpus: str,
    uri: str,
    state: DocumentState | None,
    relation: str,
    *,
    revision: str | None = None,
) -> WhyNode:
    """A document, its revision and its source."""
    name = f"{corpus}/{uri}"
    children = [
        WhyNode(kind="document", ref=edge.source, label=edge.source, relation="moved from")
        for edge in lineage.upstream(reader.conn, name)
        if edge.activity == "moved_from"
    ]
    serving = reader.serving(corpus)
    stands_for = near_duplicates.aliases(reader.conn, serving.id, [uri], None) if serving and state else {}
    children += [
        WhyNode(
            kind="document",
            ref=f"{corpus}/{alias.uri}",
            label=alias.uri,
            relation="stands for",
            facts={"similarity": alias.similarity},
        )
        for alias in stands_for.get(uri, ())
    ]
    shown = revision or (state.revision if state else None)
    if shown is not None:
        children.insert(0, _revision_node(shown, state))
    if state is not None and shown == state.revision:
        children += _step_nodes(reader, corpus, uri)
    return WhyNode(
        kind="document",
        ref=name,
        label=(state.title if state and state.title else uri),
        relation=relation,
        facts={"uri": uri, "corpus": corpus, "now": "live" if state else "not in the serving generation"},
        children=tuple(children),
    )


def _step_nodes(reader: Reader, corpus: str, uri: str) -> list[WhyNode]:
    """What LLM steps wrote of a document: which fields, by which model, prompt and schema."""
    serving = reader.serving(corpus)
    if serving is None:
        return []
    found = []
    for state in step_states.of(reader.conn, serving.id, [uri]).get(uri, ()):
        outputs = step_outputs.load(reader.conn, state.keys)
        first = next((outputs[key] for key in state.keys if key in outputs), None)
        facts: dict[str, Any] = {"state": state.state}
        if not state.step.startswith(GATE_PREFIX):
            facts["fields"] = list(state.fields)
        if state.reason:
            facts["reason"] = state.reason
        if first is not None:
            facts |= {
                "model": first.model,
                "answered_by": first.answered_by,
                "prompt": first.prompt_digest,
                "prompt_name": first.prompt_name,
                "schema": first.schema_digest,
                "parameters": first.parameters,
                "written": moment(first.created_at_us),
            }
            if repairs := sorted({row.repair for row in outputs.values() if row.repair is not None}):
                facts["repair"] = ", ".join(repairs)
        relation, label = _said(state)
        found.append(WhyNode(kind="step", ref=state.step, label=label, relation=relation, facts=facts))
    return found


def _said(state: StepState) -> tuple[str, str]:
    """How a document came by what a model said of it, and who asked the model."""
    gate = state.step.removeprefix(GATE_PREFIX)
    if gate != state.step:
        return "judged for" if state.state == "written" else "not judged for", f"gate {gate}"
    return "written by" if state.fields else "not written by", f"step {state.step}"


def _revision_node(revision: str, state: DocumentState | None) -> WhyNode:
    current = state is not None and state.revision == revision
    facts: dict[str, Any] = {"current": current}
    children: tuple[WhyNode, ...] = ()
    if state is not None:
        if current:
            facts |= {
                "media_type": state.media_type,
                "modified": moment(state.modified_at_us),
                "indexed": moment(state.indexed_at_us),
                "run": state.run_id,
            }
        children = (WhyNode(kind="source", ref=state.source, label=state.source, relation="from"),)
    return WhyNode(
        kind="revision", ref=revision, label=revision, relation="at", facts=facts, children=children
    )


def _state(reader: Reader, corpus: str, uri: str) -> DocumentState | None:
    serving = reader.serving(corpus)
    return documents.lookup(reader.conn, serving.id, [uri]).get(uri) if serving else None


def _place(facts: Mapping[str, Any]) -> str:
    parts = [str(facts["document"])]
    if facts.get("page"):
        parts.append(f"page {facts['page']}")
    if facts.get("headings"):
        parts.append(" › ".join(facts["headings"]))
    span = facts.get("span") or [facts.get("start"), facts.get("end")]
    parts.append(f"characters {span[0]}–{span[1]}" if span[0] != span[1] else "not in the text itself")
    return ", ".join(parts)
