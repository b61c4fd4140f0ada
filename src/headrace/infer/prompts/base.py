"""A prompt: text and parameters under one digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

Role = Literal["system", "user", "assistant"]

ROLES: tuple[Role, ...] = ("system", "user", "assistant")


class Message(TypedDict):
    """One message of a chat, as providers take it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a prompt file says."""

    name: str
    """File name without `.md`."""
    digest: str
    """Over body, parameters and variables: everything of it that shapes a call."""
    body: str
    """Jinja text below the front matter, in sections `## system`, `## user`, `## assistant`."""
    parameters: Mapping[str, Any]
    """Passed on to the model: temperature, max_tokens and the like."""
    variables: tuple[str, ...]
    """Names the body uses, sorted; a call gives exactly these."""
