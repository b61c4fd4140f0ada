"""Every gate of a commit, in order."""

from __future__ import annotations

from headrace.curate.datasets.gates.base import Incoming
from headrace.curate.datasets.gates.contamination import contamination
from headrace.curate.datasets.gates.distribution import distribution
from headrace.curate.datasets.gates.duplicates import exact, near
from headrace.curate.datasets.gates.quality import classes, depth, quality
from headrace.curate.datasets.gates.schema import categories, empties, schema
from headrace.records.datasets import DatasetCheck

_GATES = (schema, empties, categories, distribution, exact, near, classes, depth, quality, contamination)


def run(incoming: Incoming) -> tuple[DatasetCheck, ...]:
    """What all gates say."""
    return tuple(check for gate in _GATES for check in gate(incoming))


def refused(checks: tuple[DatasetCheck, ...]) -> bool:
    """Whether one of them refuses the commit."""
    return any(check.verdict == "fail" for check in checks)
