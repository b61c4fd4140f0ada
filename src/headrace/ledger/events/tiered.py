"""One store over two: spans that are written to, and spans in cold files; each is read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from headrace.ledger import leases
from headrace.ledger.events.base import Merge, SpanLink, by_role
from headrace.ledger.events.cold.catalog import ColdFile
from headrace.ledger.events.cold.files import Row, read_rows
from headrace.ledger.events.cold.moving import rewrite_file, sweep
from headrace.ledger.events.cold.reading import ColdSpans, Hidden
from headrace.ledger.events.encoding import day_of, decode_span, encode_span
from headrace.ledger.events.erasing import Redaction, Touched, concerns
from headrace.ledger.events.finding import Place, SpanQuery
from headrace.records.call import EVALUATION, SpanEvent

if TYPE_CHECKING:
    from headrace.ledger.events.hot import HotStore

T = TypeVar("T")
LEASE = "traces/files"
"""Held by whoever writes or deletes cold files."""
_WAIT_SECONDS = 600.0
_TRIES = 10


class TieredEvents:
    """Appends to the hot store and reads both.

    The hot store is always read first, since spans only ever go from there into files; and where both have a
    span, as while it is moved, the one of the hot store counts.
    """

    def __init__(self, hot: HotStore, cold: ColdSpans) -> None:
        self.hot = hot
        self.cold = cold

    @property
    def safe_url(self) -> str:
        """Where the hot store lies, without credentials."""
        return self.hot.safe_url

    def append(self, spans: Sequence[SpanEvent], *, merge: Merge | None = None) -> Future[None]:
        """Write spans; content for one that lies in a file is merged with it there."""
        if merge is not None and self.cold.named():
            spans = [self._with_cold(span, merge) for span in spans]
        return self.hot.append(spans, merge=merge)

    def trace(self, trace_id: str) -> list[SpanEvent]:
        """Every span of a trace in the order of their start."""
        found = {(span.span_id, span.end_ns): span for span in self.hot.trace(trace_id)}
        for span in self.cold.trace(trace_id):
            found.setdefault((span.span_id, span.end_ns), span)
        return sorted(found.values(), key=lambda span: (span.start_ns, span.end_ns, span.span_id))

    def by_ref(self, ref: str, *, role: str | None = None, limit: int = 50) -> list[SpanLink]:
        """Spans that retrieved or cited a chunk or document, newest first."""
        found = {tuple(link): link for link in self.hot.by_ref(ref, role=role, limit=limit)}
        for link in self.cold.links(ref, role=role, limit=limit, hidden={}):
            found.setdefault(tuple(link), link)
        return sorted(found.values(), key=lambda link: (-link.end_ns, link.span_id))[:limit]

    def met(self, refs: Sequence[str], *, since_ns: int) -> dict[str, tuple[int, int]]:
        """How often each chunk or document was retrieved and cited since a time."""

        def work(hidden: Hidden) -> dict[str, tuple[int, int]]:
            hot = self.hot.met(refs, since_ns=since_ns)
            counts = Counter({(ref, "retrieved"): pair[0] for ref, pair in hot.items()})
            counts.update({(ref, "cited"): pair[1] for ref, pair in hot.items()})
            counts.update(self.cold.met(refs, since_ns=since_ns, hidden=hidden))
            return by_role(counts)

        return self._steady(work, since_ns)

    def recent(self, *, kind: str | None = None, limit: int = 50) -> list[SpanEvent]:
        """The spans that ended last, newest first."""
        found = self.hot.recent(kind=kind, limit=limit)
        newest = max((file.last_end_ns for file in self.cold.named()), default=-1)
        if newest < 0 or (len(found) >= limit and found[-1].end_ns > newest):
            return found
        known = {(span.trace_id, span.span_id) for span in found}
        query = SpanQuery(kinds=None if kind is None else [kind])
        places = self.cold.find(query, place=None, limit=limit)
        missing = [span for span in places if (span.trace_id, span.span_id) not in known]
        newest_first = sorted([*found, *missing], key=lambda span: (-span.end_ns, span.span_id))[:limit]
        wanted = {(span.trace_id, span.span_id) for span in newest_first} - known
        if wanted:
            since = min(span.end_ns for span in missing)
            whole = self.cold.spans(since_ns=since, traces={trace for trace, _ in wanted})
            found += [span for span in whole if (span.trace_id, span.span_id) in wanted]
        return sorted(found, key=lambda span: (-span.end_ns, span.span_id))[:limit]

    def find(self, query: SpanQuery, *, place: Place | None = None, limit: int = 50) -> list[SpanEvent]:
        """Spans that meet a query, newest first, after a place; without attributes and references."""
        hot = self.hot.find(query, place=place, limit=limit)
        files = self.cold.named()
        if not files or (len(hot) >= limit and hot[-1].end_ns > max(file.last_end_ns for file in files)):
            return hot
        found = {(span.trace_id, span.span_id, span.end_ns): span for span in hot}
        for span in self.cold.find(query, place=place, limit=limit):
            found.setdefault((span.trace_id, span.span_id, span.end_ns), span)
        ordered = sorted(found.values(), key=lambda span: (-span.end_ns, span.trace_id, span.span_id))
        return ordered[:limit]

    def count(self, since_ns: int) -> int:
        """How many spans ended at or after a time."""

        def work(hidden: Hidden) -> int:
            hot = self.hot.count(since_ns)
            whole = [file for file in self.cold.named() if _counts_whole(file, since_ns, hidden)]
            if len(whole) == sum(file.last_end_ns >= since_ns for file in self.cold.named()):
                return hot + sum(file.spans for file in whole)
            return hot + len(self.cold.columns((), since_ns=since_ns, hidden=hidden))

        return self._steady(work, since_ns)

    def by_prompt(self, kinds: Sequence[str], *, since_ns: int) -> dict[str | None, int]:
        """How many spans of these kinds ended since a time, by the digest of their prompt."""

        def work(hidden: Hidden) -> dict[str | None, int]:
            found = Counter(self.hot.by_prompt(kinds, since_ns=since_ns))
            rows = self.cold.columns(("kind", "prompt"), since_ns=since_ns, hidden=hidden)
            found.update(prompt for kind, prompt in rows if kind in kinds)
            return dict(found)

        return self._steady(work, since_ns)

    def answered(
        self, kinds: Sequence[str], *, since_ns: int, until_ns: int | None = None
    ) -> list[tuple[str, int]]:
        """Traffic: traces with a span of these kinds, each with the end of the last if it is within a time.

        Spans that evals made are none.
        """
        found = dict(self.hot.answered(kinds, since_ns=since_ns))
        named = ("kind", "trace_id", "end_ns", "service")
        for kind, trace_id, end_ns, service in self.cold.columns(named, since_ns=max(since_ns, 0), hidden={}):
            if kind in kinds and service != EVALUATION:
                found[trace_id] = max(end_ns, found.get(trace_id, 0))
        return sorted(item for item in found.items() if until_ns is None or item[1] < until_ns)

    def all(self) -> Iterator[SpanEvent]:
        """Every span, in no particular order; one that is moved in this moment may come twice."""
        moved = {file.day for file in self.cold.named()}
        seen: set[tuple[str, str]] = set()
        for span in self.hot.all():
            if day_of(span.end_ns) in moved:
                seen.add((span.trace_id, span.span_id))
            yield span
        for span in self.cold.spans():
            if (span.trace_id, span.span_id) not in seen:
                yield span

    def touching(self, redaction: Redaction) -> int:
        """How many spans tell of the documents or users that a redaction takes out."""
        traces = self._touched(redaction)
        total = self.hot.touching(redaction, also=traces)
        for file in self.cold.named("live", "archived"):
            rows = read_rows(self.cold.files, file)
            total += sum(tuple(_redacted(row, redaction, traces)) != row for row in rows)
        return total

    def erase(self, redaction: Redaction) -> int:
        """Redact those spans for good, in rows, logs and files; returns how many there were."""
        with leases.held(self.cold.ledger, LEASE, wait_seconds=_WAIT_SECONDS):
            traces = self._touched(redaction)
            total = self.hot.erase(redaction, also=traces)
            for file in self.cold.named("live", "archived"):
                total += rewrite_file(self.cold, file, lambda row: _redacted(row, redaction, traces))
            sweep(self.cold)
        return total

    def close(self) -> None:
        """Finish what is queued and close."""
        self.hot.close()

    def _touched(self, redaction: Redaction) -> Touched:
        found = self.hot.touched(redaction)
        refs, subjects = set(redaction.refs), set(redaction.scope.subjects)
        files = self.cold.named("live", "archived")
        if not files or not (refs or subjects):
            return found
        documents, users = set(found.documents), set(found.subjects)
        for file in files:
            for span in map(decode_span, read_rows(self.cold.files, file)):
                if span.subject in subjects:
                    users.add(span.trace_id)
                if any(ref.ref in refs for ref in span.refs):
                    documents.add(span.trace_id)
        return Touched(documents, users)

    def _with_cold(self, span: SpanEvent, merge: Merge) -> SpanEvent:
        for kept in self.cold.trace(span.trace_id):
            if (kept.span_id, kept.end_ns) == (span.span_id, span.end_ns):
                return merge(kept, span)
        return span

    def _steady(self, work: Callable[[Hidden], T], since_ns: int) -> T:
        """Count in both while nothing is moved from one to the other."""
        for _ in range(_TRIES):
            before = self._state(since_ns)
            result = work(before[1])
            if self._state(since_ns) == before:
                break
        return result

    def _state(self, since_ns: int) -> tuple[list[str], Hidden]:
        files = [file for file in self.cold.named() if file.last_end_ns >= since_ns]
        return [file.path for file in files], self.hot.keys({file.day for file in files})


def _counts_whole(file: ColdFile, since_ns: int, hidden: Hidden) -> bool:
    return file.first_end_ns >= since_ns and file.day not in hidden


def _redacted(row: Row, redaction: Redaction, traces: Touched) -> Row:
    span = decode_span(row)
    return encode_span(redaction(span, traces)).row if concerns(span, redaction, traces) else row
