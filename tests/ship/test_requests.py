"""Requests are compared by what the other side never had, and by their sizes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ship.requests import COMPONENTS, RequestShape, differences, grew, grouped, spread

SHAPES = st.lists(
    st.builds(
        RequestShape,
        example=st.text("abc", min_size=1, max_size=3),
        system=st.sampled_from(["s1", "s2", None]),
        tools=st.sampled_from(["t1", "none"]),
        sampling=st.sampled_from(["{}", None]),
        context_tokens=st.one_of(st.none(), st.integers(1, 60_000)),
    ),
    max_size=12,
)


@settings(max_examples=25)
@given(first=SHAPES, second=SHAPES)
def test_a_difference_is_a_value_that_one_side_never_had(
    first: list[RequestShape], second: list[RequestShape]
) -> None:
    one, other = grouped("one", first), grouped("other", second)
    assert differences(one, one) == []
    there, back = differences(one, other), differences(other, one)
    assert [(item.component, item.share_first) for item in there] == [
        (item.component, item.share_second) for item in back
    ]
    for found in there:
        had = {getattr(shape, found.component) for shape in second}
        missed = [shape for shape in first if getattr(shape, found.component) not in {*had, None}]
        known = [shape for shape in first if getattr(shape, found.component) is not None]
        assert found.share_first == round(len(missed) / len(known), 4)
        assert sum(count for _, count, _ in found.only_first) == len(missed)
    different = {item.component for item in there}
    assert different <= set(COMPONENTS)


def test_a_context_of_4k_that_became_50k_and_a_corpus_that_grew_are_named() -> None:
    assert grew(spread([4_000] * 20), spread([4_000] * 15 + [50_000] * 5), times=2.0), "its p95 grew"
    assert grew(spread([1_000]), spread([100_000]), times=2.0)
    assert grew(spread([100_000]), spread([1_000]), times=2.0)
    assert not grew(spread([4_000] * 20), spread([5_000] * 20), times=2.0)
    assert not grew(None, spread([1]), times=2.0)
    sizes = spread([5, 1, 4, 2, 3])
    assert sizes is not None
    assert (sizes.number, sizes.p50, sizes.p95, sizes.largest) == (5, 3, 5, 5)
