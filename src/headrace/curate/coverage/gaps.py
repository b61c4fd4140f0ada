"""The topics that lack cases, and draft cases made of their real traces."""

from __future__ import annotations

import json
from collections.abc import Sequence

from headrace.curate.coverage.parts import CoverageParts
from headrace.curate.curation.collecting import Collected, Collector
from headrace.curate.curation.consent import allowed_among
from headrace.curate.curation.drafting import case_of
from headrace.curate.curation.evidence import values_of
from headrace.curate.curation.reading import read_known
from headrace.curate.curation.running import SAMPLED_INTO, keep, link_of
from headrace.errors import NotFoundError
from headrace.ledger import coverage_runs, leases
from headrace.ledger.coverage_runs import CoverageRow
from headrace.ledger.ledger import Write
from headrace.records.coverage import Topic

RULE = "gap"
"""What stands for a rule where a topic lacked cases."""


def newest(parts: CoverageParts) -> tuple[CoverageRow, tuple[Topic, ...]]:
    """The newest run with its topics. Raises NotFoundError before the first one."""
    with parts.curation.ledger.read() as conn:
        run = coverage_runs.last(conn)
        rows = () if run is None else coverage_runs.topics(conn, run.id)
    if run is None:
        raise NotFoundError("run", "coverage", hint="Measure it first: `headrace curate coverage`.")
    topics = (Topic(**{**json.loads(row.figures), "label": row.label}) for row in rows)
    return run, tuple(topics)


def gaps_of(topics: Sequence[Topic], *, fewest: int) -> list[Topic]:
    """Topics without the cases they need, most harm first: share times fail rate."""
    found = [topic for topic in topics if not topic.covered and topic.queries >= fewest]
    return sorted(found, key=lambda topic: (-topic.share * topic.fail_rate, topic.topic))


def draft_gaps(parts: CoverageParts, gaps: Sequence[Topic], *, each: int) -> list[str]:
    """Draft cases from the most typical traces of gaps, as many of each; returns the ids of the items.

    Drafting twice adds nothing. Traces of users who refused eval are passed over for the next ones. Raises
    LeaseHeld.
    """
    with leases.held(parts.curation.ledger, "curate"):
        return _draft(parts, gaps, each=each)


def _draft(parts: CoverageParts, gaps: Sequence[Topic], *, each: int) -> list[str]:
    curation = parts.curation
    collector, collected = Collector(curation), Collected()
    items: list[str] = []
    for topic in gaps:
        known = read_known(curation, topic.examples)
        with curation.ledger.read() as conn:
            people = {item.facts.subject for item in known.values()}
            people |= {row.subject for item in known.values() for row in item.evidence.signals}
            allowed = allowed_among(conn, people, without_user=False)
        taken: dict[str, None] = {}
        for trace in topic.examples:
            if trace in known and len(taken) < each:
                found = known[trace]
                draft = case_of(found.facts, found.evidence, destination=SAMPLED_INTO)
                link = link_of(found, values_of(*found), stratum=f"topic {topic.topic}")
                item = collector.take(draft, rule=RULE, allowed=allowed, link=link, into=collected)
                if item is not None:
                    taken[item] = None
        items += taken

    def work(tx: Write) -> None:
        keep(tx, collected)

    if items:
        curation.ledger.write(work)
    return list(dict.fromkeys(items))
