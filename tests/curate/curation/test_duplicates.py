"""Equal and nearly equal texts are found exactly, and no others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.curate.curation.duplicates import NEAR, NearIndex, _jaccard, _numbers, _runs, normalised

VOCABULARY = ["mill", "river", "heron", "backup", "kept", "long", "how", "where", "12", "13"]
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=9)


def test_case_marks_and_spaces_do_not_count() -> None:
    assert normalised("  How LONG, are backups\tkept?! ") == "how long are backups kept"
    assert normalised("ＡＢＣ ﬁne") == "abc fine"


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("How long are the backups kept in the cellar?", "How long are backups kept in the cellar", True),
        ("How long are backups kept?", "Where do the herons nest?", False),
        ("What did release 23 of the mill change?", "What did release 24 of the mill change?", False),
    ],
)
def test_near_texts_are_one_unless_their_numbers_differ(one: str, two: str, same: bool) -> None:
    index = NearIndex(near=0.75)
    index.add("first", one)
    assert index.find(two) == ("first" if same else None)


@settings(max_examples=40)
@given(st.lists(WORDS.map(" ".join), max_size=12), WORDS.map(" ".join))
def test_the_index_finds_what_comparing_all_pairs_finds(texts: list[str], text: str) -> None:
    index = NearIndex()
    for place, known in enumerate(texts):
        index.add(f"{place:03}", known)
    scores = [
        (-_jaccard(_runs(known), _runs(text)), f"{place:03}")
        for place, known in enumerate(texts)
        if _numbers(known) == _numbers(text)
    ]
    best = min((score for score in scores if -score[0] >= NEAR), default=None)
    assert index.find(text) == (None if best is None else best[1])
