"""Hold the embedders of a workspace against their sentinel texts, and read what came of it before."""

from __future__ import annotations

from headrace.errors import UsageError
from headrace.flows.embedding.parts import EmbeddingParts
from headrace.infer.embedders.watch import Watch
from headrace.ledger import sentinels
from headrace.ledger.sentinels import SentinelCheck
from headrace.records.embedding import CheckReport, EmbedderCheck


def check(parts: EmbeddingParts, corpus: str | None) -> CheckReport:
    """Embed the sentinel texts of each embedder in use and compare. A check that passes lifts a block."""
    watches = _watches(parts, corpus).values()
    return CheckReport(checks=tuple(_record(watch.check()) for watch in watches))


def accept(parts: EmbeddingParts, corpus: str | None, *, reason: str) -> CheckReport:
    """Make what blocked embedders give now what they are held against; none where none is blocked.

    Raises UsageError, ProviderError.
    """
    if not reason.strip():
        raise UsageError("A change is accepted for a reason.", hint="Say it: --reason TEXT (reason=…).")
    blocked = [watch for watch in _watches(parts, corpus).values() if watch.blocked()]
    return CheckReport(checks=tuple(_record(watch.accept(reason=reason)) for watch in blocked))


def history(parts: EmbeddingParts, corpus: str | None) -> CheckReport:
    """The checks of a corpus' embedders, or of every embedder ever used, newest first."""
    wanted = None if corpus is None else set(_watches(parts, corpus))
    with parts.ledger.read() as conn:
        found = sentinels.history(conn)
    return CheckReport(checks=tuple(_record(row) for row in found if not wanted or row.fingerprint in wanted))


def _watches(parts: EmbeddingParts, corpus: str | None) -> dict[str, Watch]:
    """Watches by fingerprint: corpora that share an embedder are checked once."""
    return {watch.fingerprint: watch for name in parts.corpora(corpus) for watch in parts.watches(name)}


def _record(row: SentinelCheck) -> EmbedderCheck:
    return EmbedderCheck(
        embedder=row.embedder,
        fingerprint=row.fingerprint,
        outcome=row.outcome,
        reason=row.reason,
        lowest_cosine=row.lowest_cosine,
        models=row.models,
        actor=row.actor,
        checked_at_us=row.checked_at_us,
    )
