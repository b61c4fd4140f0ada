"""Verdicts and replacements from the findings of the privacy engine."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from headrace.ingest.gates.base import verdicts
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.privacy.redact import outside_marks

if TYPE_CHECKING:
    import pyarrow as pa


class Replacement(NamedTuple):
    """What to put in place of a span of a text."""

    start: int
    end: int
    by: str


@functools.lru_cache(maxsize=16)
def opened_engine(types: tuple[str, ...], threshold: float, names: bool) -> Engine:
    """One compiled engine for each choice of types."""
    return Engine(PrivacyConfig(types=types, threshold=threshold, names=names))


def judge_findings(engine: Engine, texts: pa.Array, *, fails: Callable[[float], bool]) -> pa.RecordBatch:
    """A verdict for each text: how many findings, of which types, where the first is."""
    given = texts.to_pylist()
    found = [
        outside_marks(text, findings) for text, findings in zip(given, engine.scan_many(given), strict=True)
    ]
    return verdicts(
        failed=[fails(len(findings)) for findings in found],
        scores=[float(len(findings)) for findings in found],
        reasons=[_named(Counter(finding.type for finding in findings)) for findings in found],
        spans=[(findings[0].start, findings[0].end) if findings else None for findings in found],
    )


def replacements(engine: Engine, text: str) -> list[Replacement]:
    """`[TYPE]` for each finding, in the order of the text."""
    return [
        Replacement(finding.start, finding.end, f"[{finding.type}]")
        for finding in outside_marks(text, engine.scan(text))
    ]


def _named(counts: Counter[str]) -> str | None:
    return ", ".join(f"{counts[name]} {name}" for name in sorted(counts)) or None
