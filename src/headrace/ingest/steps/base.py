"""A step as a corpus declares it, and as it is opened: with its prompt, its schema and its labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.shape import as_text, from_shape, shape_of
from headrace.infer.schemas.base import Schema
from headrace.ledger.identity import digest

VERSION = 1
"""Rises when the same declaration asks a model for something else."""

Kind = Literal["extract", "classify", "clean", "summarise"]
Into = Literal["metadata", "text", "chunks"]
AnswerFormat = Literal["text", "json_object", "json_schema"]

WRITES: Mapping[Kind, tuple[Into, ...]] = {
    "extract": ("metadata",),
    "classify": ("metadata",),
    "clean": ("text",),
    "summarise": ("chunks", "metadata"),
}
"""Where the output of each kind may go; the first is the default."""

VARIABLES = ("text", "title", "uri", "metadata", "labels", "schema")
"""What a prompt of a step may use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec:
    """`[[corpus.NAME.steps]]`: one step, in the order of the file."""

    name: str
    """Its name, once in a corpus."""
    kind: Kind
    """What it does: see [steps](steps.md)."""
    prompt: str = ""
    """Name of a file under `prompts/`, without `.md`; if not given, the name of the step."""
    schema: str | None = None
    """Name of a file under `schemas/`, without `.json`; `extract` needs one."""
    model: str | None = None
    """NAME of a `[models.NAME]` table, or `NAME:<model>`; if not given, the model of `[ask]`."""
    into: Into | None = None
    """`metadata`, `text` or `chunks`; if not given, what its kind writes."""
    field: str | None = None
    """Metadata field of a label or a summary; if not given, the name of the step."""
    labels: tuple[str, ...] = ()
    """Labels that `classify` chooses from…"""
    labels_file: str | None = None
    """…or a file of the workspace with one on each line."""
    multiple: bool = False
    """Whether `classify` may choose several; the field must be declared as a list."""
    candidates: int = dataclasses.field(default=20, metadata={"minimum": 2, "maximum": 500})
    """Most labels shown to the model; of more, those nearest to the text by the embedder of the corpus."""
    max_characters: int = dataclasses.field(default=24_000, metadata={"minimum": 200})
    """Longest text in one call: what is longer is cut, and for `clean` worked on in parts."""
    minimum_share: float = dataclasses.field(default=0.3, metadata={"minimum": 0.0, "maximum": 1.0})
    """Shortest cleaned text, as a share of what was given; a shorter one counts as lost text."""
    answer_format: AnswerFormat = "text"
    """What the endpoint is asked for as `response_format`; `text` asks for nothing."""
    on_failure: Literal["skip"] = "skip"
    """A document is served without what could not be written, or with the fallback."""
    fallback: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Field to the value it gets when the step fails; never while it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step with everything that decides what it writes."""

    spec: StepSpec
    model: str
    """`<provider>:<model>`, resolved."""
    prompt: Prompt
    schema: Schema
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = ()
    """Metadata fields that the prompt uses; None where it may use any."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.spec.name

    @property
    def kind(self) -> Kind:
        """What it does."""
        return self.spec.kind

    @property
    def into(self) -> Into:
        """Where its output goes."""
        return self.spec.into or WRITES[self.spec.kind][0]

    @property
    def field(self) -> str:
        """Metadata field of a label or a summary."""
        return self.spec.field or self.spec.name

    @property
    def is_text(self) -> bool:
        """Whether its output is a text, not a value that a schema describes."""
        return self.kind == "clean" or (self.kind == "summarise" and self.spec.schema is None)

    @property
    def retrieves(self) -> bool:
        """Whether there are more labels than the model is shown."""
        return len(self.labels) > self.spec.candidates

    @property
    def writes(self) -> tuple[str, ...]:
        """Metadata fields it writes; empty for text and chunks."""
        if self.into != "metadata":
            return ()
        if self.kind == "classify" or self.is_text:
            return (self.field,)
        properties: Mapping[str, Any] = self.schema.json_schema.get("properties", {})
        return tuple(properties)

    def parameters(self) -> dict[str, Any]:
        """What goes to the model beside the messages."""
        given = dict(self.prompt.parameters)
        if self.spec.answer_format == "json_object":
            given["response_format"] = {"type": "json_object"}
        if self.spec.answer_format == "json_schema":
            shape = {"name": self.name, "schema": dict(self.schema.json_schema)}
            given["response_format"] = {"type": "json_schema", "json_schema": shape}
        return given

    def asks(self, identity: str, embedder: str) -> list[Any]:
        """What decides an output beside its input; names of steps and files are no part of it."""
        labels = digest("labels", list(self.labels)) if self.labels else None
        near = [self.spec.candidates, embedder] if self.retrieves else None
        share = self.spec.minimum_share if self.kind == "clean" else None
        asked = [VERSION, self.kind, self.prompt.digest, identity, self.parameters(), self.schema.digest]
        return [*asked, labels, near, self.spec.multiple, share]

    def fingerprint(self, identity: str) -> dict[str, Any]:
        """Its part of the recipe; the embedder stands there by itself."""
        return {
            "step": self.name,
            "asks": self.asks(identity, ""),
            "into": self.into,
            "field": self.field,
            "max_characters": self.spec.max_characters,
            "fallback": dict(self.spec.fallback),
        }

    def settings(self) -> dict[str, Any]:
        """Everything that opens it again, as JSON: files may have changed by then."""
        spec = {name: _plain(value) for name, value in asdict(self.spec).items()}
        examples = self.prompt.few_shot.rows if self.prompt.few_shot else ()
        schema = {**asdict(self.schema), "json_schema": dict(self.schema.json_schema)}
        return {
            "spec": spec,
            "model": self.model,
            "prompt": {
                "name": self.prompt.name,
                "shape": shape_of(self.prompt),
                "examples": [as_text(row) for row in examples],
            },
            "schema": schema,
            "labels": list(self.labels),
            "columns": None if self.columns is None else list(self.columns),
        }

    @classmethod
    def of_settings(cls, given: Mapping[str, Any]) -> Step:
        """Open what `settings` remembered."""
        known = {item.name for item in fields(StepSpec)}
        spec = {key: value for key, value in given["spec"].items() if key in known}
        spec["labels"] = tuple(spec.get("labels", ()))
        prompt = given["prompt"]
        columns = given["columns"]
        return cls(
            spec=StepSpec(**spec),
            model=given["model"],
            prompt=from_shape(prompt["name"], prompt["shape"], examples=prompt["examples"]),
            schema=Schema(**given["schema"]),
            labels=tuple(given["labels"]),
            columns=None if columns is None else tuple(columns),
        )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
