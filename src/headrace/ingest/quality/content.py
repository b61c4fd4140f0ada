"""What the text of a document alone says of its quality, many documents at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headrace.ingest.quality.links import links_in
from headrace.ingest.quality.prose import Prose, sampled

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from headrace.records.document import ParsedDocument

    Array = np.ndarray[Any, Any]

SAMPLE_CHARACTERS = 4_000
"""Of each text this much is judged, from its beginning."""
_WALL_CHARACTERS = 1_500
_BATCH_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentQuality:
    """What is kept of one document."""

    parts: dict[str, float]
    """Part to its value in [0, 1]."""
    phrases: bytes
    """Hashes of some of its runs of five words, to find those that other documents have too."""
    links: bytes
    """Hashes of the documents that it links to."""


def content_qualities(documents: Sequence[tuple[str, ParsedDocument]]) -> list[ContentQuality]:
    """Judge documents, given with their URIs. A document's result never depends on the others."""
    found: list[ContentQuality] = []
    for part in _batches(documents):
        found += _judged(part)
    return found


def _batches(documents: Sequence[tuple[str, ParsedDocument]]) -> list[list[tuple[str, ParsedDocument]]]:
    batches: list[list[tuple[str, ParsedDocument]]] = []
    characters = 0
    for uri, document in documents:
        size = min(len(document.text), SAMPLE_CHARACTERS)
        if not batches or characters + size > _BATCH_CHARACTERS:
            batches.append([])
            characters = 0
        batches[-1].append((uri, document))
        characters += size
    return batches


def _judged(documents: Sequence[tuple[str, ParsedDocument]]) -> list[ContentQuality]:
    from headrace.ingest.gates.boilerplate import Boilerplate
    from headrace.ingest.gates.parse_confidence import ParseConfidence
    from headrace.ingest.gates.running import GateInput, batch_of
    from headrace.ingest.gates.toxicity import Toxicity

    given = [
        GateInput(
            document=uri,
            parsed=replace(document, text=document.text[:SAMPLE_CHARACTERS]),
            size_bytes=0,
            modified_at_us=None,
        )
        for uri, document in documents
    ]
    batch = batch_of(given, now_us=0)
    prose = sampled(batch["text"], batch["kind"])
    confidence = _scores(ParseConfidence()(batch))
    boilerplate = _scores(Boilerplate()(batch))
    abuse = _scores(Toxicity()(batch))
    return [
        ContentQuality(
            parts={
                "prose": _prose(prose, row, document),
                "parsing": _fall(1 - confidence[row], 0.1, 0.6),
                "boilerplate": _fall(boilerplate[row], 0.1, 0.6),
                "structure": _structure(document),
                "civility": round(1 - min(abuse[row] / 20, 1.0), 3),
                "gates": 0.5 ** _failed_gates(document),
            },
            phrases=prose.phrases[row],
            links=links_in(uri, document),
        )
        for row, (uri, document) in enumerate(documents)
    ]


def _scores(verdicts: pa.RecordBatch) -> list[float]:
    scores: list[float] = verdicts["score"].to_pylist()
    return scores


def _fall(loss: float, low: float, high: float) -> float:
    """1 up to a loss of `low`, 0.1 from `high` on: the gate would fail at five sixths of the way or so."""
    return round(1 - 0.9 * min(max((loss - low) / (high - low), 0.0), 1.0), 3)


def _prose(prose: Prose, row: int, document: ParsedDocument) -> float:
    return 1.0 if document.kind == "code" else round(float(prose.values[row]), 3)


def _structure(document: ParsedDocument) -> float:
    """1 for a short text or one in paragraphs and sections; down to 0.5 for one wall of text."""
    size = min(len(document.text), SAMPLE_CHARACTERS)
    if document.kind == "code" or size <= _WALL_CHARACTERS:
        return 1.0
    breaks = document.text.count("\n", 0, size) + len(document.pages)
    return round(max(0.5, min(1.0, _WALL_CHARACTERS * (breaks + 1) / size)), 3)


def _failed_gates(document: ParsedDocument) -> int:
    tagged = document.metadata.get("failed_gates")
    return tagged.count(",") + 1 if isinstance(tagged, str) and tagged else 0
