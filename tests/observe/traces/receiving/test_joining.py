"""Whatever arrives of a span, in whatever order and however often, it is the same span in the end."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.ledger.events.base import EventStore
from headrace.ledger.events.opening import open_events
from headrace.observe.traces.receiving.joining import join, merge
from headrace.observe.traces.receiving.normalising import span_of
from headrace.records.call import SpanEvent, SpanRef
from tests.observe.traces.receiving.sent import TRACE

DAY_NS = 86_400_000_000_000
NOON = 20_000 * DAY_NS + DAY_NS // 2
SPAN = "00f067aa0ba902b7"

_VALUES = st.sampled_from(["a", "bb", "ab", 1, True, 1.0, 0, None, [1], [True], {"a": 1}, ""])
_ATTRIBUTES = st.dictionaries(st.sampled_from(["x", "y", "gen_ai.request.model"]), _VALUES, max_size=3)
_SPANS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "long"]),
        "start": st.sampled_from([NOON, NOON - 5]),
        "end": st.sampled_from([NOON + 1, NOON + DAY_NS]),
        "attributes": _ATTRIBUTES,
    },
    optional={
        "status": st.sampled_from([[0, ""], [1, ""], [2, "broken"], [2, "x"]]),
        "parent": st.just("1" * 16),
        "events": st.lists(st.sampled_from([{"name": "e", "time": 2}, {"name": "f", "time": 1}]), max_size=2),
    },
)
_LOGS = st.builds(
    lambda time, text: {"time": NOON + time, "event": "gen_ai.user.message", "body": {"content": text}},
    st.integers(0, 3),
    st.sampled_from(["Hello?", "Why?"]),
)
_PIECES = st.one_of(
    _SPANS.map(lambda body: {"v": 1, "span": body, "privacy": {"mode": "off"}}),
    _LOGS.map(lambda log: {"v": 1, "logs": [log], "privacy": {"mode": "off"}}),
)


@given(st.lists(_PIECES, min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_order_and_repetition_do_not_matter(pieces: Sequence[Any], random: Any) -> None:
    again = [*pieces, *random.sample(pieces, random.randint(0, len(pieces)))]
    random.shuffle(again)
    one, other = _joined(pieces), _joined(again)
    assert repr(_sorted(one)) == repr(_sorted(other))
    assert span_of(TRACE, SPAN, one) == span_of(TRACE, SPAN, other)


@given(st.lists(_PIECES, min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=6)
@example(  # a log record first, then its span, which ends on the next day
    [
        {
            "v": 1,
            "logs": [{"time": NOON, "event": "gen_ai.choice", "body": "Yes."}],
            "privacy": {"mode": "off"},
        },
        {
            "v": 1,
            "span": {"name": "a", "start": NOON, "end": NOON + DAY_NS, "attributes": {}},
            "privacy": {"mode": "off"},
        },
    ],
    __import__("random").Random(1),
)
def test_the_store_holds_one_row_of_it(pieces: Sequence[Any], random: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _same_in_store(open_events(f"sqlite:///{Path(folder) / 'events'}"), pieces, random)


def test_so_it_is_in_both_stores(events: EventStore) -> None:
    import random

    span = {"name": "a", "start": NOON, "end": NOON + DAY_NS, "attributes": {"x": "a"}}
    pieces = [
        {
            "v": 1,
            "logs": [{"time": NOON, "event": "gen_ai.choice", "body": "Yes."}],
            "privacy": {"mode": "off"},
        },
        {"v": 1, "span": span, "privacy": {"mode": "off"}},
        {"v": 1, "span": {**span, "attributes": {"y": "b"}, "end": NOON + 7}, "privacy": {"mode": "off"}},
    ]
    _same_in_store(events, pieces, random.Random(3))


def test_a_span_of_this_workspace_and_an_erased_one_stay() -> None:
    own = SpanEvent(trace_id=TRACE, span_id=SPAN, name="a", kind="call", start_ns=1, end_ns=2)
    sent = span_of(TRACE, SPAN, {"v": 1, "span": {"name": "b", "start": 1, "end": 2}})
    erased = SpanEvent(
        trace_id=TRACE,
        span_id=SPAN,
        name="a",
        kind="call",
        start_ns=1,
        end_ns=2,
        attributes={"otlp": "[erased]"},
    )
    assert merge(own, sent) is own
    assert merge(erased, sent) is erased


def test_links_follow_what_a_span_retrieved(events: EventStore) -> None:
    documents = [{"id": "chunk_" + "a" * 26}]
    body = {"name": "a", "start": NOON, "end": NOON + 1, "attributes": {"gen_ai.operation.name": "retrieval"}}
    more = {**body, "attributes": {**body["attributes"], "gen_ai.retrieval.documents": documents}}  # type: ignore[dict-item]
    for sent in (body, more):
        events.append([span_of(TRACE, SPAN, {"v": 1, "span": sent})], merge=merge).result()
    (span,) = events.trace(TRACE)
    assert span.refs == (SpanRef(role="retrieved", ref="chunk_" + "a" * 26),)
    assert [link.span_id for link in events.by_ref("chunk_" + "a" * 26)] == [SPAN]


def _same_in_store(store: EventStore, pieces: Sequence[Any], random: Any) -> None:
    again = [*pieces, *pieces]
    random.shuffle(again)
    cut = random.randint(0, len(again))
    for part in (again[:cut], again[cut:]):
        store.append([span_of(TRACE, SPAN, piece) for piece in part], merge=merge).result()
    (kept,) = store.all()
    assert kept == span_of(TRACE, SPAN, _joined(pieces))
    store.close()


def _joined(pieces: Sequence[Any]) -> Any:
    made = pieces[0]
    for piece in pieces[1:]:
        made = join(made, piece)
    return made


def _sorted(value: Any) -> Any:
    """With keys in order, so that `repr` compares values with their types."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
