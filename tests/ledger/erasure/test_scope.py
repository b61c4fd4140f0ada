"""What counts as a mention of a forgotten document, and what canaries are made of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ledger.erasure import canaries
from headrace.ledger.erasure.journal import Entry, Journal
from headrace.ledger.erasure.scope import TOMBSTONE, Scope, Target, mentions, without

ONE = Scope(targets=(Target("docs", "old/a.md"),), texts=("the zanzibar ledger",))
MANY = Scope(targets=tuple(Target("docs", f"old/{number}.md") for number in range(500)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("old/a.md", True),
        ("docs/old/a.md", True),
        ("cannot read 'old/a.md': gone", True),
        ("see old/a.md.", True),
        ("it names the zanzibar ledger twice", True),
        ("bold/a.md", False),
        ("very/old/a.md", False),
        ("old/a.md.txt", False),
        ("old/a.mdx", False),
        ("the ledger of zanzibar", False),
    ],
)
def test_what_mentions_a_document(text: str, told: bool) -> None:
    assert ONE.in_text(text) is told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("old/499.md", True),
        ("docs/old/7.md", True),
        ("cannot read 'old/7.md': gone", True),
        ("first: old/7.md, then others", True),
        ("old/500.md", False),
        ("bold/7.md", False),
    ],
)
def test_the_same_for_many_documents(text: str, told: bool) -> None:
    assert MANY.in_text(text) is told


def test_only_the_texts_that_tell_become_tombstones() -> None:
    report = {"failures": [{"document": "old/a.md", "stage": "parse"}, {"document": "b.md"}], "count": 2}
    kept = without(report, ONE)
    assert kept == {"failures": [{"document": TOMBSTONE, "stage": "parse"}, {"document": "b.md"}], "count": 2}
    assert mentions(report, ONE)
    assert not mentions(kept, ONE)


def test_a_scope_survives_being_written_down() -> None:
    assert Scope.from_json(ONE.to_json()) == ONE


@given(st.text(max_size=400))
def test_a_passage_is_found_in_its_text_and_in_json(text: str) -> None:
    for passage in canaries.passages([text]):
        assert passage in text
        data = [text.encode("utf-8", "surrogatepass"), json.dumps(text).encode()]
        assert any(pattern in data[0] for pattern in canaries.encoded(passage))
        assert any(pattern in data[1] for pattern in canaries.encoded(passage))


def test_the_list_of_erasures_bears_a_torn_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state" / "erasures.jsonl")
    assert journal.entries() == []
    first = Entry(erasure="erasure_a", action="forget", adds=("x",), removes=(), time_us=1)
    second = Entry(erasure="erasure_b", action="allow", adds=(), removes=("x",), time_us=2)
    journal.append(first)
    with (tmp_path / "state" / "erasures.jsonl").open("ab") as file:
        file.write(b'{"erasure": "torn')
    journal.append(second)
    assert journal.entries() == [first, second]
