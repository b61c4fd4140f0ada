"""What a workspace brings to its gates, beside the thresholds they declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from headrace.ingest.gates.findings import Replacement
    from headrace.privacy.lists import NameLists


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a gate wants to ask a model."""

    gate: str
    """Name of the gate."""
    model: str
    """NAME of a `[models.NAME]` table, or `NAME:<model>`."""
    prompt: str | None
    """Name of a file under `prompts/`, without `.md`; None for the built-in one."""
    built_in: str
    """Text of the built-in prompt."""
    schema: Mapping[str, Any]
    """JSON Schema of an answer."""
    max_characters: int
    """Longest text in one call; a longer document is judged in parts."""


class Asked(NamedTuple):
    """One text that a model is to judge."""

    document: str
    revision: str
    title: str
    text: str


class Part(NamedTuple):
    """What a model said of a part of a text."""

    start: int
    end: int
    said: Mapping[str, Any] | None
    """The answer, which the schema describes; None where there is none."""
    why_not: str
    """Why there is none; empty where there is one."""


class Judge(Protocol):
    """A model that a gate asks: from texts to the parts of each, with what the model said of them.

    Never raises for what a model or its provider does: that is a part without an answer, with the reason.
    """

    @property
    def components(self) -> Mapping[str, Any]:
        """What decides an answer beside the text: prompt, model, parameters and schema."""
        ...

    def __call__(self, texts: Sequence[Asked]) -> list[list[Part]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GateContext:
    """What a gate is opened with: it takes what it needs in a method `opened(context)`."""

    lists: NameLists | None = None
    """The lists of names of `[privacy]`."""
    judge: Judge | None = None
    """The model that the gate has a question for; None where nothing may be asked, as in a listing."""
    finds: Sequence[Callable[[str], Sequence[Replacement]]] = ()
    """What earlier gates of the corpus would take out of a text: no model is to see that."""
