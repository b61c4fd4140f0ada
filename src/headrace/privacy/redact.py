"""Takes findings out of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from headrace.privacy.engine import Engine
from headrace.privacy.entities import ENTITIES
from headrace.records.privacy import Finding

_MARK = re.compile(rf"\[(?:{'|'.join(ENTITIES)})(?:_[a-z2-7]{{13}})?\]")
"""A type, perhaps with a keyed hash."""
"""What stands in place of a finding."""


def redact(engine: Engine, text: str) -> str:
    """The text with `[TYPE]` in place of each finding; a scan of the result finds nothing but such marks.

    Taking one thing out can show another that it overlapped, so it is scanned until nothing is found. That
    ends: each time at least one character that is not part of a mark goes.
    """
    while findings := outside_marks(text, engine.scan(text)):
        text = replace_spans(text, findings)
    return text


def replace_spans(text: str, findings: Iterable[Finding]) -> str:
    """The text with `[TYPE]` in place of each of these findings, which do not overlap."""
    parts: list[str] = []
    at = 0
    for finding in findings:
        parts += (text[at : finding.start], f"[{finding.type}]")
        at = finding.end
    return "".join((*parts, text[at:]))


def outside_marks(text: str, findings: list[Finding]) -> list[Finding]:
    """Findings without those that are nothing but a mark, as a list of names could give."""
    if not findings or "[" not in text:
        return findings
    marks = [found.span() for found in _MARK.finditer(text)]
    return [
        finding
        for finding in findings
        if not any(start <= finding.start and finding.end <= end for start, end in marks)
    ]
