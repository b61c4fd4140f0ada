"""`pii scan`: what is in one text."""

from __future__ import annotations

from headrace.privacy.engine import Engine
from headrace.records.privacy import PiiReport


def scan(engine: Engine, text: str) -> PiiReport:
    """The findings in a text."""
    return PiiReport(findings=tuple(engine.scan(text)))
