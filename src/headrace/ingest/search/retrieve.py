"""Retrieve: full text and vectors side by side, fused, filtered inside the query, checked on the way out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from headrace.errors import ConfigError, ProviderError, StorageError, UsageError
from headrace.infer.embedders.base import Embedder
from headrace.infer.models.rerank import Reranker
from headrace.ingest.search.candidates import (
    by_vector,
    by_words,
    outside_index,
    read_rows,
    similarities,
    vectors_of,
)
from headrace.ingest.search.filters import compile_filter
from headrace.ingest.search.fusion import fuse
from headrace.ingest.search.opened import Opened
from headrace.ingest.search.snapshot import Served, Snapshots
from headrace.ledger.documents import DocumentState
from headrace.ledger.generations import Generation
from headrace.records.search import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Ranked = Sequence[tuple[int, float]]
"""Row ids with their scores, best first."""
Scored = tuple[dict[str, Any], float]
"""A row and its score."""

CANDIDATES = 64
"""Candidates of each list before fusion; more when more hits are asked for."""
MAX_K = 1000
_ATTEMPTS = 4
_DEEPER = 8
"""How many times more candidates to look at when the ledger check leaves too few hits."""
_DEEPEST = 20_000
_RERANKED = 50


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
        """Find the best chunks. Raises FilterError, UsageError.

        An embedder that is down, has changed or is another one costs the vectors, with a warning, not the
        search.
        """
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
        clock = _Clock()
        try:
            opened = self.snapshots.open(served)
            read = _Read(opened=opened, served=served, where=_where(served, opened.acl_ids, predicate))
            clock.lap("open")
            return self._retrieve(read, query, clock, last=last)
        except StorageError:
            if last:
                raise
            return None  # the version was cleaned up between the two reads: look at the pointer again

    def _retrieve(self, read: _Read, query: Query, clock: _Clock, *, last: bool) -> Retrieval | None:
        depth = max(CANDIDATES, 3 * query.k)
        while True:
            ranked, full, warning = self._ranked(read, query, depth, clock)
            noted: list[str] = []
            checked = self._check(read, query, ranked, noted, last=last)
            clock.lap("check")
            if checked is None:
                return None
            hits, dropped = checked
            if len(hits) >= query.k or not dropped or not full or depth >= _DEEPEST:
                break
            depth *= _DEEPER
        return Retrieval(
            hits=hits,
            served=read.served,
            warnings=tuple(text for text in (warning, *noted, _words_missing(read.opened, hits)) if text),
            timings_ms=clock.laps,
            dropped=dropped,
        )

    def _ranked(self, read: _Read, query: Query, depth: int, clock: _Clock) -> tuple[Ranked, bool, str]:
        """Candidates in fused order, whether a list was cut at the depth, and a warning or an empty text."""
        words = self.pool.submit(by_words, read.opened, query.text, where=read.where, limit=depth)
        vector, warning = self._embed(read.served, query.text)
        clock.lap("embed")
        near = [] if vector is None else _near(read, vector, depth)
        clock.lap("vector")
        lexical = words.result()
        clock.lap("full_text")
        semantic: dict[int, float] = {}
        if vector is not None:
            rows = list(dict.fromkeys([*lexical, *near]))
            semantic = similarities(vector, rows, vectors_of(read.opened, rows))
            best = nlargest(depth, near, key=lambda row: (semantic[row], -row))
            semantic = {row: semantic[row] for row in {*lexical, *best}}
        ranked = fuse(lexical, semantic)
        clock.lap("fuse")
        full = max(len(lexical), len(near)) >= depth
        return ranked, full, warning

    def _embed(self, served: Served, text: str) -> tuple[NDArray[np.float32] | None, str]:
        """The vector of a query, or None and why there is none: never one of another space."""
        if served.blocked:
            return None, f"full text only: {served.blocked}"
        try:
            embedder = self.embedder(served.generation)
            if embedder.fingerprint != served.generation.fingerprint:
                return None, f"full text only: {_other_embedder(served.generation, embedder)}"
            return embedder.embed_query(text), ""
        except (ProviderError, ConfigError) as error:
            return None, f"full text only: the query could not be embedded ({error.message})"

    def _check(
        self, read: _Read, query: Query, ranked: Ranked, noted: list[str], *, last: bool
    ) -> tuple[tuple[Hit, ...], dict[str, int]] | None:
        """Hold hits against the ledger as it is now; None asks for another try on a newer snapshot.

        Warnings are added to `noted`.
        """
        dropped: dict[str, int] = {}
        hits: list[Hit] = []
        for wave in self._waves(read, query, ranked, noted):
            uris = {row["document"] for row, _ in wave}
            newest, states, admitted = self.snapshots.states(read.served, uris, query.access)
            for row, score in wave:
                state = states.get(row["document"])
                if state is None or state.revision != row["revision"]:
                    if newest != read.served.snapshot.seq and not last:
                        return None
                    reason = "superseded"
                elif state.state != "live":
                    reason = state.state
                elif state.acl_id not in admitted:
                    reason = "access"
                else:
                    hits.append(_hit(row, state, rank=len(hits) + 1, score=score))
                    if len(hits) == query.k:
                        return tuple(hits), dropped
                    continue
                dropped[reason] = dropped.get(reason, 0) + 1
        return tuple(hits), dropped

    def _waves(self, read: _Read, query: Query, ranked: Ranked, noted: list[str]) -> Iterator[list[Scored]]:
        """Rows with scores, best first, a few at a time: most searches need only the first wave."""
        start = 0
        if self.reranker is not None and ranked:
            end = _end_of_ties(ranked, max(_RERANKED, 2 * query.k))
            rows = _rows(read.opened, ranked[:end])
            try:
                rows = _reranked(self.reranker, query.text, rows)
            except ProviderError as error:
                noted.append(f"not reranked: {error.message}")
            yield rows
            start = end
        while start < len(ranked):
            end = _end_of_ties(ranked, start + query.k)
            yield _rows(read.opened, ranked[start:end])
            start = end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What one attempt reads from."""

    opened: Opened
    served: Served
    where: str | None


class _Clock:
    """Milliseconds between steps."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(self.laps.get(name, 0.0) + (now - self._last) * 1000, 3)
        self._last = now


def _other_embedder(generation: Generation, embedder: Embedder) -> str:
    return (
        f"generation {generation.id!r} was built by embedder {generation.fingerprint!r}, the query would be "
        f"embedded by {embedder.fingerprint!r}; `headrace sync` builds a generation for it"
    )


def _where(served: Served, present: frozenset[int], predicate: str | None) -> str | None:
    if present <= served.admitted:
        return predicate  # the caller may see every row of this version
    ids = ", ".join(str(value) for value in sorted(present & served.admitted)) or "-1"
    access = f"acl_id IN ({ids})"
    return f"{access} AND ({predicate})" if predicate else access


def _words(read: _Read, text: str, limit: int) -> tuple[dict[int, float], NDArray[np.float32]]:
    """Rows by words with their vectors, which are read here while the query is being embedded."""
    scores = by_words(read.opened, text, where=read.where, limit=limit)
    return scores, vectors_of(read.opened, list(scores))


def _near(read: _Read, vector: NDArray[np.float32], limit: int) -> list[int]:
    rows = by_vector(read.opened, vector, where=read.where, limit=limit)
    outside = outside_index(read.opened, vector, where=read.where, limit=limit)
    return list(dict.fromkeys([*rows, *outside]))


def _words_missing(opened: Opened, hits: Sequence[Hit]) -> str:
    if opened.words_indexed or not hits:
        return ""
    return "vectors only: words are indexed at the end of the first sync"


def _rows(opened: Opened, ranked: Ranked) -> list[Scored]:
    rows = read_rows(opened, [row for row, _ in ranked])
    return _in_order([(row, score) for row, (_, score) in zip(rows, ranked, strict=True)])


def _reranked(reranker: Reranker, query: str, rows: list[Scored]) -> list[Scored]:
    scores = reranker(query, [row["text"] for row, _ in rows])
    return _in_order([(row, score) for (row, _), score in zip(rows, scores, strict=True)])


def _in_order(rows: list[Scored]) -> list[Scored]:
    # Row ids change when the index is merged; chunk ids do not, so equal scores keep their order.
    return sorted(rows, key=lambda pair: (-pair[1], pair[0]["chunk_id"]))


def _end_of_ties(ranked: Ranked, end: int) -> int:
    while 0 < end < len(ranked) and ranked[end][1] == ranked[end - 1][1]:
        end += 1
    return min(end, len(ranked))


def _hit(row: Mapping[str, Any], state: DocumentState, *, rank: int, score: float) -> Hit:
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
        metadata=state.metadata,
    )
