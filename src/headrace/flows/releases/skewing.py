"""`release skew`: what served without green evidence, what drifted since, which requests are not alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.flows.asof import time_us
from headrace.flows.releases.differing import changes
from headrace.flows.releases.finding import environments, standing
from headrace.flows.releases.fitting import differing, pending
from headrace.flows.releases.shaping import Shaper
from headrace.ledger import history, refs, release_evidence, snapshots
from headrace.records.call import EVALUATION
from headrace.records.releases import (
    CorpusDrift,
    ReleaseChange,
    RequestDifference,
    RequestGroup,
    ServedRelease,
    SkewReport,
)
from headrace.records.times import rfc3339, rfc3339_exact
from headrace.ship.requests import Difference, Group, RequestShape, Spread, differences, grew, grouped

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.releases.parts import ReleaseParts
    from headrace.records.call import SpanEvent
    from headrace.ship.releases import Release

SERVING = "serving"
_KINDS = ("ask", "call", "search")
_EXAMPLES = 3
_TIMES = 2.0
"""A corpus or a context that is so many times what it was is another one."""


class _Read(NamedTuple):
    served: Sequence[SpanEvent]
    """Calls, answers and searches of their own."""
    evaluated: Sequence[SpanEvent]
    """The same, made to evaluate a release."""
    models: Sequence[SpanEvent]
    """Calls to models inside answers."""
    truncated: bool


def skew(parts: ReleaseParts, *, since: str = "7d", limit: int = 10_000) -> SkewReport:
    """Look through the newest calls of a time, at most `limit` of each kind. Raises UsageError."""
    since_us = time_us(since)
    read = _read(parts, since_ns=since_us * 1000, limit=limit)
    with parts.ledger.read() as conn:
        current = parts.releases.current(conn)
        served = list(_served(parts, conn, read.served))
        groups = _groups(parts, conn, read, limit=limit)
        drift = [] if current is None else list(drift_of(parts, conn, current))
        word = standing(conn, current.digest, parts.suites)[0] if current else "missing"
        configuration = differing(parts, current) if current else []
        decided = current is not None and parts.releases.is_decided(conn)
    requests = list(_compared(groups))
    ungated = sum(item.calls for item in served if item.standing != "green")
    return SkewReport(
        environment=parts.releases.environment,
        release=None if current is None else current.digest,
        standing=word,
        since=rfc3339(since_us),
        calls=len(read.served),
        ungated=ungated,
        truncated=read.truncated,
        served=served,
        configuration=configuration,
        pending=pending(parts, current) if current is not None and decided else (),
        drift=drift,
        groups=[_shown(group) for group in groups],
        requests=requests,
        skewed=bool(ungated or configuration or requests or any(item.drifted for item in drift)),
    )


def _read(parts: ReleaseParts, *, since_ns: int, limit: int) -> _Read:
    events = parts.events()
    served: list[SpanEvent] = []
    evaluated: list[SpanEvent] = []
    truncated = False
    for kind in _KINDS:
        spans = events.recent(kind=kind, limit=limit)
        truncated = truncated or (len(spans) == limit and spans[-1].end_ns >= since_ns)
        for span in spans:
            inside = kind == "search" and span.parent_span_id is not None
            if span.end_ns < since_ns or inside:
                continue
            (evaluated if span.service == EVALUATION else served).append(span)
    chats = (span for span in events.recent(kind="chat", limit=limit) if span.end_ns >= since_ns)
    return _Read(served, evaluated, list(chats), truncated)


def _served(parts: ReleaseParts, conn: Connection, spans: Sequence[SpanEvent]) -> Iterator[ServedRelease]:
    by_release: defaultdict[str, list[SpanEvent]] = defaultdict(list)
    for span in spans:
        by_release[span.release or ""].append(span)
    made = release_evidence.made(conn, list(by_release))
    green = _last_green(parts, conn)
    for release, found in sorted(by_release.items(), key=lambda item: -len(item[1])):
        loaded = parts.releases.load(conn, release) if release else None
        word = standing(conn, release, parts.suites)[0] if release else "missing"
        known = green is not None and loaded is not None and word != "green"
        otherwise = changes(conn, green, loaded) if known and green and loaded else ()
        times = [span.end_ns // 1000 for span in found]
        yield ServedRelease(
            release=release,
            calls=len(found),
            implicit=release not in made,
            standing=word,
            first_at=rfc3339_exact(min(times)),
            last_at=rfc3339_exact(max(times)),
            examples=[span.trace_id for span in found[:_EXAMPLES]],
            otherwise=[change.component for change in otherwise if _is_known(change)],
        )


def _is_known(change: ReleaseChange) -> bool:
    """What one of two releases does not pin at all may be the same."""
    named = change.component.startswith(("generation ", "prompt "))
    return named or (change.before is not None and change.after is not None)


def _last_green(parts: ReleaseParts, conn: Connection) -> Release | None:
    """The release that passed every declared suite last."""
    found: list[tuple[int, str]] = []
    for release in release_evidence.judged(conn):
        word, newest = standing(conn, release, parts.suites)
        if word == "green":
            found.append((max(row.at_us for row in newest.values()), release))
    return parts.releases.load(conn, max(found)[1]) if found else None


def drift_of(parts: ReleaseParts, conn: Connection, release: Release) -> Iterator[CorpusDrift]:
    """Same bundle, newer documents: how many, since what was evaluated was published."""
    every = release_evidence.of(conn, release.digest)
    passed = {row.suite: row for row in every if row.verdict == "pass"}
    last = list((passed or {row.suite: row for row in every}).values())
    if not last:
        return
    oldest = min(last, key=lambda row: row.at_us)
    evaluated: Mapping[str, Mapping[str, Any]] = oldest.detail.get("corpora", {})
    for corpus, then in evaluated.items():
        now = snapshots.current(conn, then["generation"])
        if now is None:
            continue
        changed = history.changed_since(conn, corpus, then["generation"], then["published_at_us"])
        held = max(then["documents"], now.documents, 1)
        share = min(1.0, changed / held)
        sizes = [max(count, 1) for count in (then["documents"], now.documents)]
        yield CorpusDrift(
            corpus=corpus,
            evaluated_at=rfc3339_exact(then["published_at_us"]),
            documents_then=then["documents"],
            documents_now=now.documents,
            changed=changed,
            share=round(share, 4),
            drifted=share > parts.data_drift or max(sizes) >= _TIMES * min(sizes),
        )


def _groups(parts: ReleaseParts, conn: Connection, read: _Read, *, limit: int) -> list[Group]:
    """Requests by their origin: what served, what evaluated, what other sources give, environments apart."""
    shaper = Shaper(conn)
    served, evaluated = _shapes(shaper, read.served, read), _shapes(shaper, read.evaluated, read)
    sources = parts.sources()
    others = {name: list(source.shapes(limit)) for name, source in sources.items()}
    others["eval"] = [shape for _, shape in evaluated] + others.get("eval", [])
    found = [grouped(SERVING, (shape for _, shape in served))]
    found += [grouped(name, shapes) for name, shapes in others.items() if shapes]
    return found + list(_by_environment(parts, conn, served))


def _shapes(shaper: Shaper, spans: Sequence[SpanEvent], read: _Read) -> list[tuple[str | None, RequestShape]]:
    """Shapes with the release that each was served by."""
    chats: defaultdict[str, list[SpanEvent]] = defaultdict(list)
    for span in read.models:
        chats[span.trace_id].append(span)
    found: list[tuple[str | None, RequestShape]] = []
    for span in spans:
        if span.kind == "call":
            found.append((span.release, shaper.shape(span)))
        elif span.kind == "ask":
            documents = shaper.documents(span)
            asked = (shaper.shape(chat) for chat in chats[span.trace_id])
            found += [(span.release, _with_documents(shape, documents)) for shape in asked]
        else:
            found.append(
                (span.release, RequestShape(example=span.trace_id, corpus_documents=shaper.documents(span)))
            )
    return found


def _with_documents(shape: RequestShape, documents: int | None) -> RequestShape:
    return replace(shape, corpus_documents=documents)


def _by_environment(
    parts: ReleaseParts, conn: Connection, served: Iterable[tuple[str | None, RequestShape]]
) -> Iterator[Group]:
    """Requests of each environment, where there are several; a release that served in two counts in both."""
    names = environments(conn)
    if len(names) < 2:
        return
    pairs = list(served)
    for name in names:
        digests = {row.artifact for row in refs.history(conn, parts.releases.of(name).ref)}
        group = grouped(name, (shape for release, shape in pairs if release in digests))
        if group.count:
            yield group


def _compared(groups: Sequence[Group]) -> Iterator[RequestDifference]:
    """What served beside each other origin, and environments beside each other."""
    serving = groups[0]
    known = [group for group in groups[1:] if group.name in ("eval", "training")]
    other = [group for group in groups[1:] if group not in known]
    pairs = [(group, serving) for group in known] + [
        (first, second) for number, first in enumerate(other) for second in other[number + 1 :]
    ]
    for first, second in pairs:
        for found in differences(first, second):
            yield RequestDifference(
                first=first.name,
                second=second.name,
                component=found.component,
                share_first=found.share_first,
                share_second=found.share_second,
                only_first=[_value(item) for item in found.only_first],
                only_second=[_value(item) for item in found.only_second],
                said=_said(first.name, second.name, found),
            )
        yield from _sizes(first, second)


def _sizes(first: Group, second: Group) -> Iterator[RequestDifference]:
    measured = (
        ("context_tokens", first.context, second.context, "tokens of context"),
        ("corpus_documents", first.documents, second.documents, "documents searched"),
    )
    for component, then, now, words in measured:
        if then is None or now is None or not grew(then, now, times=_TIMES):
            continue
        said = f"{words}: p50 {then.p50:,.0f} and p95 {then.p95:,.0f} in {first.name}, "
        said += f"{now.p50:,.0f} and {now.p95:,.0f} in {second.name}"
        yield RequestDifference(
            first=first.name,
            second=second.name,
            component=component,
            share_first=None,
            share_second=None,
            only_first=(),
            only_second=(),
            said=said,
        )


def _said(first: str, second: str, found: Difference) -> str:
    sides = ((second, first, found.share_second), (first, second, found.share_first))
    words = found.component.replace("_", " ")
    words = words if words.endswith("s") or words == "sampling" else f"a {words}"
    return "; ".join(
        f"{share:.0%} of {own} have {words} that {other} never had" for own, other, share in sides if share
    )


def _value(item: tuple[str, int, Sequence[str]]) -> dict[str, Any]:
    value, count, examples = item
    return {"value": value, "count": count, "examples": list(examples)}


def _shown(group: Group) -> RequestGroup:
    return RequestGroup(
        origin=group.name,
        requests=group.count,
        context_tokens=_percentiles(group.context),
        corpus_documents=_percentiles(group.documents),
    )


def _percentiles(spread: Spread | None) -> dict[str, float]:
    return {} if spread is None else {"p50": spread.p50, "p95": spread.p95, "largest": spread.largest}
