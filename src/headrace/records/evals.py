"""Eval runs and what they say beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["pass", "fail", "inconclusive"]
RunState = Literal["running", "done", "budget"]
"""Not over (or killed: the same command goes on), over, or ended by its budget before all was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSummary:
    """One metric of a run."""

    mean: float | None
    """Of cases, repeats averaged within each first; None where nothing was measured."""
    ci: tuple[float, float] | None
    """95 %, robust against groups."""
    n: int
    """Cases with a measurement."""
    unmeasured: int
    """Outputs without one: they count neither as zero nor as failures."""
    repeat_sd: float | None = None
    """Standard deviation between repeats of one case; None without repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MustPass:
    """The cases that must pass."""

    cases: int
    """How many there are."""
    failed: tuple[str, ...]
    """Keys of those that failed in more than half of their repeats."""
    flaky: tuple[str, ...]
    """Keys of those that failed in some repeats only."""
    unknown: tuple[str, ...]
    """Keys of those that could not be measured."""
    failure_bound: float | None
    """With no failure seen, how often they may fail still (95 %), about 3 / outputs; else None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalRun:
    """One eval run."""

    run: str
    """Its id, or the name it was imported as."""
    suite: str
    """The suite."""
    golden: str | None
    """The golden set; None for an imported run."""
    version: str | None
    """Digest of the cases it used."""
    target: str
    """What was evaluated, as it was named."""
    identity: Mapping[str, Any]
    """What that was at the time: digests, models, parameters."""
    state: RunState
    """Whether it is over."""
    scorers: tuple[str, ...]
    """Names and versions."""
    repeats: int
    """Outputs for each case."""
    started_at: str
    """RFC 3339."""
    cases: int
    """Cases that count."""
    outputs: int
    """Outputs there are."""
    errors: int
    """Outputs that the target failed to give: not measured."""
    cached: int
    """Outputs that an earlier run had."""
    tokens: int
    """Input and output, of what was not cached, judges included."""
    cost: int | None
    """Millionths of the currency, of what was not cached; None where no price is known."""
    currency: str | None
    """Three letters."""
    metrics: Mapping[str, MetricSummary]
    """By name, over the cases that count."""
    parts: Mapping[str, Mapping[str, MetricSummary]] = field(default_factory=dict)
    """The same for each part of the set; of failures also for its two halves."""
    must_pass: MustPass | None = None
    """None where the set has no such case."""
    consistency: float | None = None
    """Share of repeats that gave the most frequent output of their case; None without repeats."""
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    """p50 and p95 of an output."""
    warnings: tuple[str, ...] = ()
    """What makes it less than it could be."""
    recomputed: Mapping[str, Any] | None = None
    """What scoring the stored outputs again found, where that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalProgress:
    """How far a run is."""

    done: int
    """Outputs there are."""
    total: int
    """Outputs there will be."""
    cached: int
    """Of these, from earlier runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricComparison:
    """One metric of two runs."""

    difference: float | None
    """Mean (or quantile) of the second minus the first."""
    ci: tuple[float, float] | None
    """95 %."""
    p: float | None
    """Two-sided, of "no difference"."""
    verdict: Verdict
    """Whether the second is worse than the margin allows."""
    detectable: float | None
    """The smallest difference that would have been noticed with a power of 0.8."""
    margin: float
    """How much worse is still no loss."""
    n: int
    """Cases that both measured."""
    before: float | None
    """Of the first, over these cases."""
    after: float | None
    """Of the second."""
    better: Literal["higher", "lower"]
    """Which way is good."""
    method: str
    """Where interval and p-value come from."""
    decides: bool
    """Whether it counts for the verdict of the whole."""
    dropped: int
    """Common cases that one of the two did not measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceComparison:
    """One metric of two runs in the cases of one slice."""

    metric: str
    """Its name."""
    difference: float
    """Second minus first."""
    ci: tuple[float, float]
    """95 %, not adjusted."""
    p: float | None
    """One-sided, of "no worse than the margin", adjusted for the number of slices (Holm)."""
    verdict: Verdict
    """A slice fails by its adjusted p-value."""
    n: int
    """Cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Two runs, and whether the second may stand in for the first."""

    a: str
    """The run before."""
    b: str
    """The run after."""
    metrics: Mapping[str, MetricComparison]
    """By name."""
    slices: Mapping[str, tuple[SliceComparison, ...]]
    """By tag or part."""
    verdict: Verdict
    """Of the whole."""
    reasons: tuple[str, ...]
    """Why."""
    cases: int
    """Cases that both runs have, with the same content."""
    only_a: int
    """Cases that only the first has."""
    only_b: int
    """Cases that only the second has."""
    changed: int
    """Cases whose content is another in the second: left out."""
    quarantined: int
    """Flaky cases: left out."""
    warnings: tuple[str, ...] = ()
    """What to know when reading it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """The verdict of a gate."""

    id: str
    """Of the verdict, for `why`."""
    suite: str
    """The suite."""
    run: str
    """The run that was judged."""
    baseline: str | None
    """The run it was held against."""
    verdict: Verdict
    """Of the whole."""
    reasons: tuple[str, ...]
    """Why."""
    must_pass: MustPass | None
    """The cases that must pass."""
    comparison: RunComparison | None
    """None without a baseline."""
    floors: Mapping[str, Mapping[str, Any]]
    """Metric to its floor, its interval and the verdict on it."""
    topped_up: int
    """Outputs that were added because the first look was inconclusive."""
    quarantined: tuple[Mapping[str, str], ...]
    """Cases that became flaky, with their owners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteReport:
    """A suite as it is configured."""

    name: str
    """Its name."""
    golden: str
    """The golden set."""
    target: str
    """What it evaluates."""
    scorers: tuple[str, ...]
    """Names and versions."""
    repeats: int
    """Outputs for each case."""
    runs: int
    """Runs so far."""
    last: str | None
    """The newest run that is over."""
    verdict: Verdict | None
    """Of the newest gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalList:
    """Suites, golden sets and the newest runs."""

    suites: tuple[SuiteReport, ...]
    """In the order of the configuration."""
    golden: Mapping[str, Mapping[str, int]]
    """Set to state to cases."""
    runs: tuple[EvalRun, ...]
    """Newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """A run whose outputs and scores were made elsewhere."""

    run: str
    """Its name."""
    rows: int
    """Lines of the file."""
    cases: int
    """Cases."""
    metrics: Mapping[str, MetricSummary]
    """By name."""
    redacted: Mapping[str, int] = field(default_factory=dict)
    """Type of personal data to how often it was taken out of outputs."""
