"""From the name of a prompt and its variables to a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import yaml

from headrace.errors import ConfigError, UsageError
from headrace.infer.gateway.base import CallRequest, PromptVersion, VaultPolicy
from headrace.infer.gateway.config import GatewayConfig
from headrace.infer.prompts.file import parse_prompt
from headrace.infer.prompts.render import render
from headrace.infer.schemas.file import load_schema

_OWN = ("schema", "tools", "vault", "fallbacks")
_DEFAULT_MODEL = "extractive"


@runtime_checkable
class PromptSource(Protocol):
    """Renders a prompt by its name, `NAME` or `NAME@label`."""

    def request(self, prompt: str, variables: Mapping[str, Any], *, model: str | None = None) -> CallRequest:
        """The call that a prompt makes of variables. Raises NotFoundError, UsageError, ConfigError."""
        ...


class FilePrompts:
    """Reads `prompts/NAME.md` and `schemas/NAME.json` of the workspace."""

    def __init__(self, prompts: Path, schemas: Path, *, config: GatewayConfig) -> None:
        self._prompts = prompts
        self._schemas = schemas
        self._config = config

    def request(self, prompt: str, variables: Mapping[str, Any], *, model: str | None = None) -> CallRequest:
        """The call that a prompt makes of variables. Raises NotFoundError, UsageError, ConfigError."""
        name, _, label = prompt.partition("@")
        path = self._prompts / f"{name}.md"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        front, rest = _front(text)
        own = {key: front.pop(key) for key in _OWN if key in front}
        declared = front.get("variables")
        if isinstance(declared, dict):
            front["variables"] = list(declared)
        front |= front.pop("parameters", {})
        if text:
            made = parse_prompt(name, f"---\n{yaml.safe_dump(front)}---\n{rest}", file=str(path))
        else:
            from headrace.infer.prompts.file import load_prompt

            made = load_prompt(self._prompts, name)
        parameters = dict(made.parameters)
        chosen = model or parameters.pop("model", None) or _DEFAULT_MODEL
        parameters.pop("model", None)
        kinds = declared if isinstance(declared, dict) else {}
        return CallRequest(
            messages=[dict(message) for message in render(made, _typed(variables, kinds))],
            model=chosen,
            parameters=parameters,
            tools=own.get("tools", ()),
            schema=load_schema(self._schemas, own["schema"]) if "schema" in own else None,
            prompt=PromptVersion(name=name, digest=made.digest, label=label or None),
            variables=variables,
            fallbacks=own.get("fallbacks", ()),
            vault=_vault(own.get("vault", "off"), file=str(path)),
            budget=self._config.budget(),
        )


def _vault(given: Any, *, file: str) -> VaultPolicy:
    """YAML reads a bare `on` and `off` as true and false."""
    policies: dict[Any, VaultPolicy] = {
        True: "on",
        False: "off",
        "on": "on",
        "off": "off",
        "strict": "strict",
    }
    if given not in policies:
        raise ConfigError(f"'vault' is {given!r}.", key="vault", file=file, allowed=("off", "on", "strict"))
    return policies[given]


def _front(text: str) -> tuple[dict[str, Any], str]:
    if not text.startswith("---\n"):
        return {}, text
    front, _, rest = text[4:].partition("\n---\n")
    read = yaml.safe_load(front)
    return (read, rest) if isinstance(read, dict) else ({}, rest)


def _typed(variables: Mapping[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Variables given as texts, such as on a command line, as the types that the prompt declares."""
    makers: dict[str, Any] = {"integer": int, "int": int, "number": float, "float": float}
    made = dict(variables)
    for name, value in variables.items():
        maker = makers.get(str(kinds.get(name)))
        if maker is None or not isinstance(value, str):
            continue
        try:
            made[name] = maker(value)
        except ValueError:
            raise UsageError(f"Variable {name!r} must be a {kinds[name]}, not {value!r}.") from None
    return made


def with_model(request: CallRequest, model: str) -> CallRequest:
    """The same call to another model, without its fallbacks."""
    return replace(request, model=model, fallbacks=())
