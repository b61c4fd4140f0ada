"""What shapes the calls of a prompt, as one value: it is what is stored, and its digest names the version."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.infer.prompts.base import FewShot, Pinned, Prompt, PromptFeature
from headrace.infer.schemas.base import Schema
from headrace.ledger.identity import digest

KIND = "prompt"
FEW_SHOT = "few_shot"


def named(prompt: Prompt) -> Prompt:
    """The prompt under the digest of its shape."""
    return dataclasses.replace(prompt, digest=digest(KIND, shape_of(prompt)))


def shape_of(prompt: Prompt) -> dict[str, Any]:
    """Everything that shapes a call. What a prompt does not use leaves no trace in it."""
    model = {} if prompt.model is None else {"model": prompt.model}
    shape: dict[str, Any] = {
        "body": prompt.body,
        # The model stands among the parameters: prompts of the first versions keep their digests.
        "parameters": {**model, **prompt.parameters},
        "variables": list(prompt.variables),
    }
    schema, few_shot = prompt.schema, prompt.few_shot
    optional: dict[str, Any] = {
        "types": dict(prompt.types),
        "fallbacks": list(prompt.fallbacks),
        "schema": schema
        and {
            "name": schema.name,
            "version": schema.version,
            "digest": schema.digest,
            "text": as_text(schema.json_schema),
        },
        "tools": [as_text(tool) for tool in prompt.tools],
        "features": [_feature_shape(item) for item in prompt.features],
        "profile": prompt.profile,
        "history": prompt.history,
        "few_shot": few_shot and {"name": few_shot.name, "digest": few_shot.digest},
        "vault": None if prompt.vault == "off" else prompt.vault,
        "includes": dict(prompt.includes),
        "chat_template": prompt.chat_template and dataclasses.asdict(prompt.chat_template),
        "tokenizer": prompt.tokenizer and dataclasses.asdict(prompt.tokenizer),
    }
    return shape | {key: value for key, value in optional.items() if value}


def as_text(value: Any) -> str:
    """A value as JSON whose keys keep their order: a model reads them in that order, and answers in it."""
    return json.dumps(value, ensure_ascii=False)


def from_shape(name: str, shape: Mapping[str, Any], *, examples: Sequence[str]) -> Prompt:
    """A stored version again, with the examples that it names by digest."""
    parameters = dict(shape["parameters"])
    model = parameters.pop("model", None)
    schema, few_shot = shape.get("schema"), shape.get("few_shot")
    rows = [json.loads(text) for text in examples]
    return Prompt(
        name=name,
        digest=digest(KIND, shape),
        body=shape["body"],
        parameters=parameters,
        variables=tuple(shape["variables"]),
        types=shape.get("types", {}),
        model=model,
        fallbacks=tuple(shape.get("fallbacks", ())),
        schema=None if schema is None else _schema(**schema),
        tools=tuple(json.loads(text) for text in shape.get("tools", ())),
        features=tuple(_feature(item) for item in shape.get("features", ())),
        profile=shape.get("profile"),
        history=shape.get("history"),
        few_shot=None if few_shot is None else FewShot(**few_shot, rows=rows),
        vault=shape.get("vault", "off"),
        includes=shape.get("includes", {}),
        chat_template=_pinned(shape.get("chat_template")),
        tokenizer=_pinned(shape.get("tokenizer")),
    )


def _feature_shape(feature: PromptFeature) -> Any:
    """A name alone where nothing else is said of it: so prompts of the first versions keep their digests."""
    plain = (feature.name.rpartition(":")[2], False)
    if (feature.variable, feature.has_default) == plain:
        return feature.name
    shape = {"name": feature.name, "as": feature.variable}
    return shape | ({"default": as_text(feature.default)} if feature.has_default else {})


def _feature(shape: Any) -> PromptFeature:
    if isinstance(shape, str):
        return PromptFeature(name=shape, variable=shape.rpartition(":")[2])
    default = shape.get("default")
    return PromptFeature(
        name=shape["name"],
        variable=shape["as"],
        default=None if default is None else json.loads(default),
        has_default=default is not None,
    )


def _schema(name: str, version: int, digest: str, text: str) -> Schema:
    return Schema(name=name, version=version, digest=digest, json_schema=json.loads(text))


def _pinned(given: Mapping[str, str] | None) -> Pinned | None:
    return None if given is None else Pinned(path=given["path"], digest=given["digest"])
