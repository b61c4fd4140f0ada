"""`curate coverage`: topics of the traffic, and which of them the cases cover."""

from __future__ import annotations

import json
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.curate.coverage.clustering import Clusters, cluster
from headrace.curate.coverage.labels import label_topics
from headrace.curate.coverage.matching import Former, far_from_all, number_topics
from headrace.curate.coverage.measuring import (
    Covering,
    Radius,
    cover,
    radius_of,
    raw_score,
    shrunk,
    traffic_score,
    unseen_mass,
    wilson,
)
from headrace.curate.coverage.parts import CoverageParts
from headrace.curate.coverage.queries import Asked, Traffic, read_traffic
from headrace.curate.coverage.vectors import embed_texts
from headrace.errors import UsageError
from headrace.ledger import coverage_runs, leases
from headrace.ledger.coverage_runs import CoverageRow, TopicRow
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.ledger import Write
from headrace.records.coverage import CaseText, CoverageReport, Scale, Topic
from headrace.records.times import rfc3339
from headrace.records.wire import to_plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IN_TRANSACTION = declare("coverage.in_transaction")
EXAMPLES = 20
"""Typical traces of a topic that are named, and that its gap is drafted from."""
KEPT_FROM = 3
"""Of a topic with fewer questions nothing is stored but its size: it would tell of single users."""
FEWEST_QUERIES = 4


class _Found(NamedTuple):
    asked: Sequence[Asked]
    vectors: NDArray[Any]
    clusters: Clusters
    numbers: Sequence[int]
    covering: Covering
    cases: Sequence[CaseText]
    radius: Radius
    former: Former | None


def measure(parts: CoverageParts, *, now_us: int | None = None) -> CoverageReport:
    """Find the topics of the traffic, lay the cases over them, and keep the run.

    Raises UsageError while there are fewer than four questions, LeaseHeld, ProviderError.
    """
    with leases.held(parts.curation.ledger, "coverage"):
        return _measure(parts, now_us=now_us)


def _measure(parts: CoverageParts, *, now_us: int | None) -> CoverageReport:
    now_us = time.time_ns() // 1000 if now_us is None else now_us
    since_us = max(0, now_us - parts.curation.window_us)
    config = parts.curation.config.coverage
    traffic = read_traffic(parts.curation, since_ns=since_us * 1000, limit=config.queries)
    found = _find(parts, traffic)
    run = f"coverage_{secrets.token_hex(8)}"
    report = _report(parts, traffic, found, run=run, now_us=now_us, since_us=since_us)
    _keep(parts, found, report, since_us=since_us, now_us=now_us)
    return report


def _find(parts: CoverageParts, traffic: Traffic) -> _Found:
    embedder, config = parts.embedder(), parts.curation.config.coverage
    questions = embed_texts(embedder, [item.text for item in traffic.asked], folder=parts.folder)
    asked = [traffic.asked[place] for place in questions.places]
    if len(asked) < FEWEST_QUERIES:
        raise UsageError(
            f"There are {len(asked)} questions in the window: too few to find topics in.",
            hint="Ask something first (`headrace ask`), or look further back with `window` under [curate].",
        )
    given = [case for case in parts.cases.texts() if case.text.strip()]
    texts = embed_texts(embedder, [case.text for case in given], folder=parts.folder)
    former = _former(parts, embedder.fingerprint)
    start = former.centroids if former is not None else None
    clusters = cluster(questions.matrix, topics=config.topics, start=start)
    radius = radius_of(questions.matrix, clusters)
    with parts.curation.ledger.read() as conn:
        highest = coverage_runs.highest_topic(conn)
    return _Found(
        asked=asked,
        vectors=questions.matrix,
        clusters=clusters,
        numbers=number_topics(clusters.centroids, former, highest=highest),
        covering=cover(questions.matrix, clusters, texts.matrix, radius=radius, needed=config.needed),
        cases=[given[place] for place in texts.places],
        radius=radius,
        former=former,
    )


def _former(parts: CoverageParts, fingerprint: str) -> Former | None:
    import numpy as np

    with parts.curation.ledger.read() as conn:
        run = coverage_runs.last(conn, fingerprint=fingerprint)
        topics = () if run is None else coverage_runs.topics(conn, run.id)
    kept = [topic for topic in topics if topic.centroid]
    if run is None or not kept:
        return None
    figures = json.loads(run.figures)
    return Former(
        numbers=[topic.topic for topic in kept],
        shares=[topic.queries / max(1, figures["queries"]) for topic in kept],
        centroids=np.stack([np.frombuffer(topic.centroid, dtype=np.float32) for topic in kept]),
        own=float(figures["own"]),
    )


def _report(
    parts: CoverageParts, traffic: Traffic, found: _Found, *, run: str, now_us: int, since_us: int
) -> CoverageReport:
    scores, count = parts.cases.scores(), len(found.asked)
    topics = _topics(found, scores)
    by_number = {number: place for place, number in enumerate(found.numbers)}
    inside = sum(topic.queries for topic in topics if topic.covered)
    given = _scores(found, scores)
    scale = parts.cases.scale()
    tokens = [item.input_tokens for item in found.asked if item.input_tokens]
    return CoverageReport(
        run=run,
        at=rfc3339(now_us),
        since=rfc3339(since_us),
        traffic=traffic.total,
        queries=count,
        left_out=len(traffic.asked) - count,
        cases=len(found.cases),
        embedder=parts.embedder().name,
        silhouette=round(found.clusters.silhouette, 4),
        covered=wilson(inside, count),
        near=wilson(int(found.covering.near.sum()), count),
        unseen=unseen_mass(found.vectors, neighbour=found.radius.neighbour),
        new=None if found.former is None else wilson(far_from_all(found.vectors, found.former), count),
        raw_score=raw_score([value for values in given.values() for value in values]),
        traffic_score=traffic_score(
            {topic.topic: topic.share for topic in topics},
            {number: given[place] for number, place in by_number.items() if place in given},
        ),
        context_tokens=_scale(tokens, None if scale is None else scale.input_tokens),
        corpus_chunks=_scale(
            parts.corpora(), None if scale is None or scale.corpus_chunks is None else [scale.corpus_chunks]
        ),
        topics=topics,
    )


def _topics(found: _Found, scores: Mapping[str, float]) -> tuple[Topic, ...]:
    import numpy as np

    count, members = len(found.asked), _members(found.clusters)
    labels = label_topics({place: [found.asked[i].text for i in own] for place, own in members.items()})
    overall = (sum(item.failing for item in found.asked) + 0.5) / (count + 1)
    before = dict(zip(found.former.numbers, found.former.shares, strict=True)) if found.former else {}
    given = _scores(found, scores)
    topics = []
    for place, own in members.items():
        failing = sum(found.asked[i].failing for i in own)
        number = found.numbers[place]
        typical = sorted(own, key=lambda i: -float(found.vectors[i] @ found.clusters.centroids[place]))
        values = given.get(place, [])
        topics.append(
            Topic(
                topic=number,
                label=labels[place],
                queries=len(own),
                share=round(len(own) / count, 6),
                before=before.get(number),
                failing=failing,
                fail_rate=round(shrunk(failing, len(own), overall), 6),
                cases=int(found.covering.cases[place]),
                covered=bool(found.covering.covered[place]),
                score=round(float(np.mean(values)), 4) if values else None,
                examples=tuple(found.asked[i].trace_id for i in typical[:EXAMPLES]),
            )
        )
    return tuple(sorted(topics, key=lambda topic: (-topic.queries, topic.topic)))


def _members(clusters: Clusters) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for place, topic in enumerate(clusters.member_of.tolist()):
        found[topic].append(place)
    return dict(found)


def _scores(found: _Found, scores: Mapping[str, float]) -> dict[int, list[float]]:
    """Topic (its place) to the scores of its cases; a case that was not measured has none."""
    given: dict[int, list[float]] = defaultdict(list)
    for case, topic in zip(found.cases, found.covering.topic_of.tolist(), strict=True):
        if topic >= 0 and case.id in scores:
            given[topic].append(scores[case.id])
    return dict(given)


def _scale(production: Sequence[int], cases: Sequence[int] | None) -> Scale:
    return Scale(production=_quantiles(production), cases=None if not cases else _quantiles(cases))


def _quantiles(values: Sequence[int]) -> dict[str, float]:
    import numpy as np

    if not values:
        return {}
    low, high = np.quantile(values, [0.5, 0.95])
    return {"p50": round(float(low), 1), "p95": round(float(high), 1), "max": float(max(values))}


def _keep(parts: CoverageParts, found: _Found, report: CoverageReport, *, since_us: int, now_us: int) -> None:
    import numpy as np

    figures = to_plain(replace(report, topics=())) | {"own": found.radius.own, "topics": None}
    places = {number: place for place, number in enumerate(found.numbers)}
    rows = [
        TopicRow(
            run=report.run,
            topic=topic.topic,
            label=topic.label if topic.queries >= KEPT_FROM else "",
            queries=topic.queries,
            figures=json.dumps(to_plain(replace(topic, label="")), sort_keys=True),
            centroid=(
                np.asarray(found.clusters.centroids[places[topic.topic]], dtype=np.float32).tobytes()
                if topic.queries >= KEPT_FROM
                else b""
            ),
        )
        for topic in report.topics
    ]
    run = CoverageRow(
        id=report.run,
        at_us=now_us,
        since_us=since_us,
        fingerprint=parts.embedder().fingerprint,
        actor=parts.curation.actor,
        figures=json.dumps(figures, sort_keys=True),
    )

    def work(tx: Write) -> None:
        coverage_runs.add(tx, run, rows)
        fire(_IN_TRANSACTION)

    parts.curation.ledger.write(work)
