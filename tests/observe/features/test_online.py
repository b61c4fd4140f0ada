"""Every online store keeps the same promises."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.errors import StorageError
from headrace.observe.features.online.base import OnlineRow, OnlineStore, entity_id, entity_keys
from headrace.observe.features.online.opening import open_online

REDIS = "redis://127.0.0.1:6379/0"


@pytest.fixture(params=["sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OnlineStore]:
    url = f"sqlite:///{tmp_path / 'online.sqlite'}" if request.param == "sqlite" else REDIS
    opened = open_online(url, workspace=f"test-{secrets.token_hex(8)}")
    try:
        opened.find(["nobody"])
    except StorageError:
        pytest.skip("needs a Redis server on loopback")
    yield opened
    for view in ("account", "other"):
        opened.write(view, [])
    opened.close()


def _row(entity: str, event: int, known: int, body: bytes = b"\xa0", subject: str = "s") -> OnlineRow:
    return OnlineRow(entity, subject, event, known, body)


_STEPS = st.lists(
    st.lists(
        st.builds(
            _row,
            st.sampled_from("ab"),
            st.integers(-(2**40), 2**40) | st.integers(0, 2),
            st.integers(0, 2),
            st.sampled_from([b"\xa0", b"\x00\xff"]),
        ),
        max_size=3,
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_a_row_never_gives_way_to_an_older_one(store: OnlineStore, steps: list[list[OnlineRow]]) -> None:
    store.write("account", [])
    expected: dict[str, OnlineRow] = {}
    for batch in steps:
        store.write("account", [[row] for row in batch])
        for row in batch:
            before = expected.get(row.entity)
            if before is None or (row.event_us, row.known_us) >= (before.event_us, before.known_us):
                expected[row.entity] = row
        expected = {row.entity: expected[row.entity] for row in batch}
        assert {entity: store.read("account", entity) for entity in "ab"} == {
            entity: expected.get(entity) for entity in "ab"
        }
        assert store.entities("account") == set(expected)


def test_only_changes_are_counted_and_what_is_gone_goes(store: OnlineStore) -> None:
    first = [_row("a", 1, 1), _row("b", 1, 1)]
    assert store.write("account", [first]) == (2, 0)
    assert store.write("account", [first]) == (0, 0)
    assert store.write("account", [[_row("a", 2, 2)]]) == (1, 1)
    assert store.write("account", [[_row("a", 1, 1)]]) == (0, 0)
    assert store.write("account", [[_row("a", 1, 1)]], replace=True) == (1, 0)
    assert store.read("account", "a") == _row("a", 1, 1)
    assert store.read("account", "b") is None
    assert store.read("other", "a") is None


def test_rows_of_a_subject_are_found_and_erased_in_every_view(store: OnlineStore) -> None:
    store.write("account", [[_row("a", 1, 1, subject="a"), _row("b", 1, 1, subject="b")]])
    store.write("other", [[_row('["a","1"]', 1, 1, subject="a"), _row('["a","2"]', 1, 1, subject="a")]])
    assert store.find(["a"]) == 3
    assert store.erase(["a"]) == 3
    store.clean()
    assert store.find(["a"]) == 0
    assert store.entities("account") == {"b"}


def test_keys_are_one_text_and_back() -> None:
    assert [entity_keys(entity_id([key]), 1) for key in ("u7", 7, '["x"]')] == [["u7"], ["7"], ['["x"]']]
    assert entity_keys(entity_id(["é,", 'a"b']), 2) == ["é,", 'a"b']
