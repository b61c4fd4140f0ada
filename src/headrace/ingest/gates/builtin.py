"""From the name of a gate to its class: built-in ones by leaf file, others by entry point."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from headrace.errors import ConfigError
from headrace.ingest.gates.base import ACTIONS, Gate
from headrace.plugins import load, names

BUILT_IN: Mapping[str, str] = {
    "length": "headrace.ingest.gates.length:Length",
    "parse_confidence": "headrace.ingest.gates.parse_confidence:ParseConfidence",
    "language": "headrace.ingest.gates.language:Language",
    "personal_data": "headrace.ingest.gates.personal_data:PersonalData",
    "secrets": "headrace.ingest.gates.secrets:Secrets",
    "prompt_injection": "headrace.ingest.gates.prompt_injection:PromptInjection",
    "toxicity": "headrace.ingest.gates.toxicity:Toxicity",
    "boilerplate": "headrace.ingest.gates.boilerplate:Boilerplate",
    "rules": "headrace.ingest.gates.rules:Rules",
    "staleness": "headrace.ingest.gates.staleness:Staleness",
    "near_duplicate": "headrace.ingest.gates.near_duplicate:NearDuplicate",
}
"""In the order in which they run where a workspace declares none."""


def known_gates() -> list[str]:
    """Every name that can be declared: built-in gates, then those of installed packages."""
    return [*BUILT_IN, *(name for name in names("gate") if name not in BUILT_IN)]


def gate_class(name: str) -> type[Gate]:
    """The class of a gate. Raises ConfigError for an unknown name and for a plugin that is no gate."""
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        found: type[Gate] = getattr(import_module(module), attribute)
        return found
    loaded = load("gate", name)
    missing = [part for part in ("name", "version", "on_failure") if not hasattr(loaded, part)]
    if missing or not isinstance(loaded, type) or not callable(getattr(loaded, "__call__", None)):  # noqa: B004
        raise ConfigError(
            f"The gate plugin {name!r} is no gate: it lacks {', '.join(missing) or 'a class to call'}."
        )
    if loaded.on_failure not in ACTIONS:  # type: ignore[attr-defined]
        raise ConfigError(f"The gate plugin {name!r} has an unknown on_failure.", allowed=ACTIONS)
    return loaded
