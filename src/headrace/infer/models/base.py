"""The Protocol that writes an answer, and what goes in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from headrace.infer.prompts.base import Message

NO_ANSWER = "no_answer"
"""The finish reason of a generation without text because the passages do not answer the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A retrieved chunk, as a model sees it."""

    number: int
    """What a citation names it by, from 1."""
    chunk_id: str
    document: str
    """Stable URI."""
    title: str | None = None
    headings: tuple[str, ...] = ()
    """From the outermost to the one it stands under."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest:
    """One question and everything a model may need to answer it."""

    messages: Sequence[Message]
    """The rendered prompt."""
    question: str
    passages: Sequence[Passage]
    """Best first."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Of the prompt: temperature, max_tokens and the like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What a model wrote."""

    text: str
    """With citations `[n: "verbatim quote"]`; empty when there is no answer."""
    model: str
    """Model id the provider says it used."""
    input_tokens: int | None
    """None when the provider does not say."""
    output_tokens: int | None
    finish_reason: str
    """`stop`, `length`, `content_filter`, `no_answer`, or the provider's own word."""
    raw_id: str | None = None
    """The provider's id of the call."""


@runtime_checkable
class Model(Protocol):
    """Writes an answer.

    Example::

        class FirstSentence:
            name = identity = "first-sentence"

            def generate(self, request: GenerateRequest) -> Generation:
                quote = request.passages[0].text.partition(".")[0]
                text = f'{quote} [1: "{quote}"]'
                return Generation(
                    text=text, model=self.name, input_tokens=None, output_tokens=None, finish_reason="stop"
                )
    """

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        ...

    @property
    def identity(self) -> str:
        """Model id with its version: a part of the release."""
        ...

    def generate(self, request: GenerateRequest) -> Generation:
        """Answer one question. Raises ProviderError."""
        ...

    def close(self) -> None:
        """Give back connections."""
        ...
