"""How good documents are, and which of them did badly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The quality of one document."""

    score: float
    """0 to 1."""
    parts: Mapping[str, float]
    """What it is made of, each 0 to 1; see [quality](quality.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentQuality:
    """One document in a list by quality."""

    corpus: str
    document: str
    """URI."""
    title: str | None
    """As it names itself."""
    quality: float
    """0 to 1."""
    parts: Mapping[str, float]
    """What it is made of, each 0 to 1."""
    weakest: str
    """The part that takes most from it; empty for a document without a fault."""
    retrieved: int
    """Searches and answers of the last seven days that found it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The quality of the documents of the corpora."""

    documents: int
    """Live documents that have a score."""
    unscored: int
    """Those that were indexed before there was one."""
    mean: float | None
    """Mean score; None without any."""
    histogram: Sequence[int]
    """Documents by tenths of the score, lowest first."""
    worst: Sequence[DocumentQuality]
    """Lowest score first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RottenDocument:
    """A document that was found often and did badly."""

    corpus: str
    document: str
    """URI."""
    title: str | None
    """As it names itself."""
    exposures: int
    """Calls that gave it a rank where it could help or harm."""
    bad: float
    """Calls that went badly, each weighed by how badly, 0 to 1."""
    at_least: float
    """The rate of bad calls that is sure at 95 %: Wilson's lower bound."""
    outcomes: Mapping[str, int]
    """Kind of bad outcome to the number of calls."""
    quality: float | None
    """Its quality now."""
    marks: Sequence[str]
    """Why it ranks lower now: of `superseded`, `deprecated`, `expired`, `upcoming`."""
    example: str
    """Trace id of its newest bad call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotReport:
    """What to fix first."""

    calls: int
    """Searches and answers that were looked at."""
    since: str | None
    """When the oldest of them was, RFC 3339."""
    minimum_exposures: int
    """Documents with fewer are left out."""
    documents: Sequence[RottenDocument]
    """The most harm first: the sure rate of bad calls times the exposures."""
