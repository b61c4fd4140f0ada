"""What an eval is made of: a target that answers a case, and scorers that measure the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a target gave for one case."""

    output: Any = None
    """A text, or a JSON value."""
    documents: Sequence[str] = ()
    """URIs it found, best first, each once."""
    citations: Sequence[Mapping[str, Any]] = ()
    """`document` and `quote` of each."""
    failure: str | None = None
    """Why the product gave no valid output, such as a dead letter: this is measured, and scores 0."""
    trace_id: str | None = None
    tokens: int = 0
    """Input and output."""
    cost_micro: int | None = None
    """Millionths of the currency; None where no price is known."""
    currency: str | None = None
    latency_ms: float | None = None
    """Measured by the runner where the target does not say."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else a scorer may want."""


@runtime_checkable
class Target(Protocol):
    """Something that can be evaluated. Called from several threads at once.

    class Echo:
        identity = {"kind": "echo", "version": 1}

        def answer(self, inputs: Mapping[str, Any]) -> Reply:
            return Reply(output=inputs["question"])

    An upstream that failed raises HeadraceError: the case is not measured then, and tried again next time.
    """

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that shapes its answers: while it is the same, stored outputs stand for new ones."""
        ...

    def answer(self, inputs: Mapping[str, Any]) -> Reply:
        """Answer one case."""
        ...


@runtime_checkable
class RenderingTarget(Target, Protocol):
    """A target that knows beforehand what it would send: then only that counts for stored outputs."""

    def rendered(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """What it would send for a case, with model and parameters."""
        ...


class ClosingTarget(Protocol):
    """A target with something to give back."""

    def close(self) -> None:
        """Give it back."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreInput:
    """Everything that a scorer may look at."""

    inputs: Mapping[str, Any]
    expected: Any
    reply: Reply

    def wanted(self, name: str) -> Any:
        """A field of what is expected, such as `documents`; all of it where it is no object; or None."""
        if isinstance(self.expected, Mapping):
            return self.expected.get(name)
        return self.expected

    @property
    def text(self) -> str:
        """The output as text."""
        output = self.reply.output
        if isinstance(output, str):
            return output
        import json

        return "" if output is None else json.dumps(output, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a scorer says of one output."""

    value: float | None
    """None: not measured, which is neither a failure nor a zero."""
    reason: str = ""
    tokens: int = 0
    cost_micro: int | None = None
    currency: str | None = None


def unmeasured(reason: str) -> Score:
    """A score that says why there is none."""
    return Score(value=None, reason=reason)


@runtime_checkable
class Scorer(Protocol):
    """Measures one output. Yours, in ten lines:

    class Short:
        name = "short"
        version = "1"
        unit = True
        binary = True
        costs = False

        def score(self, given: ScoreInput) -> Score:
            return Score(value=float(len(given.text) < 300))
    """

    @property
    def name(self) -> str:
        """What the metric is called."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever its scores could."""
        ...

    @property
    def unit(self) -> bool:
        """Whether it lies in 0…1."""
        ...

    @property
    def binary(self) -> bool:
        """Whether it is 0 or 1: then it counts for cases that must pass."""
        ...

    @property
    def costs(self) -> bool:
        """Whether it asks somebody: then its scores are stored and taken again."""
        ...

    def score(self, given: ScoreInput) -> Score:
        """Measure."""
        ...
