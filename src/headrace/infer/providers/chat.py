"""What an answer of `/chat/completions` holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from headrace.errors import TerminalError


class Used(NamedTuple):
    """Tokens of one call; None where the provider does not say."""

    input_tokens: int | None
    output_tokens: int | None


def first_choice(answer: Mapping[str, Any], *, provider: str) -> Mapping[str, Any]:
    """The first choice, which has a message. Raises TerminalError where there is none."""
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, Mapping) or not isinstance(choice.get("message"), Mapping):
        raise TerminalError(
            f"Provider {provider!r} answered without a message in `choices`.",
            hint="Check that base_url is an OpenAI-compatible API.",
            provider=provider,
            cause="malformed",
        )
    return choice


def used(answer: Mapping[str, Any]) -> Used:
    """The tokens that an answer says it took."""
    usage = answer.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    return Used(_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
