"""From a declared step to one that can run: its prompt, schema and labels are read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.errors import ConfigError, HeadraceError
from headrace.infer.models.build import EXTRACTIVE
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.file import load_prompt
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.named import provider_config, unknown_name
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.file import load_schema, make_schema
from headrace.ingest.steps.base import VARIABLES, Step, StepSpec
from headrace.ingest.steps.columns import columns_of
from headrace.ingest.steps.tasks import label_schema
from headrace.records.metadata import MetadataField

MOST_LABELS = 20_000
_TEXT = make_schema("text", {"type": "string", "minLength": 1})
_RESERVED = ("document", "revision", "page")


def open_steps(
    specs: Sequence[StepSpec],
    *,
    root: Path,
    models: Mapping[str, ModelConfig],
    default_model: str,
    declared: Iterable[MetadataField] = (),
    corpus: str = "",
) -> list[Step]:
    """Open declared steps in their order. Raises ConfigError, which names the step."""
    lists = {item.name for item in declared if item.type == "list"}
    opened = []
    for spec in specs:
        try:
            step = _open(spec, root, models, default_model)
            _check_fields(step, lists, corpus)
        except HeadraceError as error:
            said = ConfigError(f"Step {spec.name!r}: {error.message}", key=f"steps.{spec.name}")
            said.hint = error.hint
            raise said from error
        opened.append(step)
    return opened


def _open(spec: StepSpec, root: Path, models: Mapping[str, ModelConfig], default_model: str) -> Step:
    prompt = load_prompt(root / "prompts", spec.prompt or spec.name)
    _check_variables(spec, prompt)
    labels = _labels(spec, root)
    return Step(
        spec=spec,
        model=model_of(spec.model or default_model, models),
        prompt=prompt,
        schema=_schema(spec, root),
        labels=labels,
        columns=columns_of(prompt.body),
    )


def model_of(name: str, models: Mapping[str, ModelConfig]) -> str:
    """`<provider>:<model>` of a declared model. Raises ConfigError."""
    if name == EXTRACTIVE:
        raise ConfigError(
            "the built-in model 'extractive' only quotes sentences and cannot write. This needs an "
            'endpoint: declare [models.NAME] with base_url and model, and name it with model = "NAME".',
            key="model",
        )
    config = provider_config(name, models=models)
    if config is None:
        raise unknown_name("model", name, allowed=sorted(models), models=models)
    return f"{config.name}:{config.model}"


def _schema(spec: StepSpec, root: Path) -> Schema:
    if spec.kind == "classify":
        return label_schema((), multiple=spec.multiple)
    if spec.schema is None:
        return _TEXT
    schema = load_schema(root / "schemas", spec.schema)
    if schema.json_schema.get("type") != "object" or not schema.json_schema.get("properties"):
        raise ConfigError(
            f"schema {spec.schema!r} must describe an object with `properties`: each becomes a field.",
            key="schema",
        )
    return schema


def _check_variables(spec: StepSpec, prompt: Prompt) -> None:
    allowed = [name for name in VARIABLES if name != "labels" or spec.kind == "classify"]
    for name in prompt.variables:
        if name not in allowed:
            raise ConfigError(
                f"prompt {prompt.name!r} uses {name!r}, which a step of kind {spec.kind!r} does not give.",
                key="prompt",
                allowed=allowed,
            )
    if spec.kind == "clean" and "text" not in prompt.variables:
        raise ConfigError(f"prompt {prompt.name!r} does not use `text`, which it is to clean.", key="prompt")


def _labels(spec: StepSpec, root: Path) -> tuple[str, ...]:
    if spec.kind != "classify":
        return ()
    given: Sequence[str] = spec.labels
    if spec.labels_file is not None:
        path = (root / spec.labels_file).resolve()
        if not path.is_relative_to(root.resolve()):
            raise ConfigError(
                f"labels_file {spec.labels_file!r} lies outside the workspace.", key="labels_file"
            )
        try:
            given = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"labels_file {spec.labels_file!r} cannot be read as UTF-8 text: {error}", key="labels_file"
            ) from error
    labels = tuple(dict.fromkeys(label.strip() for label in given if label.strip()))
    if not 2 <= len(labels) <= MOST_LABELS:
        raise ConfigError(
            f"{len(labels):,} different labels; there must be 2 to {MOST_LABELS:,}, one a line.",
            key="labels_file" if spec.labels_file is not None else "labels",
        )
    return labels


def _check_fields(step: Step, lists: set[str], corpus: str) -> None:
    for name in step.writes:
        if name in _RESERVED:
            raise ConfigError(f"it writes {name!r}, which filters use for something else.", key="field")
        if _is_list(step, name) and name not in lists:
            raise ConfigError(
                f"it writes a list into {name!r}; only declared lists are served. Add to headrace.toml: "
                f'[corpus.{corpus or "NAME"}.metadata.{name}] type = "list".',
                key="field",
            )
    for name in step.spec.fallback:
        if name not in step.writes:
            raise ConfigError(
                f"fallback names {name!r}, which it does not write.",
                key="fallback",
                allowed=step.writes or ("nothing: only steps that write metadata have a fallback",),
            )


def _is_list(step: Step, name: str) -> bool:
    if step.kind == "classify":
        return step.spec.multiple
    shape: Any = step.schema.json_schema.get("properties", {}).get(name, {})
    kind = shape.get("type") if isinstance(shape, Mapping) else None
    return kind == "array" or (isinstance(kind, list) and "array" in kind)
