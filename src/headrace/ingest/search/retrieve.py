"""Retrieve: full text and vectors side by side, fused, filtered inside the query, checked on the way out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from headrace.errors import ProviderError, StorageError, UsageError, VectorMismatch
from headrace.infer.embedders.base import Embedder
from headrace.infer.models.rerank import Reranker
from headrace.ingest.index.schema import READ_COLUMNS, quoted
from headrace.ingest.search.filters import compile_filter
from headrace.ingest.search.fusion import fuse
from headrace.ingest.search.snapshot import Served, Snapshots
from headrace.ledger.generations import Generation
from headrace.records.search import Hit

CANDIDATES = 100
"""Candidates of each list before fusion; more when more hits are asked for."""
MAX_K = 1000
_ATTEMPTS = 4
_NPROBES = 24
_REFINE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query with its limits."""

    text: str
    k: int = 10
    filter: str | None = None
    access: tuple[str, ...] = ()
    corpus: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Hits with what was read to find them."""

    hits: tuple[Hit, ...]
    served: Served | None
    warnings: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Hits that the ledger check took out, by reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retriever:
    """Answers queries from the snapshots that serve."""

    snapshots: Snapshots
    embedder: Callable[[Generation], Embedder]
    """The embedder that built a generation. Raises VectorMismatch where it is not to be had."""
    pool: ThreadPoolExecutor
    reranker: Reranker | None = None

    def __call__(self, query: Query) -> Retrieval:
        """Find the best chunks. Raises FilterError, UsageError; an embedder that is down costs the vectors, with
        a warning, not the search."""
        if not query.text.strip():
            raise UsageError("The query is empty.", hint="Say what to look for.")
        if not 1 <= query.k <= MAX_K:
            raise UsageError(f"k is {query.k}; it must be from 1 to {MAX_K}.")
        predicate = compile_filter(query.filter) if query.filter else None
        for attempt in range(_ATTEMPTS):
            found = self._attempt(query, predicate, last=attempt == _ATTEMPTS - 1)
            if found is not None:
                return found
        raise StorageError("The index changed faster than it could be read.", hint="Try again.")

    def _attempt(self, query: Query, predicate: str | None, *, last: bool) -> Retrieval | None:
        served = self.snapshots.current(query.corpus, query.access)
        if served is None:
            return Retrieval(hits=(), served=None, warnings=("nothing has been synced yet",))
        try:
            return self._read(served, query, predicate, last=last)
        except StorageError:
            if last:
                raise
            return None  # the version was cleaned up between the two reads: look at the pointer again

    def _read(self, served: Served, query: Query, predicate: str | None, *, last: bool) -> Retrieval | None:
        clock = _Clock()
        dataset = self.snapshots.dataset(served)
        clock.lap("open")
        candidates = max(CANDIDATES, 5 * query.k)
        where = _where(served, predicate)
        lexical = self.pool.submit(_full_text, dataset, query.text, where, candidates)
        semantic, warning = self._semantic(served, dataset, query.text, where, candidates)
        clock.lap("vector")
        ranked = fuse(lexical.result(), semantic)[: max(4 * query.k, 50)]
        clock.lap("full_text")
        rows = _rows(dataset, ranked)
        ranked = self._reranked(query, ranked, rows)
        clock.lap("rows")
        checked = self._check(served, query, ranked, rows, last=last)
        clock.lap("check")
        if checked is None:
            return None
        hits, dropped = checked
        return Retrieval(
            hits=hits,
            served=served,
            warnings=(warning,) if warning else (),
            timings_ms=clock.laps,
            dropped=dropped,
        )

    def _semantic(
        self, served: Served, dataset: Any, text: str, where: str, limit: int
    ) -> tuple[dict[str, float], str]:
        embedder = self.embedder(served.generation)
        if embedder.fingerprint != served.generation.fingerprint:
            raise VectorMismatch(
                f"Generation {served.generation.id!r} was built by embedder {served.generation.fingerprint!r}, "
                f"the query would be embedded by {embedder.fingerprint!r}.",
                hint="Run `headrace sync`: it builds a generation for the configured embedder.",
            )
        try:
            vector = embedder.embed_query(text)
        except ProviderError as error:
            return {}, f"full text only: the query could not be embedded ({error.message})"
        return _nearest(dataset, vector, where, limit), ""

    def _reranked(
        self, query: Query, ranked: list[tuple[str, float]], rows: Mapping[str, Mapping[str, Any]]
    ) -> list[tuple[str, float]]:
        if self.reranker is None or not ranked:
            return ranked
        known = [(key, score) for key, score in ranked if key in rows]
        scores = self.reranker(query.text, [rows[key]["text"] for key, _ in known])
        pairs = [(key, score) for (key, _), score in zip(known, scores, strict=True)]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def _check(
        self,
        served: Served,
        query: Query,
        ranked: list[tuple[str, float]],
        rows: Mapping[str, Mapping[str, Any]],
        *,
        last: bool,
    ) -> tuple[tuple[Hit, ...], dict[str, int]] | None:
        """Hold every hit against the ledger as it is now; None asks for another try on a newer snapshot."""
        uris = {row["document"] for row in rows.values()}
        newest, states, admitted = self.snapshots.states(served, uris, query.access)
        dropped: dict[str, int] = {}
        hits: list[Hit] = []
        for key, score in ranked:
            row = rows.get(key)
            if row is None:
                continue
            state = states.get(row["document"])
            if state is None or state.revision != row["revision"]:
                if newest != served.snapshot.seq and not last:
                    return None
                reason = "superseded"
            elif state.state != "live":
                reason = state.state
            elif state.acl_id not in admitted:
                reason = "access"
            else:
                hits.append(_hit(row, len(hits) + 1, score))
                if len(hits) == query.k:
                    break
                continue
            dropped[reason] = dropped.get(reason, 0) + 1
        return tuple(hits), dropped


class _Clock:
    """Milliseconds between steps."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 3)
        self._last = now


def _where(served: Served, predicate: str | None) -> str:
    ids = ", ".join(str(value) for value in sorted(served.admitted)) or "-1"
    access = f"acl_id IN ({ids})"
    return f"{access} AND ({predicate})" if predicate else access


def _full_text(dataset: Any, text: str, where: str, limit: int) -> dict[str, float]:
    if not any("text" in index.field_names for index in dataset.describe_indices()):
        return {}
    found = dataset.scanner(
        columns=["chunk_id", "_score"],
        full_text_query={"query": text, "columns": ["text"]},
        filter=where,
        prefilter=True,
        limit=limit,
    ).to_table()
    return dict(zip(found["chunk_id"].to_pylist(), found["_score"].to_pylist(), strict=True))


def _nearest(dataset: Any, vector: Any, where: str, limit: int) -> dict[str, float]:
    nearest: dict[str, Any] = {"column": "vector", "q": vector, "k": limit, "metric": "cosine"}
    if any("vector" in index.field_names for index in dataset.describe_indices()):
        nearest |= {"nprobes": _NPROBES, "refine_factor": _REFINE}
    found = dataset.scanner(
        columns=["chunk_id", "_distance"], nearest=nearest, filter=where, prefilter=True
    ).to_table()
    distances = found["_distance"].to_pylist()
    return {
        key: 1.0 - distance for key, distance in zip(found["chunk_id"].to_pylist(), distances, strict=True)
    }


def _rows(dataset: Any, ranked: list[tuple[str, float]]) -> dict[str, dict[str, Any]]:
    if not ranked:
        return {}
    listed = ", ".join(quoted(key) for key, _ in ranked)
    table = dataset.scanner(columns=list(READ_COLUMNS), filter=f"chunk_id IN ({listed})").to_table()
    return {row["chunk_id"]: row for row in table.to_pylist()}


def _hit(row: Mapping[str, Any], rank: int, score: float) -> Hit:
    return Hit(
        rank=rank,
        score=round(float(score), 6),
        chunk_id=row["chunk_id"],
        document=row["document"],
        revision=row["revision"],
        text=row["text"],
        span=(row["start"], row["end"]),
        page=row["page"],
        headings=tuple(row["headings"] or ()),
        metadata=json.loads(row["metadata"] or "{}"),
    )
