"""Envelopes and schemas for tests of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.infer.gateway.base import Envelope, Retrieved
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.file import make_schema

GOAL = {
    "version": 1,
    "type": "object",
    "properties": {"goal": {"type": "string"}, "note": {"type": ["string", "null"]}},
    "required": ["goal"],
    "additionalProperties": False,
}
GOALS = {
    "version": 2,
    "type": "object",
    "properties": {
        "goals": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"topic": {"type": "string"}, "level": {"enum": ["new", "some"]}},
                "required": ["topic", "level"],
                "additionalProperties": False,
            },
        },
        "note": {"type": ["string", "null"]},
    },
    "required": ["goals"],
    "additionalProperties": False,
}
MIGRATION = """\
def upgrade(value):
    rest = {key: part for key, part in value.items() if key != "goal"}
    return {"goals": [{"topic": value["goal"], "level": "new"}], **rest}


def downgrade(value):
    rest = {key: part for key, part in value.items() if key != "goals"}
    return {"goal": "; ".join(item["topic"] for item in value["goals"]), **rest}
"""


def envelope(
    number: int, schema: Schema | None = None, *, documents: Sequence[str] = (), **facts: Any
) -> Envelope:
    """The envelope of a call with a number, derived from documents of the corpus `docs`."""
    by = schema or make_schema("goal", GOAL)
    given: dict[str, Any] = {
        "schema": by.name,
        "schema_version": by.version,
        "schema_digest": by.digest,
        "model": "m-1",
        "prompt": None,
        "rendered": "rendered_x",
        "generation": None,
        "retrieved": [
            Retrieved(corpus="docs", document=name, revision="rev_1", chunk_id=f"chunk_{name}")
            for name in documents
        ],
        "release": None,
        "trace_id": f"{number:032x}",
        "span_id": f"{number:016x}",
        "event_time_us": number,
        "repair": None,
    }
    return Envelope(**{**given, **facts})
