"""Make a call again of another prompt, with the variables that its span keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.errors import UsageError
from headrace.flows.sessions.placing import MESSAGES, VARIABLE, rendered
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.types import Written, fits
from headrace.infer.prompts.variables import read_written
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.validate import problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The prompt to make a call of."""

    prompt: Prompt
    model: str | None
    """Its own model; None takes that of the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerendered:
    """What is sent."""

    messages: Sequence[Mapping[str, Any]]
    parameters: Mapping[str, Any]
    prompt: str | None
    """Digest."""
    model: str | None
    """None takes that of the call."""
    valid: Callable[[str], bool | None]
    """Whether an output fits the schema; None without one."""
    left_out: Sequence[str] = ()
    """Variables of the call that the prompt does not take."""


def rerender(tried: Tried, facts: Mapping[str, Any]) -> Rerendered:
    """The messages that a prompt makes of the variables of a call. Raises UsageError where it cannot."""
    prompt, kept = tried.prompt, facts.get("variables")
    if not isinstance(kept, Mapping):
        reason = "were erased" if kept else "were not kept"
        raise UsageError(
            f"The variables of this call {reason}, so {prompt.name!r} cannot be made of them.",
            hint="Calls keep them that name a prompt. Without --prompt it is sent as it was.",
        )
    taken = {*prompt.variables, *([VARIABLE] if prompt.history == MESSAGES else [])}
    given = {name: _read(prompt, name, value) for name, value in kept.items() if name in taken}
    return Rerendered(
        messages=rendered(prompt, read_written(prompt, given)),
        parameters=prompt.parameters,
        prompt=prompt.digest,
        model=tried.model,
        valid=lambda text: _fits(prompt.schema, text),
        left_out=sorted(set(kept) - taken),
    )


def _read(prompt: Prompt, name: str, value: Any) -> Any:
    """A value as the prompt declares it; long numbers are kept as texts."""
    if not isinstance(value, str) or name not in prompt.variables or fits(value, prompt.type_of(name)):
        return value
    return value if name == VARIABLE else Written(value)


def _fits(schema: Schema | None, text: str) -> bool | None:
    if schema is None:
        return None
    try:
        return not problems(schema, json.loads(text))
    except ValueError:
        return False
