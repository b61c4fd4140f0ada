"""Which traces a run looks at: the new ones, and those of which something became known since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.curate.curation.parts import CurationParts
from headrace.ledger import curation
from headrace.ledger.curation import LookedRow
from headrace.observe.signals.collect import join_pending
from headrace.observe.signals.shown import ANSWERING
from headrace.records.times import DAY_US

_MARGIN_US = 600_000_000
"""Signals are stamped before they are committed: so much is read twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The traces of a run."""

    now_us: int
    since_us: int
    """Traces that ended from then on are looked at."""
    ends: Mapping[str, int]
    """Every trace of the window to when it ended, UTC microseconds."""
    kinds: Mapping[str, str]
    """Trace to the kind of its outermost span."""
    looked: Mapping[str, LookedRow]
    """Those that were looked at before."""
    traces: Sequence[str]
    """Those to look at, oldest first; then older ones with late news."""
    again: bool
    """Whether all of them are looked at, news or not."""

    def stratum(self, trace: str) -> str:
        """Kind of call and day: cheap to know of every trace, so that a sample can be drawn from all."""
        return f"{self.kinds[trace]}/{self.ends[trace] // DAY_US}"


def frame_of(parts: CurationParts, *, again: bool, now_us: int) -> Frame:
    """The traces of the window that are new or have news, and older ones whose signals came late."""
    join_pending(parts.signals)
    since_us = max(0, now_us - parts.window_us)
    kinds: dict[str, str] = {}
    ends: dict[str, int] = {}
    for kind in reversed(ANSWERING):  # the outermost last: an `ask` holds the chat that wrote it
        for trace, end_ns in parts.events.answered((kind,), since_ns=since_us * 1000):
            kinds[trace] = kind
            ends[trace] = max(end_ns // 1000, ends.get(trace, 0))
    with parts.ledger.read() as conn:
        last = curation.last_run(conn)
        late_since = since_us if last is None else last.signals_until_us - _MARGIN_US
        stirred = curation.stirred(conn, since_us=late_since)
        looked = curation.looked(conn, sorted({*ends, *stirred}))
    wanted = [
        trace
        for trace in ends
        if again or trace in stirred or trace not in looked or looked[trace].ended_at_us != ends[trace]
    ]
    ordered = sorted(wanted, key=lambda trace: (ends[trace], trace))
    older = sorted(stirred - set(ends))
    return Frame(
        now_us=now_us,
        since_us=since_us,
        ends=ends,
        kinds=kinds,
        looked=looked,
        traces=[*ordered, *older],
        again=again,
    )
