"""What a call gives a prompt, held against what the prompt declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.errors import UsageError
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.types import Written, fits, from_text, is_optional, name_of


def check_variables(prompt: Prompt, variables: Mapping[str, Any]) -> None:
    """Refuse variables that are missing, not the prompt's, or of another type. Raises UsageError.

    Messages name types and never values, which may be personal.
    """
    needed = {name for name in prompt.variables if not is_optional(prompt.type_of(name))}
    _check_names(prompt, "needs", needed - set(variables))
    _check_names(prompt, "does not take", set(variables) - set(prompt.variables))
    for name, value in variables.items():
        wanted = prompt.type_of(name)
        if not fits(value, wanted):
            raise _wrong(prompt, name, wanted, name_of(value))


def read_written(prompt: Prompt, given: Mapping[str, Any]) -> dict[str, Any]:
    """The same variables, those that are `Written` read by the types that the prompt declares.

    Raises UsageError.
    """
    found = dict(given)
    for name, value in given.items():
        if not isinstance(value, Written):
            continue
        wanted = prompt.type_of(name)
        try:
            found[name] = from_text(str(value), wanted)
        except ValueError as error:
            raise _wrong(prompt, name, wanted, f"a text that cannot be read as one ({error})") from error
    return found


def signature(prompt: Prompt) -> str:
    """Variables with their types, as `question: str, tone: str?`."""
    shown = ((name, prompt.type_of(name)) for name in prompt.variables)
    return ", ".join(name if kind == "any" else f"{name}: {kind}" for name, kind in shown)


def _check_names(prompt: Prompt, verb: str, names: set[str]) -> None:
    if names:
        raise UsageError(
            f"Prompt {prompt.name!r} {verb} {', '.join(map(repr, sorted(names)))}.",
            hint=f"It takes exactly: {signature(prompt) or 'nothing'}.",
            prompt=prompt.name,
        )


def _wrong(prompt: Prompt, name: str, wanted: str, given: str) -> UsageError:
    return UsageError(
        f"Prompt {prompt.name!r}: variable {name!r} must be {wanted}, not {given}.",
        hint=f"It takes exactly: {signature(prompt)}.",
        prompt=prompt.name,
        variable=name,
        wanted=wanted,
        given=given,
    )
