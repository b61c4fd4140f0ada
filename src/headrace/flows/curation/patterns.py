"""`curate report`: failures that are alike, what may cause them, and how soon anybody looks."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from headrace.curate.coverage.clustering import cluster
from headrace.curate.coverage.gaps import RULE as GAP
from headrace.curate.coverage.labels import label_topics
from headrace.curate.coverage.vectors import embed_texts
from headrace.curate.curation.causes import cause_of, leads_of
from headrace.curate.curation.collecting import SAMPLE
from headrace.curate.curation.sealed import opened
from headrace.curate.curation.survival import latency
from headrace.flows.curation.listing import STATES, link_record
from headrace.flows.curation.parts import ReportParts
from headrace.ledger import curation
from headrace.ledger.curation import ItemRow, LinkRow
from headrace.records.curation import CurationReport, Latency, Pattern
from headrace.records.times import rfc3339

EXAMPLES = 3
_FEWEST = 2
"""Items that make a pattern."""


class _Failing(NamedTuple):
    row: ItemRow
    question: str
    links: Sequence[LinkRow]


def report(
    parts: ReportParts, *, limit: int, now_us: int | None = None, texts: bool = True
) -> CurationReport:
    """Patterns of the failures that were noticed in the window, those of most traces first."""
    now_us = time.time_ns() // 1000 if now_us is None else now_us
    since_us = max(0, now_us - parts.curation.window_us)
    with parts.curation.ledger.read() as conn:
        rows = [row for row in curation.find(conn) if row.noticed_at_us >= since_us]
        links = curation.links_of(conn, {row.id for row in rows})
    by_item: dict[str, list[LinkRow]] = defaultdict(list)
    for link in links:
        by_item[link.item].append(link)
    failing = _failing(parts, rows, by_item)
    groups = _grouped(parts, failing)
    total = len({link.trace_id for item in failing for link in item.links})
    patterns = [
        _pattern(parts, group, label=label, total=total, texts=texts)
        for label, group in groups
        if len(group) >= _FEWEST or len({link.trace_id for item in group for link in item.links}) >= _FEWEST
    ]
    patterns.sort(key=lambda pattern: (-pattern.traces, pattern.pattern))
    states = Counter(row.state for row in rows)
    return CurationReport(
        since=rfc3339(since_us),
        items=len(failing),
        traces=total,
        patterns=tuple(patterns[:limit]),
        alone=len(failing) - sum(pattern.items for pattern in patterns),
        latencies=latencies(rows, by_item, now_us=now_us),
        states={state: states[state] for state in STATES if state in states},
    )


def latencies(
    rows: Sequence[ItemRow], links: Mapping[str, Sequence[LinkRow]], *, now_us: int
) -> tuple[Latency, ...]:
    """From what happened to what was noticed, decided and delivered; open items are counted as such."""
    first = {row.id: min(link.occurred_at_us for link in links[row.id]) for row in rows if links.get(row.id)}
    noticed = [_seconds(row.noticed_at_us - first[row.id]) for row in rows if row.id in first]
    decided = [_seconds(row.decided_at_us - row.noticed_at_us) for row in rows if row.decided_at_us]
    waits = [_seconds(now_us - row.noticed_at_us) for row in rows if row.state in curation.OPEN]
    taken = [row for row in rows if row.state in curation.ACCEPTED and row.decided_at_us]
    delivered = [
        _seconds(row.delivered_at_us - (row.decided_at_us or 0)) for row in taken if row.delivered_at_us
    ]
    kept = [_seconds(now_us - (row.decided_at_us or 0)) for row in taken if not row.delivered_at_us]
    return (
        latency("occurred → noticed", done=noticed, still_open=[]),
        latency("noticed → triaged", done=decided, still_open=waits),
        latency("accepted → delivered", done=delivered, still_open=kept),
    )


def _seconds(length_us: int) -> float:
    return max(0, length_us) / 1e6


def _failing(
    parts: ReportParts, rows: Sequence[ItemRow], links: Mapping[str, Sequence[LinkRow]]
) -> list[_Failing]:
    """Draft cases that a rule found: what was only drawn, or drafted for a gap, is no failure."""
    found = []
    for row in rows:
        mine = [link for link in links.get(row.id, ()) if link.rule not in (SAMPLE, GAP)]
        question = str(opened(parts.curation.keyring, row).get("question") or "")
        if row.kind == "case" and mine and question.strip():
            found.append(_Failing(row, question, mine))
    return found


def _grouped(parts: ReportParts, failing: Sequence[_Failing]) -> list[tuple[str, list[_Failing]]]:
    if not failing:
        return []
    vectors = embed_texts(parts.embedder(), [item.question for item in failing], folder=parts.folder)
    groups: dict[int, list[_Failing]] = defaultdict(list)
    if len(vectors.places):
        clusters = cluster(vectors.matrix)
        for place, group in zip(vectors.places, clusters.member_of.tolist(), strict=True):
            groups[group].append(failing[place])
    labels = label_topics({group: [item.question for item in items] for group, items in groups.items()})
    return [(labels[group], items) for group, items in groups.items()]


def _pattern(
    parts: ReportParts, group: Sequence[_Failing], *, label: str, total: int, texts: bool
) -> Pattern:
    first = min((item.row for item in group), key=lambda row: (row.noticed_at_us, row.id))
    links = sorted((link for item in group for link in item.links), key=lambda link: -link.occurred_at_us)
    by_trace: dict[str, dict[str, Any]] = {}
    for link in links:
        by_trace.setdefault(link.trace_id, json.loads(link.evidence))
    examples = list({link.trace_id: link for link in reversed(links)}.values())[-EXAMPLES:]
    questions = {link.trace_id: item.question for item in group for link in item.links}
    leads = leads_of(list(by_trace.values()))
    owners = Counter(item.row.owner for item in group if item.row.owner)
    return Pattern(
        pattern=f"pattern_{first.id.removeprefix('draft_')[:8]}",
        label=label,
        items=len(group),
        traces=len(by_trace),
        share=round(len(by_trace) / max(1, total), 4),
        open=sum(item.row.state in curation.OPEN for item in group),
        rules=dict(sorted(Counter(link.rule for link in links).items())),
        cause=cause_of(leads),
        leads=tuple(leads),
        owner=min(owners, key=lambda name: (-owners[name], name)) if owners else parts.curation.config.owner,
        noticed_at=rfc3339(first.noticed_at_us),
        examples=tuple(link_record(link) for link in examples),
        questions=tuple(questions[link.trace_id] for link in examples) if texts else (),
    )
