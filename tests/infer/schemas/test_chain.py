"""The chain of migrations: every version reads, pure functions only, and what two versions share survives."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import MigrationFailed, VersionRefused
from headrace.infer.schemas.chain import Chain, Step

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = "abcdef"


def step(lower: int, upgrade: Callable[[Any], Any], downgrade: Any = None, upper: int | None = None) -> Step:
    return Step(lower=lower, upper=upper or lower + 1, upgrade=upgrade, downgrade=downgrade, where="here")


@st.composite
def chains(draw: st.DrawFn) -> tuple[Chain, list[set[str]]]:
    """A chain whose versions add, drop and rename fields of an object, with the fields of each version."""
    fields = [set(draw(st.sets(st.sampled_from(FIELDS), min_size=1)))]
    steps = []
    for lower in range(1, draw(st.integers(1, 5)) + 1):
        before = fields[-1]
        after = set(draw(st.sets(st.sampled_from(FIELDS), min_size=1)))
        fields.append(after)
        steps.append(step(lower, _to(after), _to(before)))

    def check(version: int, value: Any) -> list[str]:
        return [] if set(value) == fields[version - 1] else [f"{set(value)} are not {fields[version - 1]}"]

    return Chain("made", newest=len(fields), steps=steps, check=check), fields


def _to(fields: set[str]) -> Callable[[Any], Any]:
    return lambda value: {name: value.get(name) for name in sorted(fields)}


@settings(max_examples=40)
@given(chains(), st.data())
def test_every_version_reads_in_every_other(made: tuple[Chain, list[set[str]]], data: st.DataObject) -> None:
    chain, fields = made
    source = data.draw(st.integers(1, len(fields)))
    target = data.draw(st.integers(1, len(fields)))
    value = {name: data.draw(JSON) for name in sorted(fields[source - 1])}
    given_value = copy.deepcopy(value)
    told = chain.translate(value, source=source, target=target)
    assert value == given_value
    assert set(told) == fields[target - 1]
    between = fields[min(source, target) - 1 : max(source, target)]
    for name in set.intersection(*between):
        assert repr(told[name]) == repr(value[name]), "what all versions know was changed"
    assert [taken.lower for taken in chain.path(source, target)] == (
        list(range(source, target)) if source <= target else list(range(source - 1, target - 1, -1))
    )


@settings(max_examples=40)
@given(chains(), st.data())
def test_up_and_down_again_keeps_what_both_know(
    made: tuple[Chain, list[set[str]]], data: st.DataObject
) -> None:
    chain, fields = made
    value = {name: data.draw(JSON) for name in sorted(fields[0])}
    newest = chain.translate(value, source=1)
    back = chain.translate(newest, source=chain.newest, target=1)
    for name in set.intersection(*fields):
        assert repr(back[name]) == repr(value[name])


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from("ab"), st.sampled_from([None, "", 0, False, 0.0, [], {}])))
def test_null_missing_and_empty_stay_three_things(value: dict[str, Any]) -> None:
    chain = Chain("x", newest=2, steps=[step(1, lambda given: given)])
    assert repr(chain.translate(value, source=1)) == repr(value)


def _mutates(value: Any) -> Any:
    value["more"] = 1
    return value


def _raises(value: Any) -> Any:
    raise KeyError("gone")


def _tells(value: Any) -> Any:
    raise ValueError(f"invalid: {value}")


_COUNT = itertools.count()


@pytest.mark.parametrize(
    ("upgrade", "said"),
    [
        (_mutates, "changed the value it was given"),
        (lambda value: next(_COUNT), "two different results"),
        (_raises, "raised KeyError on line"),
        (lambda value: {1, 2}, "gave what is no JSON"),
        (lambda value: float("nan"), "gave what is no JSON"),
        (lambda value: "bad", "version 2 does not allow: it: no"),
    ],
)
def test_a_migration_that_is_wrong_is_said_and_nothing_comes_of_it(upgrade: Any, said: str) -> None:
    chain = Chain(
        "x",
        newest=2,
        steps=[step(1, upgrade)],
        check=lambda _version, value: ["it: no"] if value == "bad" else [],
    )
    with pytest.raises(MigrationFailed, match=said):
        chain.translate({"a": 1}, source=1)


def test_what_a_migration_raises_does_not_show_values() -> None:
    chain = Chain("x", newest=2, steps=[step(1, _tells)])
    with pytest.raises(MigrationFailed, match="ValueError on line") as raised:
        chain.translate({"name": "Marlowe"}, source=1)
    assert "Marlowe" not in str(raised.value.to_wire())


def test_versions_that_cannot_be_reached() -> None:
    chain = Chain("x", newest=3, steps=[step(1, lambda value: value), step(2, lambda value: value, upper=4)])
    with pytest.raises(VersionRefused, match="has version 5 here, and the newest that is known is 4"):
        chain.translate({}, source=5)
    with pytest.raises(MigrationFailed, match="no migration of 'x' from version 2 towards 3"):
        chain.translate({}, source=1, target=3)
    with pytest.raises(MigrationFailed, match="no way back from version 2 to 1"):
        chain.translate({}, source=2, target=1)
    assert chain.translate({"a": None}, source=2, target=2) == {"a": None}


def test_a_chain_that_is_written_differently_has_another_fingerprint() -> None:
    def made(source: str) -> str:
        one = Step(lower=1, upper=2, upgrade=_raises, downgrade=None, where="", source=source)
        return Chain("x", newest=2, steps=[one]).fingerprint

    assert made("a") == made("a") != made("b")
