"""The documents of lowest quality."""

from __future__ import annotations

import time
from collections.abc import Sequence

from headrace.flows.quality.parts import QualityParts
from headrace.flows.quality.reading import Scored, scored
from headrace.ingest.quality.score import WEIGHTS
from headrace.records.quality import DocumentQuality, QualityReport

_RECENT_NS = 7 * 86_400 * 1_000_000_000


def worst(
    parts: QualityParts, corpora: Sequence[str], *, limit: int, access: Sequence[str] | None
) -> QualityReport:
    """How the scores of the corpora are spread, and the lowest of them."""
    rows = [(corpus, row) for corpus in corpora for row in scored(parts, corpus, access=access).values()]
    known = [
        (row.quality.score, corpus, row.kept.uri, row) for corpus, row in rows if row.quality is not None
    ]
    lowest = sorted(known, key=lambda item: item[:3])[:limit]
    refs = [f"{corpus}/{uri}" for _, corpus, uri, _ in lowest]
    met = parts.events.met(refs, since_ns=time.time_ns() - _RECENT_NS) if refs else {}
    histogram = [0] * 10
    for score, *_ in known:
        histogram[min(9, int(score * 10))] += 1
    return QualityReport(
        documents=len(known),
        unscored=len(rows) - len(known),
        mean=round(sum(score for score, *_ in known) / len(known), 4) if known else None,
        histogram=tuple(histogram),
        worst=tuple(
            _document(corpus, row, met.get(ref, (0, 0))[0])
            for ref, (_, corpus, _, row) in zip(refs, lowest, strict=True)
        ),
    )


def _document(corpus: str, row: Scored, retrieved: int) -> DocumentQuality:
    quality = row.quality
    assert quality is not None
    costs = {name: value ** WEIGHTS.get(name, 1.0) for name, value in quality.parts.items()}
    weakest = min(costs, key=lambda name: (costs[name], name))
    return DocumentQuality(
        corpus=corpus,
        document=row.kept.uri,
        title=row.kept.title,
        quality=quality.score,
        parts=quality.parts,
        weakest=weakest if costs[weakest] < 1 else "",
        retrieved=retrieved,
    )
