"""What a scan for personal data found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One piece of personal data or one secret in a text."""

    type: str
    """Such as `EMAIL_ADDRESS` or `US_SSN`; the names are Presidio's where it has one."""
    start: int
    """In characters (code points) from the start of the text."""
    end: int
    """One past the last character."""
    score: float
    """How sure it is, in [0, 1]: 1 for a checksum that holds, lower for a shape that needs its context."""
    validator: str
    """What confirmed it, such as `luhn`, `phonenumbers` or `context`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PiiReport:
    """The findings in one text."""

    findings: tuple[Finding, ...]
    """In the order of the text; they never overlap."""
