"""From a step and a document to the calls it takes: what is asked, under which key, and how it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace.infer.completions.reading import Reader, Reading, json_reader, text_reader
from headrace.infer.schemas.base import Problem, Schema
from headrace.infer.schemas.file import make_schema
from headrace.ingest.index.values import fit
from headrace.ingest.steps.base import Step
from headrace.ingest.steps.pieces import Piece, pieces
from headrace.ledger.identity import digest
from headrace.records.document import ParsedDocument, Value

_FORMATS = {"date": "date", "date-time": "datetime"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInput:
    """A document as the first step gets it."""

    uri: str
    revision: str
    document: ParsedDocument
    declared: Mapping[str, Value]
    """Metadata that its source gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One output that a document needs."""

    uri: str
    revision: str
    key: str
    variables: Mapping[str, Any]
    """Of the prompt, without those that the step itself brings."""
    text: str
    """What it works on."""
    piece: Piece | None = None
    """Where that stands, for a step that works in parts."""


def tasks_of(step: Step, given: StepInput, asked: Sequence[Any]) -> list[Task]:
    """The tasks of one document; none where it has no text. `asked` is what `Step.asks` says."""
    text = given.document.text
    if not text.strip():
        return []
    most = step.spec.max_characters
    parts: list[Piece | None] = [None]
    if step.kind == "clean":
        parts = [*pieces(text, most, bounds=given.document.pages)]
    made = []
    for part in parts:
        shown = text[:most] if part is None else text[part.start : part.end]
        variables = _variables(step, given, shown)
        key = digest("step", [list(asked), shown, variables])
        made.append(
            Task(
                uri=given.uri,
                revision=given.revision,
                key=key,
                variables=variables,
                text=shown,
                piece=part,
            )
        )
    return made


def with_step(step: Step, variables: Mapping[str, Any], labels: Sequence[str]) -> dict[str, Any]:
    """All variables of the prompt."""
    given = dict(variables)
    if "labels" in step.prompt.variables:
        given["labels"] = list(labels)
    if "schema" in step.prompt.variables:
        given["schema"] = json.dumps(step.schema.json_schema, ensure_ascii=False, indent=1)
    return given


def reader_of(step: Step, task: Task, labels: Sequence[str]) -> Reader:
    """How an output is read and checked."""
    if step.kind == "clean":
        least = step.spec.minimum_share * len(task.text)

        def long_enough(value: str) -> str:
            return (
                ""
                if len(value) >= least
                else f"it has {len(value)} characters of {len(task.text)}: text was lost"
            )

        return text_reader(long_enough)
    if step.is_text:
        return text_reader()
    if step.kind == "classify":
        return _label_reader(step, labels)
    return _typed_reader(step.schema)


def label_schema(labels: Sequence[str], *, multiple: bool) -> Schema:
    """What a reply may be: one label of these, or a list of them."""
    one: dict[str, Any] = {"type": "string", **({"enum": list(labels)} if labels else {})}
    name, shape = (
        ("labels", {"type": "array", "items": one, "uniqueItems": True}) if multiple else ("label", one)
    )
    return make_schema(
        "labels",
        {"type": "object", "properties": {name: shape}, "required": [name], "additionalProperties": False},
    )


def fields_of(step: Step, value: Any) -> dict[str, Value]:
    """The metadata fields of an output; null writes none."""
    if step.is_text:
        return {step.field: value}
    if step.kind == "classify":
        return {step.field: value["labels" if step.spec.multiple else "label"]}
    kinds = _formats(step.schema)
    return {
        name: fit(given, kinds[name]) if name in kinds and isinstance(given, str) else _flat(given)  # type: ignore[arg-type]  # of _FORMATS
        for name, given in value.items()
        if given is not None
    }


def metadata_of(given: StepInput) -> dict[str, Value]:
    """What the source and the document itself say; the source has the last word."""
    return {**given.document.metadata, **given.declared}


def with_document(given: StepInput, document: ParsedDocument) -> StepInput:
    """The same document after a step."""
    return replace(given, document=document)


def _variables(step: Step, given: StepInput, text: str) -> dict[str, Any]:
    metadata = metadata_of(given)
    if step.columns is not None:
        # A document that lacks a field shows as empty text, so that a prompt need not ask first.
        metadata = {name: "" if (value := metadata.get(name)) is None else value for name in step.columns}
    known: dict[str, Any] = {
        "text": text,
        "title": given.document.title or "",
        "uri": given.uri,
        "metadata": metadata,
    }
    return {name: known[name] for name in step.prompt.variables if name in known}


def _label_reader(step: Step, labels: Sequence[str]) -> Reader:
    read_json = json_reader(label_schema(labels, multiple=step.spec.multiple))
    plain = {label.casefold(): label for label in labels}

    def read(text: str) -> Reading:
        said = plain.get(text.strip().strip("\"'`.").casefold())
        if said is not None:
            return Reading(value={"labels": [said]} if step.spec.multiple else {"label": said})
        return read_json(text)

    return read


def _typed_reader(schema: Schema) -> Reader:
    read_json = json_reader(schema)
    kinds = _formats(schema)

    def read(text: str) -> Reading:
        reading = read_json(text)
        if reading.problems or not isinstance(reading.value, Mapping):
            return reading
        wrong = []
        for name, kind in kinds.items():
            value = reading.value.get(name)
            if isinstance(value, str):
                try:
                    fit(value, kind)  # type: ignore[arg-type]  # of _FORMATS
                except ValueError as error:
                    wrong.append(Problem(path=f"/{name}", message=str(error)))
        return replace(reading, problems=tuple(wrong))

    return read


def _formats(schema: Schema) -> dict[str, str]:
    properties: Mapping[str, Any] = schema.json_schema.get("properties", {})
    return {
        name: _FORMATS[shape["format"]]
        for name, shape in properties.items()
        if isinstance(shape, Mapping) and shape.get("format") in _FORMATS
    }


def _flat(value: Any) -> Value:
    """Metadata are flat: what is nested becomes JSON text."""
    if isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
