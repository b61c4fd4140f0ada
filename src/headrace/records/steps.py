"""What LLM steps did, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """One step in a run, or in a plan."""

    calls: int = 0
    """Outputs that were asked for; in a plan, that would be."""
    reused: int = 0
    """Outputs that were stored, or known to fail: nothing was asked."""
    requests: int = 0
    """Requests to the model, second questions included; 0 in a plan."""
    failed: int = 0
    """Documents with a new dead letter."""
    waiting: int = 0
    """Documents that are served without it, until a later sync."""
    repaired: int = 0
    """Outputs that were valid only after a repair of their syntax or a second question."""
    input_tokens: int = 0
    """Tokens read; estimated in a plan, and where the provider does not say."""
    output_tokens: int = 0
    """Tokens written; likewise."""
    cost_micro: int | None = 0
    """Millionths of `currency`; None when a price is not known."""
    currency: str = ""
    """Three letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """One step that a corpus declares."""

    corpus: str
    """The corpus that declares it."""
    step: str
    """Its name."""
    position: int
    """Its place in the order of the corpus, from 0."""
    kind: str
    """extract, classify, clean or summarise."""
    into: str
    """metadata, text or chunks."""
    fields: tuple[str, ...]
    """Metadata fields it writes."""
    model: str
    """Provider, model id and revision."""
    prompt: str
    """Name of the prompt file."""
    prompt_digest: str
    """Over everything of it that shapes a call."""
    schema: str | None
    """None where its kind brings the schema."""
    schema_digest: str
    """Over the JSON Schema."""
    labels: int
    """How many it chooses from; 0 unless it classifies."""
    fallback: Mapping[str, Any]
    """Field to its value where the step fails."""
    documents: Mapping[str, int]
    """Documents that serve, by state: written, failed, waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepList:
    """Steps by corpus, in their order."""

    steps: Sequence[StepReport]
    """One for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAttempt:
    """One request and what came of it."""

    kind: str
    """`first`, or `reask` for the second question."""
    text: str
    """As the model wrote it."""
    finish_reason: str
    """`stop`, `length`, `content_filter`, or the provider's own word."""
    problems: tuple[Mapping[str, str], ...] = ()
    """Path and message of each."""
    milliseconds: float = 0.0
    """How long it took, waits between retries included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTest:
    """What a step makes of one file; nothing is stored."""

    step: str
    """Its name."""
    file: str
    """Name of the file."""
    state: Literal["written", "failed", "waiting"]
    """`waiting`: the provider could not be asked."""
    reason: str
    """Why it failed or waits; empty when it did not."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Metadata it writes; of the fallback where it failed."""
    text: str | None = None
    """The cleaned text, or the summary, where it writes one."""
    attempts: tuple[StepAttempt, ...] = ()
    """Every request that was answered."""
    count: StepCount = StepCount()
    """What it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDeadLetter:
    """A document that a step found no output for; it is served without, or with the fallback."""

    corpus: str
    """Its corpus."""
    document: str
    """Stable URI."""
    step: str
    """The step that failed."""
    revision: str
    """What was read."""
    reason: str
    """`refused`, `truncated`, `invalid`, `timeout`, `rejected` or `unrendered`."""
    detail: str
    """What was wrong, in words."""
    attempts: tuple[StepAttempt, ...]
    """Of the last run that asked, with the raw outputs."""
    model: str
    """Provider, model id and revision."""
    prompt_digest: str
    """Of the prompt that was asked with."""
    first_at_us: int
    """When it failed first…"""
    last_at_us: int
    """…and last."""
    tries: int
    """Runs that asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDeadLetters:
    """Every dead letter, by corpus, document and step."""

    letters: tuple[StepDeadLetter, ...]
    """One for each document and step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRetry:
    """What came of asking again."""

    tried: int
    """Dead letters before."""
    healed: int
    """Those that have an output now, or whose document changed or left."""
    letters: tuple[StepDeadLetter, ...]
    """Those that are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAccuracy:
    """How well a field is written, on a labelled sample."""

    field: str
    """Metadata field."""
    n: int
    """Labelled documents that serve."""
    expected: int
    """Of them, with a value in the sample."""
    written: int
    """With a value in the index."""
    correct: int
    """Where both are equal and there is a value."""
    precision: float | None
    """Correct of what was written; None where nothing was."""
    recall: float | None
    """Correct of what was expected; None where nothing was."""
    exact_match: float | None
    """Share of documents where both are equal, none in both included; None without documents."""
    exact_match_low: float | None
    """Wilson interval of 95 %, lower end…"""
    exact_match_high: float | None
    """…and upper end."""
    precision_low: float | None = None
    """The same of the precision, lower end…"""
    precision_high: float | None = None
    """…and upper end."""
    recall_low: float | None = None
    """The same of the recall, lower end…"""
    recall_high: float | None = None
    """…and upper end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAccuracy:
    """How well a step does, on a labelled sample of documents."""

    corpus: str
    """Its corpus."""
    step: str
    """The step that was measured."""
    sample: int
    """Lines of the sample."""
    missing: tuple[str, ...]
    """Documents of the sample that do not serve."""
    waiting: int
    """Documents of the sample whose output is not there yet; they count as written empty."""
    fields: tuple[FieldAccuracy, ...]
    """One for each field that the sample labels."""
