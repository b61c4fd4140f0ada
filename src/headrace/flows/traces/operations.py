"""`workspace.traces`: the operations on traces, one call each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.errors import UsageError

if TYPE_CHECKING:
    import os

    from headrace.flows.traces.filters import TraceFilter
    from headrace.flows.traces.parts import TraceParts
    from headrace.records.traces import (
        ArchiveReport,
        HoldList,
        ReplayReport,
        TraceExport,
        TraceHold,
        TraceLine,
        TraceList,
        TracePurpose,
        TraceReport,
        TraceSelection,
        TraceStats,
    )

MOST_TRACES = 1000
"""On a page."""
_OF_A_PAGE = ("bad", "at_least", "questions")
_LATE_NS = 10_000_000_000
"""Spans that are written together may end so long before one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOperations:
    """What can be done with traces, hot and cold alike. Conditions are those of `TraceFilter`."""

    parts: TraceParts

    def list(
        self,
        *,
        bad: bool = False,
        at_least: float = 0.5,
        limit: int = 50,
        after: str | None = None,
        access: Sequence[str] | None = None,
        questions: bool = False,
        **conditions: Any,
    ) -> TraceList:
        """Traces with a span that meets the conditions, newest first; `after` is `next` of the page before.

        With `bad` those whose P(bad) is `at_least` so much, with what says so. With `questions` what was
        asked, where `access` opens every document of the trace. Raises UsageError.
        """
        from headrace.flows.traces.listing import list_bad, list_traces

        _between("limit", limit, 1, MOST_TRACES)
        asked = filter_of(conditions)
        if bad:
            return list_bad(self.parts, asked, limit=limit, after=after, access=access, at_least=at_least)
        return list_traces(self.parts, asked, limit=limit, after=after, access=access, questions=questions)

    def search(
        self,
        text: str,
        *,
        limit: int = 50,
        after: str | None = None,
        access: Sequence[str] | None = None,
        **conditions: Any,
    ) -> TraceList:
        """Traces in whose spans a text stands, newest first. Raises UsageError."""
        if not text.strip():
            raise UsageError("There is nothing to search for.")
        return self.list(
            limit=limit, after=after, access=access, questions=True, **{**conditions, "text": text}
        )

    def readable(
        self, *, access: Sequence[str], limit: int = 50, after: str | None = None, **conditions: Any
    ) -> TraceList:
        """As `list`, but only of traces whose documents these labels all open, as a text needs it.

        Raises UsageError.
        """
        from headrace.flows.traces.listing import list_readable

        _between("limit", limit, 1, MOST_TRACES)
        given = {name: value for name, value in conditions.items() if name not in _OF_A_PAGE}
        return list_readable(self.parts, filter_of(given), limit=limit, after=after, access=access)

    def show(self, trace: str, *, whole: bool = False, access: Sequence[str] | None = None) -> TraceReport:
        """A trace as a tree: timings, tokens, cost, chunks, attempts, signals.

        Of a large trace the outer, failed and slowest spans, unless `whole`. With `access` its texts only
        where these labels open every document of it. Raises NotFoundError, UsageError.
        """
        from headrace.flows.traces.reading import show

        return show(self.parts, trace, whole=whole, access=access)

    def readable_or_refuse(self, trace: str, *, access: Sequence[str]) -> None:
        """Raise NotFoundError for a trace with a document that these labels do not open."""
        from headrace.errors import NotFoundError

        if self.show(trace, access=access).closed:
            raise NotFoundError("trace", trace, hint="A document of it may not be read with these labels.")

    def tail(self, *, seconds: float = 1.0, **conditions: Any) -> Iterator[TraceLine]:
        """Traces as they end, oldest first, looked for every so many seconds, until the caller stops."""
        from dataclasses import replace

        from headrace.observe.traces.listing import lines, newest

        query = filter_of(conditions).query(self.parts)
        since, seen = time.time_ns(), dict[str, int]()
        while True:
            found = list(newest(self.parts.events, replace(query, since_ns=since - _LATE_NS)))
            fresh = [span for span in found if span.end_ns >= since and span.trace_id not in seen]
            late = [span for span in found if span.end_ns < since and span.trace_id not in seen]
            for span in (*late, *fresh) if seen else fresh:
                seen[span.trace_id] = span.end_ns
            if fresh:
                yield from reversed(lines(self.parts.events, fresh))
                since = max(since, fresh[0].end_ns)
            seen = {trace: end for trace, end in seen.items() if end >= since - 2 * _LATE_NS}
            time.sleep(seconds)

    def stats(self, **conditions: Any) -> TraceStats:
        """How many spans and traces are kept, where, and what they cost. Raises UsageError."""
        from headrace.flows.traces.stats import stats

        return stats(self.parts, filter_of(conditions))

    def export(
        self,
        out: str | os.PathLike[str],
        *,
        purpose: TracePurpose | None = None,
        limit: int | None = None,
        **conditions: Any,
    ) -> TraceExport:
        """Write whole traces to a .jsonl or .parquet file; with a purpose those that may serve it.

        Raises UsageError.
        """
        from headrace.flows.traces.exporting import export

        return export(self.parts, Path(out), filter_of(conditions), purpose=purpose, limit=limit)

    def select(
        self, purpose: TracePurpose, *, limit: int = 1000, after: str | None = None, **conditions: Any
    ) -> TraceSelection:
        """The newest traces whose users permit a purpose, as of now; opt-outs count at once.

        Raises UsageError.
        """
        from headrace.flows.traces.selecting import select

        _between("limit", limit, 1, 100_000)
        return select(self.parts, purpose, filter_of(conditions), limit=limit, after=after)

    def may_serve(self, purpose: TracePurpose, traces: Sequence[str]) -> set[str]:
        """Those of these traces that are there and whose users permit a purpose."""
        from headrace.flows.traces.selecting import may_serve

        return may_serve(self.parts, purpose, traces)

    def replay(
        self,
        traces: Sequence[str] = (),
        *,
        prompt: str | None = None,
        model: str | None = None,
        generation: str | None = None,
        at_release: str | None = None,
        access: Sequence[str] | None = None,
        limit: int = 20,
        **conditions: Any,
    ) -> ReplayReport:
        """Ask again what these traces asked, or the newest that meet the conditions, and compare.

        `prompt` is `NAME`, or `NAME@` with a label, a digest or `working-tree`: questions are answered with
        it, and calls are made of it with the variables of then; without it calls are sent as they were.
        Questions and searches read `generation`, such as `docs/2`, or what serves. `at_release` takes index,
        prompts and models as a release pins them. With `access` labels of then count only where they are
        among these. Nothing is recorded, no cache is filled, no tool is run. Raises NotFoundError,
        UsageError.
        """
        from headrace.flows.traces.parts import ReplayWith
        from headrace.flows.traces.reading import checked
        from headrace.flows.traces.replaying import replay

        _between("limit", limit, 1, MOST_TRACES)
        chosen = [checked(trace) for trace in traces]
        if not chosen:
            chosen = [line.trace_id for line in self.list(limit=limit, **conditions).traces]
        tried = ReplayWith(
            prompt=prompt, model=model, generation=generation, release=at_release, access=access
        )
        return replay(self.parts.replayer(tried), chosen)

    def archive(self, *, now_ns: int | None = None) -> ArchiveReport:
        """Do what `[traces.keep]` says: move old spans to files, end those kept for long enough.

        Raises LeaseHeld while somebody else does it, StorageError.
        """
        from headrace.observe.traces.keeping import archive

        parts = self.parts
        return archive(parts.events, parts.keep, prompt_names=parts.prompt_names, now_ns=now_ns)

    def hold(
        self,
        *,
        trace: str | None = None,
        user: str | None = None,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        reason: str = "",
    ) -> TraceHold:
        """Hold traces of a trace id, a user or a time, or of all that are named: they stay where they are.

        Raises UsageError.
        """
        from headrace.flows.traces.holding import add_hold

        return add_hold(self.parts, trace=trace, user=user, since=since, until=until, reason=reason)

    def holds(self, *, released: bool = False) -> HoldList:
        """What is held, newest first."""
        from headrace.flows.traces.holding import list_holds

        return list_holds(self.parts, released=released)

    def release(self, hold: str) -> TraceHold:
        """Release a hold; the row stays as a record. Raises NotFoundError."""
        from headrace.flows.traces.holding import release_hold

        return release_hold(self.parts, hold)


def filter_of(conditions: dict[str, Any]) -> TraceFilter:
    """The filter of these conditions. Raises UsageError for a name that is none."""
    from dataclasses import fields

    from headrace.flows.traces.filters import TraceFilter

    names = [item.name for item in fields(TraceFilter)]
    for name in conditions:
        if name not in names:
            raise UsageError(f"No condition {name!r}. Allowed: {', '.join(names)}.")
    return TraceFilter(**conditions)


def _between(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(f"`{name}` is {value}; allowed is {least} to {most:,}.")
