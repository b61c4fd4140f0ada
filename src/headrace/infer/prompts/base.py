"""A prompt: text and everything else that shapes its calls, under one digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from headrace.infer.schemas.base import Schema

Role = Literal["system", "user", "assistant"]

ROLES: tuple[Role, ...] = ("system", "user", "assistant")

EXAMPLES = "examples"
"""What a body calls the few-shot set of its prompt."""

Vault = Literal["off", "on", "strict"]
"""Whether personal data leaves as tokens; `strict` refuses calls that cannot be protected."""

VAULTS: tuple[Vault, ...] = ("off", "on", "strict")


class Message(TypedDict):
    """One message of a chat, as providers take it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FewShot:
    """A named set of examples."""

    name: str
    """File name below `prompts/few_shot/` without `.jsonl`."""
    digest: str
    """Over the rows in their order."""
    rows: Sequence[Mapping[str, Any]]
    """Each with `output`, and `input` or `messages`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A file that a prompt holds fast."""

    path: str
    """Below `prompts/`, with forward slashes."""
    digest: str
    """Over its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFeature:
    """A feature that a prompt takes."""

    name: str
    """`view:column`, or `view` for all of it as a table."""
    variable: str
    """What the body calls it: the column, unless `as` says otherwise."""
    default: Any = None
    """What stands where there is no value that counts."""
    has_default: bool = False
    """Without one such a call is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a prompt file says, with what it draws in."""

    name: str
    """File name without `.md`."""
    digest: str
    """Over everything of it that shapes a call; not over its name or description."""
    body: str
    """Jinja text below the front matter, in sections `## system`, `## user`, `## assistant`."""
    parameters: Mapping[str, Any]
    """Passed on to the model: temperature, max_tokens and the like."""
    variables: tuple[str, ...]
    """Names that a call gives, sorted."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Variable to its declared type, such as `int` or `list[str]?`; what is missing takes anything."""
    model: str | None = None
    """As in the configuration; None leaves it to the caller."""
    fallbacks: tuple[str, ...] = ()
    """Models to try after it, in order."""
    schema: Schema | None = None
    """What the output must look like."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """Definitions in OpenAI's shape."""
    features: tuple[PromptFeature, ...] = ()
    """What it takes of the online store."""
    profile: str | None = None
    """NAME of a `[profiles.NAME]`: its body takes that of the user as `profile`."""
    history: Literal["messages"] | None = None
    """`messages`: turns of the session stand before the last message of the user."""
    few_shot: FewShot | None = None
    vault: Vault = "off"
    includes: Mapping[str, str] = field(default_factory=dict)
    """Path below `prompts/` to the text of each file it includes, however deep."""
    chat_template: Pinned | None = None
    """How a self-served model's messages become one text."""
    tokenizer: Pinned | None = None
    """How that text becomes tokens."""
    description: str = ""

    def type_of(self, variable: str) -> str:
        """The declared type of a variable; `any` where none is."""
        return self.types.get(variable, "any")
