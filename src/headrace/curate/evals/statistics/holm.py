"""Several tests at once, without more false alarms than one would give."""

from __future__ import annotations

from collections.abc import Mapping


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p-values by name (Holm, 1979): reject those below the level, whatever depends on what."""
    adjusted: dict[str, float] = {}
    running = 0.0
    ordered = sorted(values, key=lambda name: values[name])
    for place, name in enumerate(ordered):
        running = max(running, min(1.0, values[name] * (len(ordered) - place)))
        adjusted[name] = running
    return adjusted
