"""Golden sets: cases as they are given, kept and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

CaseState = Literal["draft", "active", "flaky", "retired"]
"""Waiting for a decision; counted; run but not counted; kept and no longer run."""
CasePart = Literal["anchor", "random", "failures"]
"""Frozen, so that years compare; a rolling sample of production; what went wrong once."""
CaseHalf = Literal["dev", "held_out"]
"""May be looked at while a prompt is tuned; must not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInput:
    """A case as it is given."""

    key: str
    """Its name in the set."""
    inputs: Mapping[str, Any]
    """What the target gets: `question`, or the variables of a prompt."""
    expected: Any = None
    """What scorers hold the output against; None where they need nothing."""
    tags: tuple[str, ...] = ()
    """Slices that it counts in."""
    group: str | None = None
    """What it belongs together with: a conversation, a document, a cluster of failures."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Where it comes from: `trace`, `signals`, `subject` (a keyed hash), `cluster`, `sampled`."""
    must_pass: bool = False
    """Whether one failure of it is a failure of the whole."""
    part: CasePart = "anchor"
    """Which part of the set."""
    owner: str | None = None
    """Who answers for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One step in the life of a case."""

    state: CaseState
    """The state after it."""
    case: str
    """Digest of its content after it."""
    actor: str
    """Who did it."""
    reason: str
    """Why."""
    at: str
    """When, RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCase:
    """A case of a golden set."""

    set: str
    """The set."""
    key: str
    """Its name there."""
    case: str
    """Digest of its content: inputs, expected and group."""
    inputs: Mapping[str, Any]
    """What the target gets."""
    expected: Any
    """What scorers hold the output against."""
    tags: tuple[str, ...]
    """Slices that it counts in."""
    group: str | None
    """What it belongs together with."""
    state: CaseState
    """Only active ones count; flaky ones are run and shown apart."""
    part: CasePart
    """Which part of the set."""
    half: CaseHalf
    """By a hash of its key: held-out cases of failures are scored apart."""
    must_pass: bool
    """Whether one failure of it is a failure of the whole."""
    owner: str | None
    """Who answers for it."""
    provenance: Mapping[str, Any]
    """Where it comes from."""
    period: str | None
    """Month of the random sample, such as `2026-11`."""
    flake_rate: float | None
    """Share of its repeats in its last run that differed from the others; None where it ran once."""
    added_at: str
    """When, RFC 3339."""
    events: tuple[CaseEvent, ...] = ()
    """Its life, oldest first; only where one case is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenList:
    """The cases of a golden set."""

    set: str
    """Its name."""
    version: str
    """Digest of what a run would use now: content, part, group, tags of each active and flaky case."""
    counts: Mapping[str, int]
    """State to cases."""
    parts: Mapping[str, int]
    """Part to active cases."""
    cases: tuple[GoldenCase, ...]
    """In the order of their keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenChange:
    """What a change of cases did."""

    set: str
    """The set."""
    version: str
    """Its digest after."""
    added: tuple[str, ...] = ()
    """Keys of new cases."""
    changed: tuple[str, ...] = ()
    """Keys of cases whose content, marks or state changed."""
    unchanged: tuple[str, ...] = ()
    """Keys of cases that were so already."""
    redacted: Mapping[str, int] = field(default_factory=dict)
    """Type of personal data to how often it was taken out of their texts."""
    file: str | None = None
    """The file that was read or written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRefresh:
    """A month's random sample of production."""

    set: str
    """The set."""
    period: str
    """The month."""
    version: str
    """Digest of the set after."""
    traces: int
    """Answers of the time that could have been drawn."""
    refused: int
    """Of these, answers of users who do not allow their words in evals."""
    added: tuple[str, ...]
    """Keys of the new cases, which wait for what is expected of them."""
    retired: tuple[str, ...]
    """Keys of the cases of the oldest month, which went."""
    redacted: Mapping[str, int] = field(default_factory=dict)
    """Type of personal data to how often it was taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenText:
    """A text of a golden set, against which training data is held."""

    id: str
    """`set/key`."""
    set: str
    """The set."""
    text: str
    """Inputs, or what is expected."""
    group: str | None
    """What its case belongs together with."""
