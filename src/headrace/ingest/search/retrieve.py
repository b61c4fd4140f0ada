"""Retrieve: full text and vectors side by side, fused, filtered inside the query, checked on the way out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from headrace.errors import ConfigError, ProviderError, StorageError, UsageError
from headrace.infer.embedders.base import Embedder
from headrace.infer.models.rerank import Reranker
from headrace.ingest.index.schema import quoted
from headrace.ingest.quality.config import QualityConfig
from headrace.ingest.search.candidates import (
    by_vector,
    by_words,
    documents_of,
    outside_index,
    read_rows,
    similarities,
    vectors_of,
)
from headrace.ingest.search.demotion import absent_successors, demoted
from headrace.ingest.search.filters import Filter, plan_filter
from headrace.ingest.search.fusion import fuse
from headrace.ingest.search.hits import hit_of
from headrace.ingest.search.opened import Opened
from headrace.ingest.search.prior import Prior
from headrace.ingest.search.snapshot import Served, Snapshots
from headrace.ingest.search.standing import Judge
from headrace.ingest.search.typed import late, undeclared
from headrace.ingest.validity.marks import Mark
from headrace.ingest.validity.ranking import RankingConfig
from headrace.ledger.generations import Generation
from headrace.records.metadata import NOTHING_DECLARED, MetadataSchema
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
_SUCCESSORS = 16
"""How many documents that hold instead of others are looked for beyond the candidates."""
_NO_QUALITY = QualityConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query with its limits."""

    text: str
    k: int = 10
    filter: str | None = None
    access: tuple[str, ...] = ()
    corpus: str
    as_of_us: int | None = None
    """Search as of this time, UTC microseconds; None for now."""


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
    schema: Callable[[str], MetadataSchema] = lambda _: NOTHING_DECLARED
    """The declared metadata of a corpus."""
    reranker: Reranker | None = None
    rankings: Mapping[str, RankingConfig] = field(default_factory=dict)
    """Corpus to what its documents lose when they no longer hold."""
    qualities: Mapping[str, QualityConfig] = field(default_factory=dict)
    """Corpus to how far quality counts in it."""

    def __call__(self, query: Query) -> Retrieval:
        """Find the best chunks. Raises FilterError, UsageError.

        An embedder that is down, has changed or is another one costs the vectors, with a warning, not the
        search.
        """
        if not query.text.strip():
            raise UsageError("The query is empty.", hint="Say what to look for.")
        if not 1 <= query.k <= MAX_K:
            raise UsageError(f"k is {query.k}; it must be from 1 to {MAX_K}.")
        schema = self.schema(query.corpus)
        planned = plan_filter(query.filter, schema) if query.filter else None
        for attempt in range(_ATTEMPTS):
            found = self._attempt(query, planned, last=attempt == _ATTEMPTS - 1)
            if found is not None:
                return self._warned(found, planned, schema)
        raise StorageError("The index changed faster than it could be read.", hint="Try again.")

    def _warned(self, found: Retrieval, planned: Filter | None, schema: MetadataSchema) -> Retrieval:
        """The result with what its filter could not know."""
        served = found.served
        if planned is None or served is None:
            return found
        missed = late(planned.fields, schema, lambda: self.snapshots.lacking(served, schema))
        return replace(found, warnings=(*found.warnings, *undeclared(planned.fields, schema), *missed))

    def _attempt(self, query: Query, planned: Filter | None, *, last: bool) -> Retrieval | None:
        served = self.snapshots.current(query.corpus, query.access)
        if served is None:
            return Retrieval(hits=(), served=None, warnings=("nothing has been synced yet",))
        clock = _Clock()
        try:
            read = self._open(served, query, planned)
            clock.lap("open")
            return self._retrieve(read, query, clock, last=last)
        except StorageError:
            if last:
                raise
            return None  # the version was cleaned up between the two reads: look at the pointer again

    def _open(self, served: Served, query: Query, planned: Filter | None) -> _Read:
        predicate = planned.predicate if planned is not None else None
        past = None if query.as_of_us is None else self.snapshots.past(served, query.as_of_us)
        served, opened = past or (served, self.snapshots.open(served))
        return _Read(
            opened=opened,
            served=served,
            where=_where(served, opened.acl_ids, predicate),
            prior=Prior(self.qualities.get(query.corpus, _NO_QUALITY)),
            judge=Judge.of(
                served.marks,
                self.rankings.get(query.corpus, RankingConfig()),
                query=query.text,
                as_of_us=query.as_of_us,
                past=past is not None,
            ),
        )

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
            hits=self._with_aliases(read, query, hits),
            served=read.served,
            warnings=tuple(
                text
                for text in (warning, *noted, _words_missing(read.opened, hits), read.judge.warning)
                if text
            ),
            timings_ms=clock.laps,
            dropped=dropped,
        )

    def _ranked(self, read: _Read, query: Query, depth: int, clock: _Clock) -> tuple[Ranked, bool, str]:
        """Candidates, best first, whether a list was cut at the depth, and a warning or an empty text."""
        words = self.pool.submit(by_words, read.opened, query.text, where=read.where, limit=depth)
        vector, warning = self._embed(read.served, query.text)
        clock.lap("embed")
        near = [] if vector is None else _near(read, vector, depth)
        clock.lap("vector")
        lexical = words.result()
        clock.lap("full_text")
        full = max(len(lexical), len(near)) >= depth
        ranked, documents = self._fused(read, vector, lexical, near, depth)
        if documents:
            ranked = self._standing(read, query, vector, (lexical, near, documents, ranked), depth)
        clock.lap("fuse")
        return ranked, full, warning

    def _fused(
        self,
        read: _Read,
        vector: NDArray[np.float32] | None,
        lexical: dict[int, float],
        near: list[int],
        depth: int,
    ) -> tuple[Ranked, dict[int, str]]:
        """Candidates in fused order; the document of each too, where that matters to their rank."""
        rows = list(dict.fromkeys([*lexical, *near]))
        asked = bool(rows) and (read.judge.judges or read.prior.weighs)
        naming = self.pool.submit(documents_of, read.opened, rows) if asked else None
        semantic: dict[int, float] = {}
        if vector is not None:
            semantic = similarities(vector, rows, vectors_of(read.opened, rows))
            best = nlargest(depth, near, key=lambda row: (semantic[row], -row))
            semantic = {row: semantic[row] for row in {*lexical, *best}}
        return fuse(lexical, semantic), naming.result() if naming is not None else {}

    def _standing(
        self,
        read: _Read,
        query: Query,
        vector: NDArray[np.float32] | None,
        found: tuple[dict[int, float], list[int], dict[int, str], Ranked],
        depth: int,
    ) -> Ranked:
        """Weigh by quality, and demote what no longer holds; what holds instead is looked for, too."""
        lexical, near, documents, ranked = found
        marks = self._marks(read, documents)
        ranked = read.prior.weighed(self.snapshots, read.served, ranked, documents)
        absent = absent_successors(ranked, documents, marks)[:_SUCCESSORS]
        if absent:
            only = _within(read, absent)
            lexical = lexical | by_words(only.opened, query.text, where=only.where, limit=query.k)
            near = near + ([] if vector is None else _near(only, vector, query.k))
            ranked, documents = self._fused(read, vector, lexical, near, depth + query.k * len(absent))
            ranked = read.prior.weighed(self.snapshots, read.served, ranked, documents)
            marks = self._marks(read, documents)
        return demoted(ranked, documents, marks, read.judge.factor)

    def _marks(self, read: _Read, documents: Mapping[int, str]) -> dict[str, Mark]:
        uris = set(documents.values())
        later = self.snapshots.later(read.served, uris, read.judge.later_than_us)
        return read.judge.marks(uris, later=later)

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
            uris = read.judge.with_successors({row["document"] for row, _ in wave})
            newest, states, admitted = self.snapshots.states(read.served, uris, query.access)
            for row, score in wave:
                state = states.get(row["document"])
                mark = read.judge.mark(row["document"], state)
                if state is None or (state.revision != row["revision"] and not read.judge.past):
                    if newest != read.served.snapshot.seq and not last:
                        return None
                    reason = "superseded"
                elif state.state != "live":
                    reason = state.state
                elif state.acl_id not in admitted:
                    reason = "access"
                elif read.judge.hides(mark):
                    reason = "expired"
                else:
                    hit = hit_of(row, state, rank=len(hits) + 1, score=score)
                    hit = read.prior.shown(hit, state, mark, now_us=read.judge.now_us)
                    hits.append(read.judge.marked(hit, mark, states, admitted))
                    if len(hits) == query.k:
                        return tuple(hits), dropped
                    continue
                dropped[reason] = dropped.get(reason, 0) + 1
        return tuple(hits), dropped

    def _with_aliases(self, read: _Read, query: Query, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """The hits with the near duplicates that they stand for; those of the past are not known."""
        if read.judge.past:
            return hits
        aliases = self.snapshots.aliases(read.served, {hit.document for hit in hits}, query.access)
        if not aliases:
            return hits
        return tuple(replace(hit, aliases=tuple(aliases.get(hit.document, ()))) for hit in hits)

    def _waves(self, read: _Read, query: Query, ranked: Ranked, noted: list[str]) -> Iterator[list[Scored]]:
        """Rows with scores, best first, a few at a time: most searches need only the first wave."""
        start = 0
        if self.reranker is not None and ranked:
            end = _end_of_ties(ranked, max(_RERANKED, 2 * query.k))
            rows = _rows(read.opened, ranked[:end])
            try:
                rows = self._reranked(self.reranker, read, query, rows)
            except ProviderError as error:
                noted.append(f"not reranked: {error.message}")
            yield rows
            start = end
        while start < len(ranked):
            end = _end_of_ties(ranked, start + query.k)
            yield _rows(read.opened, ranked[start:end])
            start = end

    def _reranked(self, reranker: Reranker, read: _Read, query: Query, rows: list[Scored]) -> list[Scored]:
        scores = reranker(query.text, [row["text"] for row, _ in rows])
        ranked = _in_order([(row, score) for (row, _), score in zip(rows, scores, strict=True)])
        if not (read.judge.judges or read.prior.weighs):
            return ranked
        documents = {place: row["document"] for place, (row, _) in enumerate(ranked)}
        places: Ranked = [(place, score) for place, (_, score) in enumerate(ranked)]
        places = read.prior.weighed(self.snapshots, read.served, places, documents)
        marks = self._marks(read, documents)
        return [
            (ranked[place][0], score) for place, score in demoted(places, documents, marks, read.judge.factor)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What one attempt reads from."""

    opened: Opened
    served: Served
    where: str | None
    judge: Judge
    prior: Prior


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
    if served.only is not None:
        access = f"document IN ({', '.join(map(quoted, served.only))})" if served.only else "false"
        return f"{access} AND ({predicate})" if predicate else access
    if present <= served.rows:
        return predicate  # the caller may see rows of every kind in this version
    ids = ", ".join(str(value) for value in sorted(present & served.rows)) or "-1"
    access = f"acl_id IN ({ids})"
    return f"{access} AND ({predicate})" if predicate else access


def _within(read: _Read, documents: Sequence[str]) -> _Read:
    """The same read, of these documents only."""
    names = ", ".join(quoted(uri) for uri in documents)
    only = f"document IN ({names})"
    return replace(read, where=f"({read.where}) AND {only}" if read.where else only)


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


def _in_order(rows: list[Scored]) -> list[Scored]:
    # Row ids change when the index is merged; chunk ids do not, so equal scores keep their order.
    return sorted(rows, key=lambda pair: (-pair[1], pair[0]["chunk_id"]))


def _end_of_ties(ranked: Ranked, end: int) -> int:
    while 0 < end < len(ranked) and ranked[end][1] == ranked[end - 1][1]:
        end += 1
    return min(end, len(ranked))
