"""A suite: which cases, which target, which scorers, and what decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricGate:
    """`[evals.NAME.gates.METRIC]`: what is asked of one metric."""

    margin: float | None = field(default=None, metadata={"minimum": 0})
    """How much worse than the baseline is still no loss; in the unit of the metric."""
    at_least: float | None = None
    """The whole interval of the mean must lie at or above it."""
    at_most: float | None = None
    """The whole interval of the mean must lie at or below it."""
    better: Literal["higher", "lower"] | None = None
    """Which way is good: higher, but lower for latencies, costs and tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalBudget:
    """`[evals.NAME.budget]`: what one run may spend."""

    tokens: int | None = field(default=None, metadata={"minimum": 1})
    """Most tokens, input and output, judges included."""
    money: str | None = None
    """Most money, such as `2.50 EUR`, in the `currency` of the models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """`[evals.NAME]`, or `evals/NAME.toml`."""

    name: str
    golden: str = "main"
    """The golden set."""
    target: str = "ask"
    """`ask`, `search`, `prompt:NAME[@LABEL]`, `release:DIGEST`, an `http://…` address, or `FILE.py:NAME`."""
    scorers: tuple[str | Mapping[str, Any], ...] = ("contains",)
    """Names, or tables with `type` and the keys of that scorer."""
    repeats: int = field(default=1, metadata={"minimum": 1, "maximum": 100})
    """Outputs for each case."""
    concurrency: int = field(default=4, metadata={"minimum": 1, "maximum": 256})
    """Cases on their way at once."""
    max_repeats: int = field(default=5, metadata={"minimum": 1, "maximum": 100})
    """Outputs for each case at most, where a gate finds too little to decide, or a case that flickers."""
    baseline: str | None = None
    """The run a gate compares with; without it the last run that passed."""
    k: int = field(default=10, metadata={"minimum": 1, "maximum": 200})
    """Documents or chunks, for the targets `search` and `ask`."""
    corpus: str | None = None
    """The corpus, where a workspace has several."""
    template: str | None = None
    """For an HTTP target: the JSON body, with `{{ question }}` and other inputs; all inputs without."""
    output: str = "output"
    """For an HTTP target: the key of the reply that holds the output; dots go deeper."""
    version: str = ""
    """For an HTTP target: whatever names its state; with another one stored outputs count no longer."""
    budget: EvalBudget = EvalBudget()
    gates: Mapping[str, MetricGate] = field(default_factory=dict)
    """Metric to what is asked of it; without any, every scorer decides with its default margin."""
    pass_at: Mapping[str, float] = field(default_factory=dict)
    """Metric to the score from which a case that must pass does, for scorers that are not 0 or 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalsConfig:
    """`[evals]`."""

    python: bool = False
    """Whether suites may use targets and scorers of `evals/*.py`. They run with your rights."""
    suites: Mapping[str, Suite] = field(default_factory=dict)
