"""What the operations on signals give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["good", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing a user said of an answer, or did with it."""

    id: str
    """The same signal sent again has the same id and is one signal."""
    trace_id: str
    """The trace it is about."""
    span_id: str | None
    """The span of the trace, where it is about one."""
    kind: str
    """Such as `thumbs`, `correction` or `citation_click`."""
    explicit: bool
    """Whether a user said it; else it was seen in what a user did."""
    value: Any
    """As its kind wants it; personal data in texts is redacted."""
    comment: str | None
    """In the user's words, redacted."""
    subject: str | None
    """Keyed hash of who gave it; the name itself is kept nowhere."""
    inferred: bool
    """Whether a rule found it in the traces of a session."""
    joined: bool
    """Whether its trace has arrived."""
    exposed: bool | None
    """Whether the answer showed what the signal is about; None until its trace has arrived."""
    changed: float | None
    """Of an edited text: the share of the answer that was changed, 0 to 1."""
    at: str
    """When it happened, RFC 3339."""
    at_us: int
    """The same in UTC microseconds."""
    redacted: Mapping[str, int] = field(default_factory=dict)
    """Findings that were taken out of its texts, by type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedSignal:
    """What came of a signal."""

    signal: Signal
    """As it is kept."""
    new: bool
    """False where it was there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalList:
    """Signals, newest first."""

    signals: Sequence[Signal]
    """At most as many as were asked for."""
    pending: int
    """Signals of any kind whose trace has not arrived yet."""
    refused: int = 0
    """For a purpose: signals that were passed over, because a user of theirs does not permit it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InferredSignals:
    """What the rules found in the traces of sessions."""

    traces: int
    """Traces that were looked at."""
    sessions: int
    """Sessions they belong to."""
    without_session: int
    """Traces of no session: the rules cannot say anything of them."""
    found: Mapping[str, int]
    """Kind to signals that the rules find in them."""
    new: int
    """Those of them that were not there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedSignals:
    """What was erased of a trace or a user."""

    signals: int
    """Signals that are gone."""
    audits: int
    """Audits that are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A trace that was drawn, or judged."""

    trace_id: str
    """`headrace why` shows it."""
    probability: float | None
    """With which any draw so far would have drawn it; None where nobody drew it."""
    verdict: Verdict | None
    """None until somebody has looked."""
    actor: str | None
    """Who judged it last."""
    at: str | None
    """When, RFC 3339."""
    question: str | None = None
    """What was asked, as the trace keeps it."""
    answer: str | None = None
    """What was answered, as the trace keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSample:
    """A random sample of traces, silent ones included."""

    frame: int
    """Traces it was drawn from."""
    probability: float
    """With which each of them was drawn."""
    drawn: Sequence[Audit]
    """To be judged; those that were judged before keep their verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditList:
    """Audits, those that wait first."""

    waiting: int
    """Drawn and not judged yet."""
    audits: Sequence[Audit]
    """Newest draw first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteRates:
    """How often something is seen on bad and on good answers."""

    vote: str
    """A kind of signal, with its side where it has two, such as `thumbs_down`."""
    says: Verdict
    """What it speaks for: where it is seen more often."""
    when_bad: float
    """P(seen | bad): of one that says bad, its sensitivity."""
    when_good: float
    """P(seen | good): of one that says bad, one minus its specificity."""
    audited_bad: int
    """Audited bad traces behind the first rate."""
    audited_good: int
    """Audited good traces behind the second rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelModelReport:
    """What P(bad) is made of."""

    calibrated: bool
    """Whether there are enough audits; until then the rates are mostly documented assumptions."""
    audits: int
    """Judged traces that were drawn at random."""
    audits_bad: int
    """Those of them that were judged bad."""
    needed: int
    """Audits that are still missing."""
    prior: float
    """P(bad) of a trace of which nothing is known."""
    votes: Sequence[VoteRates]
    """Of what was seen at least once in this workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceVerdict:
    """What the signals say of a trace together."""

    trace_id: str
    p_bad: float
    """P(bad), 0 to 1; an audited trace is 0 or 1."""
    calibrated: bool
    """Whether audits stand behind it."""
    audited: Verdict | None
    """What an audit said of it."""
    votes: Mapping[str, bool]
    """What could be seen, and whether it was."""
    weights: Mapping[str, float]
    """What each adds to the log odds of bad, most first."""
