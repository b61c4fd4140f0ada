"""`release check`: the declared suites on exactly one release, and what they found kept as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headrace.errors import UsageError
from headrace.flows.releases.finding import CURRENT, find, report_of, standing
from headrace.flows.releases.fitting import differing, missing
from headrace.flows.releases.golden import GOLDEN, evaluate_golden
from headrace.ledger import lineage, release_evidence, snapshots
from headrace.ledger.failpoints import declare, fire
from headrace.records.releases import Evidence, ReleaseCheck, Verdict
from headrace.ship.releases import Release

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.releases.parts import ReleaseParts
    from headrace.ledger.ledger import Write
    from headrace.ledger.release_evidence import EvidenceRow

_BEFORE = declare("release.before_evidence")
_AFTER = declare("release.after_evidence")
_WORST: Sequence[Verdict] = ("inconclusive", "fail", "pass")


def check(parts: ReleaseParts, word: str = CURRENT, *, suites: Sequence[str] = ()) -> ReleaseCheck:
    """Run suites on a release, by default those that are declared; each finding is kept when it is there.

    Raises NotFoundError, and UsageError where nothing is declared or the release cannot be had as pinned.
    """
    with parts.ledger.read() as conn:
        release = find(parts, conn, word)
        require_whole(parts, conn, release)
    chosen = list(dict.fromkeys(suites or parts.suites))
    if not chosen:
        raise UsageError(
            "No suite is declared, so nothing was checked.",
            hint='Declare some in headrace.toml: [release] suites = ["golden"]; or name one: --suite golden.',
        )
    found = [_run(parts, release, suite) for suite in chosen]
    with parts.ledger.read() as conn:
        word_of, _ = standing(conn, release.digest, parts.suites)
    return ReleaseCheck(
        release=release.digest,
        verdict=worst([row.verdict for row in found]),
        evidence=[report_of(row) for row in found],
        standing=word_of,
    )


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Inconclusive wins over fail, fail over pass."""
    return next(verdict for verdict in _WORST if verdict in verdicts)


def require_whole(parts: ReleaseParts, conn: Connection, release: Release) -> None:
    """Refuse a release that cannot be used exactly as it is pinned. Raises UsageError."""
    problems = [*missing(conn, release), *differing(parts, release)]
    if problems:
        raise UsageError(
            f"Release {release.digest!r} cannot be had as it is pinned: {'; '.join(problems)}.",
            hint="Bring the configuration back to what is pinned, or make another: headrace release create.",
        )


def _run(parts: ReleaseParts, release: Release, suite: str) -> EvidenceRow:
    before = _sizes(parts, release)
    found = _evaluate(parts, release, suite)
    detail: dict[str, Any] = {
        "metrics": dict(found.metrics),
        "margin": dict(found.margin),
        "detectable": dict(found.detectable),
        "reasons": list(found.reasons),
        "corpora": before,
    }

    def keep(tx: Write) -> EvidenceRow:
        row = release_evidence.add(
            tx,
            release.digest,
            suite=suite,
            run=found.run,
            verdict=found.verdict,
            actor=parts.actor,
            detail=detail,
        )
        edge = lineage.Edge(
            source=found.run,
            target=release.digest,
            activity="evaluated",
            attributes={"suite": suite, "verdict": found.verdict},
        )
        lineage.link(tx, [edge])
        return row

    fire(_BEFORE)
    row = parts.ledger.write(keep)
    fire(_AFTER)
    return row


def _evaluate(parts: ReleaseParts, release: Release, suite: str) -> Evidence:
    if suite == GOLDEN:
        return evaluate_golden(parts, release)
    return parts.evaluator().evaluate(suite, release.digest)


def _sizes(parts: ReleaseParts, release: Release) -> dict[str, dict[str, Any]]:
    """What the corpora held when the evaluation began."""
    found: dict[str, dict[str, Any]] = {}
    with parts.ledger.read() as conn:
        for corpus, part in release.corpora.items():
            snapshot = snapshots.current(conn, part["generation"])
            if snapshot is not None:
                found[corpus] = {
                    "generation": part["generation"],
                    "snapshot": snapshot.seq,
                    "documents": snapshot.documents,
                    "chunks": snapshot.chunks,
                    "published_at_us": snapshot.published_at_us,
                }
    return found
