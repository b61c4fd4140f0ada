"""Semantic validators: what a schema cannot say of an output."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from headrace import plugins as registry
from headrace.errors import ConfigError
from headrace.infer.gateway.base import CallRequest
from headrace.infer.schemas.base import Problem
from headrace.infer.upstreams.openai import text_of

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An output that is valid by its schema, and the call it is the output of."""

    output: Any
    text: str
    request: CallRequest


@runtime_checkable
class OutputValidator(Protocol):
    """Says what is wrong with an output; nothing where it is right.

    Example::

        class ShortAnswer:
            def __call__(self, judged: Judged) -> Sequence[Problem]:
                if len(judged.text) <= 400:
                    return []
                return [Problem(path="", message="it must have at most 400 characters")]
    """

    def __call__(self, judged: Judged) -> Sequence[Problem]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationsExist:
    """Whatever is cited was given to the model: a chunk id, a document, or the number of a passage."""

    path: str = "/citations/*"

    def __call__(self, judged: Judged) -> Sequence[Problem]:
        """What is cited and was never given."""
        given = judged.request.retrieved
        known = {name for item in given for name in (item.chunk_id, item.document)}
        return [
            Problem(path=path, message=f"{str(cited)[:80]!r} is not among the passages that were given")
            for path, value in at(judged.output, self.path)
            if not _is_cited(cited := _name_of(value), known, len(given))
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotesVerbatim:
    """Whatever is quoted stands in the messages word for word; white space may differ."""

    path: str = "/quotes/*"

    def __call__(self, judged: Judged) -> Sequence[Problem]:
        """Quotes that stand nowhere."""
        read = _SPACE.sub(
            " ", "\n".join(text_of(message.get("content")) for message in judged.request.messages)
        )
        return [
            Problem(path=path, message="this quote stands nowhere in what was given, word for word")
            for path, value in at(judged.output, self.path)
            if not isinstance(value, str) or _SPACE.sub(" ", value).strip() not in read
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A number lies within bounds."""

    path: str
    minimum: float | None = None
    maximum: float | None = None

    def __call__(self, judged: Judged) -> Sequence[Problem]:
        """Numbers outside, and what is no number."""
        return [
            Problem(path=path, message=f"it must be a number from {self.minimum} to {self.maximum}")
            for path, value in at(judged.output, self.path)
            if isinstance(value, bool) or not isinstance(value, int | float) or not self._holds(value)
        ]

    def _holds(self, value: float) -> bool:
        low, high = self.minimum, self.maximum
        return (low is None or value >= low) and (high is None or value <= high)


BUILT_IN: Mapping[str, type] = {
    "citations_exist": CitationsExist,
    "quotes_verbatim": QuotesVerbatim,
    "bounds": Bounds,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorSpec:
    """`[[gateway.validators]]`: one validator and the calls it judges."""

    name: str
    """A built-in validator, or one that an installed package offers."""
    prompts: tuple[str, ...] = ()
    """Prompts whose outputs it judges; none is all."""
    schemas: tuple[str, ...] = ()
    """Schemas whose outputs it judges; none is all."""
    path: str | None = None
    """Where in the output: a JSON pointer in which `*` stands for every item."""
    minimum: float | None = None
    """For `bounds`."""
    maximum: float | None = None
    """For `bounds`."""

    def judges(self, request: CallRequest) -> bool:
        """Whether it judges the output of a call."""
        prompt = request.prompt.name if request.prompt else ""
        schema = request.schema.name if request.schema else ""
        return (not self.prompts or prompt in self.prompts) and (not self.schemas or schema in self.schemas)


def open_validator(spec: ValidatorSpec) -> OutputValidator:
    """The validator of a specification. Raises ConfigError."""
    options = {
        name: value for name in ("path", "minimum", "maximum") if (value := getattr(spec, name)) is not None
    }
    made = BUILT_IN.get(spec.name)
    if made is None and spec.name not in registry.names("validator"):
        known = [*BUILT_IN, *registry.names("validator")]
        raise ConfigError(f"There is no validator {spec.name!r}.", key="gateway.validators", allowed=known)
    try:
        built: OutputValidator = (made or registry.load("validator", spec.name))(**options)
    except TypeError as error:
        raise ConfigError(f"Validator {spec.name!r}: {error}.", key="gateway.validators") from error
    return built


def at(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value at a path with `*` for all items, with its own pointer; what is not there is left out."""
    yield from _walk(value, [part for part in path.split("/") if part], "")


def _walk(value: Any, parts: Sequence[str], pointer: str) -> Iterator[tuple[str, Any]]:
    if not parts:
        yield pointer, value
        return
    part, rest = parts[0], parts[1:]
    if isinstance(value, Mapping):
        keys = list(value) if part == "*" else [part] if part in value else []
        for key in keys:
            yield from _walk(value[key], rest, f"{pointer}/{key}")
    elif isinstance(value, list):
        wanted = range(len(value)) if part == "*" else [int(part)] if part.isdecimal() else []
        for index in wanted:
            if index < len(value):
                yield from _walk(value[index], rest, f"{pointer}/{index}")


def _name_of(value: Any) -> Any:
    if isinstance(value, Mapping):
        for key in ("chunk_id", "document", "number", "id"):
            if key in value:
                return value[key]
        return json.dumps(value)
    return value


def _is_cited(cited: Any, known: set[str], count: int) -> bool:
    if isinstance(cited, bool):
        return False
    if isinstance(cited, int):
        return 1 <= cited <= count
    return isinstance(cited, str) and (cited in known or (cited.isdecimal() and 1 <= int(cited) <= count))
