"""Reads the scores of the documents that serve, as one caller may see them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from headrace.flows.quality.parts import QualityParts
from headrace.ingest.quality.score import quality_of
from headrace.ingest.validity.marks import NO_MARKS, read_marks
from headrace.ledger import acls, qualities
from headrace.ledger.qualities import KeptQuality
from headrace.records.quality import Quality


class Scored(NamedTuple):
    """A live document with its score and marks."""

    kept: KeptQuality
    quality: Quality | None
    marks: tuple[str, ...]


def scored(
    parts: QualityParts,
    corpus: str,
    *,
    access: Sequence[str] | None,
    only: Collection[str] | None = None,
) -> dict[str, Scored]:
    """URI to score for the live documents of a corpus, or `only` these; with `access` those it opens."""
    config, ranking = parts.qualities[corpus], parts.rankings[corpus]
    now_us = time.time_ns() // 1000
    with parts.ledger.read() as conn:
        generation = parts.releases.generation(conn, corpus)
        if generation is None:
            return {}
        rows: Mapping[str, KeptQuality] = (
            {row.uri: row for row in qualities.load(conn, generation)}
            if only is None
            else qualities.lookup(conn, generation, sorted(only))
        )
        marks = read_marks(conn, corpus, generation, epoch=0, known=NO_MARKS)
        admitted = None if access is None else acls.admitted(conn, access)
    found: dict[str, Scored] = {}
    for uri, row in rows.items():
        if admitted is None or row.acl_id in admitted:
            mark = marks.of(uri, now_us, ranking)
            quality = quality_of(row, config, mark=mark, now_us=now_us)
            found[uri] = Scored(row, quality, mark.kinds if mark is not None else ())
    return found
