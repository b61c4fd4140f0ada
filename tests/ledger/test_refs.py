"""Refs: append-only, moved by compare-and-set, readable as of any time."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from headrace.errors import RefConflict
from headrace.ledger import refs
from headrace.ledger.ledger import Ledger, Write
from headrace.ledger.refs import ANY, RefRow

_NAMES = ["release/production", "release/staging", "prompt/ask"]
_THINGS = [f"rel_{letter}" for letter in "abc"]


def _move(ledger: Ledger, name: str, artifact: str, *, expect: str | refs.AnyTarget | None = ANY) -> RefRow:
    return ledger.write(
        lambda tx: refs.move(tx, name, artifact, expect=expect, actor="tester", reason="a reason")
    )


def test_a_ref_has_a_history(ledger: Ledger) -> None:
    rows = [_move(ledger, "release/production", thing) for thing in ("rel_a", "rel_b", "rel_b", "rel_a")]
    assert rows[1] == rows[2]
    with ledger.read() as conn:
        assert refs.read(conn, "release/production") == rows[3]
        assert refs.history(conn, "release/production") == [rows[0], rows[1], rows[3]]
        assert refs.names(conn) == ["release/production"]
        assert refs.read(conn, "release/nowhere") is None
        assert refs.at(conn, rows[0].valid_from_us - 1) == []
    assert [row.seq for row in rows] == [1, 2, 2, 3]
    assert rows[0].actor == "tester"
    assert rows[0].reason == "a reason"


def test_refs_under_a_name_are_those_that_start_with_it_to_the_letter(ledger: Ledger) -> None:
    names = ["prompt/a_b/x", "prompt/a_b/y", "prompt/A_b/x", "prompt/aab/x", "prompt/a_b", "prompt/a_b/x"]
    rows = [_move(ledger, name, f"rel_{at}") for at, name in enumerate(names)]
    with ledger.read() as conn:
        assert refs.under(conn, "prompt/a_b/") == [rows[0], rows[1], rows[5]]
        assert refs.under(conn, "prompt/a%/") == []


def test_compare_and_set(ledger: Ledger) -> None:
    with pytest.raises(RefConflict):
        _move(ledger, "r", "rel_a", expect="rel_x")
    _move(ledger, "r", "rel_a", expect=None)
    with pytest.raises(RefConflict) as caught:
        _move(ledger, "r", "rel_b", expect=None)
    assert caught.value.details == {"expected": None, "found": "rel_a"}
    assert _move(ledger, "r", "rel_b", expect="rel_a").seq == 2


def test_of_many_that_expect_the_same_one_wins(ledger: Ledger) -> None:
    _move(ledger, "r", "rel_start")

    def attempt(number: int) -> bool:
        try:
            _move(ledger, "r", f"rel_{number}", expect="rel_start")
        except RefConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_two_moves_in_one_transaction_follow_each_other(ledger: Ledger) -> None:
    def both(tx: Write) -> None:
        refs.move(tx, "r", "rel_a", actor="tester", reason="")
        refs.move(tx, "r", "rel_b", actor="tester", reason="")

    ledger.write(both)
    with ledger.read() as conn:
        first, second = refs.history(conn, "r")
        assert refs.at(conn, first.valid_from_us) == [second]


class RefMachine(RuleBasedStateMachine):
    """Moves, right and wrong expectations, against a plain list of what must be readable."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = Ledger.open(f"sqlite:///{self.folder.name}/ledger.sqlite")
        self.moves: list[RefRow] = []

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    def _current(self, name: str) -> str | None:
        return next((row.artifact for row in reversed(self.moves) if row.name == name), None)

    @rule(name=st.sampled_from(_NAMES), artifact=st.sampled_from(_THINGS))
    def move(self, name: str, artifact: str) -> None:
        before = self._current(name)
        row = _move(self.ledger, name, artifact, expect=before)
        if before != artifact:
            self.moves.append(row)

    @rule(
        name=st.sampled_from(_NAMES),
        artifact=st.sampled_from(_THINGS),
        wrong=st.sampled_from([*_THINGS, None]),
    )
    def expect(self, name: str, artifact: str, wrong: str | None) -> None:
        if wrong == self._current(name):
            return
        with pytest.raises(RefConflict):
            _move(self.ledger, name, artifact, expect=wrong)

    @rule(back=st.integers(min_value=0, max_value=20), offset=st.integers(min_value=-1, max_value=1))
    def look_back(self, back: int, offset: int) -> None:
        if not self.moves:
            return
        time_us = self.moves[-1 - back % len(self.moves)].valid_from_us + offset
        expected = {row.name: row for row in self.moves if row.valid_from_us <= time_us}
        with self.ledger.read() as conn:
            assert refs.at(conn, time_us) == sorted(expected.values())

    @invariant()
    def history_is_what_was_moved(self) -> None:
        with self.ledger.read() as conn:
            for name in _NAMES:
                assert refs.history(conn, name) == [row for row in self.moves if row.name == name]


TestRefMachine = RefMachine.TestCase
TestRefMachine.settings = settings(max_examples=10, stateful_step_count=15, deadline=None)
