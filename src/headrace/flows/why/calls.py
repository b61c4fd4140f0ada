"""What a call came from: the prompt, each attempt of a model, and the chunks it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.flows.why import nodes
from headrace.flows.why.reader import Reader
from headrace.records.call import SpanEvent
from headrace.records.explain import WhyNode


def call_parts(reader: Reader, span: SpanEvent) -> list[WhyNode]:
    """The nodes of one call. Attempts tell of outcomes alone: outputs may repeat what documents say."""
    attributes = span.attributes
    parts = [_attempt(facts) for facts in attributes.get("attempts") or ()]
    if span.prompt:
        prompt: Mapping[str, Any] = attributes.get("prompt") or {}
        facts = {key: prompt[key] for key in ("name", "label") if prompt.get(key)}
        parts.append(WhyNode(kind="prompt", ref=span.prompt, label=span.prompt, relation="with", facts=facts))
    for given in attributes.get("retrieved") or ():
        found = reader.chunk(given["chunk_id"])
        if found is not None:
            generation, row = found
            parts.append(nodes.chunk_node(reader, generation.corpus, row, "retrieved"))
        else:
            parts.append(_gone(given))
    for key, kind in (("record", "record"), ("dead_letter", "dead letter")):
        if ref := attributes.get(key):
            parts.append(WhyNode(kind=kind, ref=ref, label=ref, relation="gave"))
    return parts


def _gone(given: Mapping[str, Any]) -> WhyNode:
    """A chunk that stands in no generation any more."""
    name = f"{given['corpus']}/{given['document']}"
    document = WhyNode(kind="document", ref=name, label=given["document"], relation="part of")
    return WhyNode(
        kind="chunk",
        ref=given["chunk_id"],
        label=given["document"],
        relation="retrieved",
        facts={"now": "no longer in the index"},
        children=(document,),
    )


def _attempt(facts: Mapping[str, Any]) -> WhyNode:
    shown = ("valid", "repair", "finish_reason", "input_tokens", "output_tokens", "cost_micro", "ms")
    told = {key: facts[key] for key in shown if facts.get(key) is not None}
    return WhyNode(
        kind="model",
        ref=str(facts["model"]),
        label=f"{facts['kind']} {facts['model']}",
        relation="by",
        facts={**told, "errors": len(facts.get("errors") or ())},
    )
