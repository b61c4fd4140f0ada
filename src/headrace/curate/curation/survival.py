"""Kaplan–Meier: how long something takes, when some of it is not done yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from headrace.records.curation import Latency


def latency(stage: str, *, done: Sequence[float], still_open: Sequence[float]) -> Latency:
    """Median and 90th percentile in seconds, what is open counted as censored at its age.

    Kaplan and Meier (1958). The mean of what is done would be too low: what takes long is still open.
    """
    return Latency(
        stage=stage,
        done=len(done),
        open=len(still_open),
        median_seconds=quantile(done, still_open, 0.5),
        p90_seconds=quantile(done, still_open, 0.9),
    )


def quantile(done: Sequence[float], still_open: Sequence[float], share: float) -> float | None:
    """The time by which this share is done; None where the curve does not come so far."""
    events, censored = Counter(done), Counter(still_open)
    at_risk = len(done) + len(still_open)
    surviving = 1.0
    for moment in sorted({*events, *censored}):
        if events[moment]:
            surviving *= 1.0 - events[moment] / at_risk
            if surviving <= 1.0 - share + 1e-12:
                return round(moment, 3)
        at_risk -= events[moment] + censored[moment]
    return None
