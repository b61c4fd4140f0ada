"""Gaps of the newest run, and runs over time."""

from __future__ import annotations

import json

from headrace.curate.coverage.gaps import draft_gaps, gaps_of, newest
from headrace.curate.coverage.parts import CoverageParts
from headrace.flows.curation.listing import items_of
from headrace.ledger import coverage_runs, curation
from headrace.records.coverage import CoverageHistory, CoveragePoint, GapReport, Share
from headrace.records.times import rfc3339


def gap_report(parts: CoverageParts, *, limit: int, fewest: int, draft: int) -> GapReport:
    """Topics without cases, and draft cases of them where they are wanted."""
    run, topics = newest(parts)
    gaps = gaps_of(topics, fewest=fewest)[:limit]
    drafted = draft_gaps(parts, gaps, each=draft) if draft else []
    with parts.curation.ledger.read() as conn:
        rows = [row for name in drafted if (row := curation.get(conn, name)) is not None]
    return GapReport(
        run=run.id,
        at=rfc3339(run.at_us),
        covered=Share(**json.loads(run.figures)["covered"]),
        gaps=tuple(gaps),
        drafted=items_of(parts.curation, rows),
    )


def history(parts: CoverageParts, *, limit: int) -> CoverageHistory:
    """Runs, newest first, with the share of each topic."""
    points = []
    labels: dict[int, str] = {}
    with parts.curation.ledger.read() as conn:
        for run in coverage_runs.runs(conn, limit=limit):
            figures = json.loads(run.figures)
            topics = coverage_runs.topics(conn, run.id)
            points.append(
                CoveragePoint(
                    run=run.id,
                    at=rfc3339(run.at_us),
                    queries=figures["queries"],
                    cases=figures["cases"],
                    covered=figures["covered"]["value"],
                    shares={
                        topic.topic: round(topic.queries / max(1, figures["queries"]), 6) for topic in topics
                    },
                )
            )
            labels = {topic.topic: topic.label for topic in topics if topic.label} | labels
    return CoverageHistory(runs=tuple(points), labels=labels)
