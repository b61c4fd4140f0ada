"""What the operations on embedding runs give back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headrace.records.sync import SyncReport

Outcome = Literal["recorded", "passed", "changed", "accepted", "unreachable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A text that an embedder refuses; its document goes on serving its old revision, or none."""

    corpus: str
    document: str
    chunk_id: str
    """Id of the chunk it would be."""
    text_hash: str
    """Digest of the text."""
    error_type: str
    """Class of the error."""
    error: str
    attempts: int
    """How often it was sent. After three, syncs leave its document alone until it changes."""
    first_at_us: int
    """When it was refused first…"""
    last_at_us: int
    """…and last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """Every text that is refused now."""

    letters: tuple[DeadLetter, ...]
    """By corpus and document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryReport:
    """What came of sending refused texts again."""

    tried: int
    """Texts that were refused before."""
    healed: int
    """Those that are refused no more: embedded, changed or gone."""
    letters: tuple[DeadLetter, ...]
    """Those that are refused still."""
    syncs: tuple[SyncReport, ...]
    """The runs that sent them, one for each corpus with refused texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderCheck:
    """One time an embedder was held against its sentinel texts."""

    embedder: str
    """As the recipe calls it."""
    fingerprint: str
    """Digest of its components."""
    outcome: Outcome
    """`recorded` the first time; `changed` stops writes until it passes or is accepted."""
    reason: str
    """Why it changed, could not be reached or was accepted."""
    lowest_cosine: float | None
    """Of the vectors to the recorded ones; None where there were none to compare."""
    models: tuple[str, ...]
    """What the provider said it used."""
    actor: str
    """Who made it."""
    checked_at_us: int
    """UTC microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """Checks of embedders."""

    checks: tuple[EmbedderCheck, ...]
    """Newest first where they are history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedProbe:
    """A query that did not find its document."""

    document: str
    kind: str
    """`title` or `sentence`."""
    query: str
    """What was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRound:
    """One round of known-answer probes."""

    corpus: str
    generation: str
    """Id of what served."""
    probes: int
    """Queries asked: titles and telling sentences of random documents."""
    found: int
    """Those that had their document among the first ten hits."""
    recall: float
    """Their share; 1.0 where nothing could be asked."""
    titles: tuple[int, int]
    """Titles found and asked."""
    sentences: tuple[int, int]
    """Sentences found and asked."""
    floor: float
    """`probe_floor` of the corpus then."""
    documents: int
    """What the generation held then."""
    chunks: int
    """…in chunks."""
    probed_at_us: int
    """UTC microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """Rounds of probes, newest first, and what the round of now did not find."""

    rounds: tuple[ProbeRound, ...]
    """One for each corpus, or the history."""
    missed: tuple[MissedProbe, ...] = ()
    """Queries of now that did not find their document."""
