"""What the questions of a session say of its answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.observe.signals.inference import infer_signals, likeness
from headrace.observe.signals.shown import Shown

SECOND = 1_000_000_000
HOUR = 3600 * SECOND


def asked(name: str, question: str, at: float, *, cited: bool = True) -> Shown:
    return Shown(
        trace_id=name,
        started_ns=int(at * SECOND),
        ended_ns=int((at + 1) * SECOND),
        question=question,
        answer="35 days." if cited else "Nothing relevant was found in the documents.",
        citations=("chunk_a",) if cited else (),
        session="s",
        failed=False,
    )


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("How long are backups kept?", "how long are backups kept", "retry"),
        ("How long are backups kept?", "How long are bakcups kept?", "retry"),
        ("How long are backups kept?", "For how many days are backups kept?", "rephrase"),
        ("backups retention policy", "what is the retention of backups", "rephrase"),
        ("How long are backups kept?", "Who is on call tonight?", "follow_up"),
        ("How long are backups kept?", "And where?", "follow_up"),
    ],
)
def test_the_next_question_decides(first: str, second: str, kind: str) -> None:
    session = [asked("a", first, 0), asked("b", second, 60)]
    found = infer_signals(session, seen={}, now_ns=2 * SECOND * 60)
    assert [(item.trace_id, item.kind, item.value) for item in found] == [("a", kind, "b")]


def test_a_refused_answer_that_nobody_did_anything_with_was_abandoned() -> None:
    refused, fine = asked("a", "Where is it?", 0, cited=False), asked("b", "Who is it?", 0)
    assert infer_signals([refused], seen={}, now_ns=60 * SECOND) == []
    (found,) = infer_signals([refused], seen={}, now_ns=HOUR)
    assert (found.trace_id, found.kind, found.value) == ("a", "abandonment", None)
    assert infer_signals([refused], seen={"a": {"copy"}}, now_ns=HOUR) == []
    assert infer_signals([fine], seen={}, now_ns=HOUR) == []
    late = asked("c", "Where is it?", 3000)
    assert [item.kind for item in infer_signals([refused, late], seen={}, now_ns=HOUR)] == ["abandonment"]


@given(
    st.permutations(range(6)),
    st.lists(st.tuples(st.integers(0, 4000), st.booleans()), min_size=6, max_size=6),
)
def test_the_order_of_arrival_does_not_matter(order: list[int], times: list[tuple[int, bool]]) -> None:
    session = [asked(f"t{n}", f"question {n % 2}", at, cited=cited) for n, (at, cited) in enumerate(times)]
    straight = infer_signals(session, seen={}, now_ns=HOUR)
    assert infer_signals([session[n] for n in order], seen={}, now_ns=HOUR) == straight
    assert len({item.trace_id for item in straight}) == len(straight), "one verdict for a trace at most"


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_a_share(first: str, second: str) -> None:
    assert 0 <= likeness(first, second) <= 1
    assert likeness(first, first) == 1
