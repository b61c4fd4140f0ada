"""From recorded calls to the shapes of their requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.infer.prompts.store import get_version
from headrace.ledger import snapshots
from headrace.ledger.identity import digest
from headrace.ship.requests import NOTHING, RequestShape

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.infer.prompts.base import Prompt
    from headrace.records.call import SpanEvent


class Shaper:
    """Knows the versions of prompts and the sizes of corpora it has met."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._prompts: dict[str, Prompt | None] = {}
        self._documents: dict[str, list[tuple[int, int]]] = {}

    def shape(self, span: SpanEvent) -> RequestShape:
        """The shape of a call to a model."""
        facts = span.attributes
        named: Mapping[str, Any] = facts.get("prompt") or {}
        version = self._version(span.prompt)
        shaped = _of_messages(facts) if version is None else _of_version(version)
        return RequestShape(
            example=span.trace_id,
            prompt=named.get("name"),
            model=str(facts.get("gen_ai.request.model") or span.model or "") or None,
            context_tokens=_tokens(span),
            corpus_documents=self.documents(span),
            **shaped,
        )

    def documents(self, span: SpanEvent) -> int | None:
        """How many documents the generation of a span held when it ended."""
        if span.generation is None:
            return None
        known = self._documents.get(span.generation)
        if known is None:
            rows = snapshots.list(self._conn, span.generation)
            known = self._documents[span.generation] = [(row.published_at_us, row.documents) for row in rows]
        ended_us = span.end_ns // 1000
        return next((held for published_us, held in known if published_us <= ended_us), None)

    def _version(self, prompt: str | None) -> Prompt | None:
        if prompt is None:
            return None
        if prompt not in self._prompts:
            self._prompts[prompt] = get_version(self._conn, "", prompt)
        return self._prompts[prompt]


def _of_version(version: Prompt) -> dict[str, str]:
    return {
        "system": digest("template", [version.body, dict(version.includes)]),
        "few_shot": version.few_shot.digest if version.few_shot else NOTHING,
        "tools": digest("tools", [json.dumps(tool) for tool in version.tools]) if version.tools else NOTHING,
        "sampling": _sampling(version.parameters),
        "features": ", ".join(feature.name for feature in version.features) or NOTHING,
        "schema": version.schema.digest if version.schema else NOTHING,
        "chat_template": version.chat_template.digest if version.chat_template else NOTHING,
        "tokenizer": version.tokenizer.digest if version.tokenizer else NOTHING,
    }


def _of_messages(facts: Mapping[str, Any]) -> dict[str, str | None]:
    """What a call without a kept prompt tells of itself; templates and examples are not known of it."""
    messages = facts.get("input") or ()
    system = [str(item.get("content")) for item in messages if item.get("role") in ("system", "developer")]
    tools, schema = facts.get("tools") or (), facts.get("schema") or {}
    return {
        "system": digest("template", system) if system else NOTHING,
        "tools": ", ".join(map(str, tools)) or NOTHING,
        "sampling": _sampling(facts.get("parameters") or {}),
        "schema": schema.get("digest") or NOTHING,
    }


def _sampling(parameters: Mapping[str, Any]) -> str:
    return json.dumps(dict(parameters), sort_keys=True, ensure_ascii=False) if parameters else NOTHING


def _tokens(span: SpanEvent) -> int | None:
    given = span.input_tokens
    if given is None:
        given = span.attributes.get("gen_ai.usage.input_tokens")
    return given or None
