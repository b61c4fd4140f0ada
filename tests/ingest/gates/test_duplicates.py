"""The index of near duplicates equals one built fresh, whatever happened to it before."""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ingest.gates.duplicates.bands import banding_for
from headrace.ingest.gates.duplicates.index import DuplicateIndex, Entry
from headrace.ingest.gates.duplicates.signatures import PERMUTATIONS, signatures
from headrace.ingest.gates.duplicates.winners import Standing
from tests.ingest.gates.documents import PROSE

WORDS = [
    f"{first}{second}" for first in ("mill", "wheel", "weir", "pond", "stone") for second in "abcdefghijkl"
]


def text_of(seed: int, changes: int) -> str:
    """Some 120 words by a seed; `changes` of them are replaced, so that few changes make near duplicates."""
    words = random.Random(seed).choices(WORDS, k=120)
    for place in range(changes):
        words[place * 9 % 120] = f"changed{place}"
    return " ".join(words)


Texts = st.builds(text_of, st.integers(0, 3), st.sampled_from([0, 0, 1, 2, 3, 8]))
Documents = st.fixed_dictionaries(
    {
        "document": st.sampled_from("abcdefghij"),
        "text": Texts,
        "group": st.sampled_from(["public", "board"]),
        "authority": st.integers(0, 1),
        "modified": st.integers(0, 2),
    }
)
Steps = st.lists(
    st.tuples(
        st.lists(Documents, max_size=6, unique_by=lambda given: given["document"]),
        st.lists(st.sampled_from("abcdefghij"), max_size=4),
    ),
    min_size=1,
    max_size=6,
)


def insert(
    index: DuplicateIndex, documents: list[Mapping[str, object]], removed: list[str]
) -> Mapping[str, str | None]:
    """Apply one step."""
    entries = [
        Entry(
            document=str(item["document"]),
            group=str(item["group"]),
            standing=Standing(
                authority=int(str(item["authority"])), modified_at_us=int(str(item["modified"]))
            ),
        )
        for item in documents
    ]
    return index.apply(entries, signatures([str(item["text"]) for item in documents]), removed=removed)


@given(steps=Steps, threshold=st.sampled_from([0.5, 0.8]))
@settings(max_examples=80, deadline=None)
def test_any_history_of_inserts_and_deletes_equals_an_index_built_fresh(
    steps: list[tuple[list[Mapping[str, object]], list[str]]], threshold: float
) -> None:
    index = DuplicateIndex(threshold=0.8)
    present: dict[str, Mapping[str, object]] = {}
    told: dict[str, str | None] = {}
    for added, removed in steps:
        for name in removed:
            present.pop(name, None)
            if name not in {item["document"] for item in added}:
                told.pop(name, None)
        told.update(insert(index, added, removed))
        present.update({str(item["document"]): item for item in added})
    names = list(present)
    random.Random(len(names)).shuffle(names)
    fresh = DuplicateIndex(threshold=threshold)
    insert(fresh, [present[name] for name in names], [])
    assert (index if threshold == 0.8 else index.with_threshold(threshold)).aliases == fresh.aliases
    if threshold == 0.8:
        assert {name: winner for name, winner in told.items() if winner} == fresh.aliases
    for loser, winner in fresh.aliases.items():
        assert winner not in fresh.aliases
        assert present[loser]["group"] == present[winner]["group"]


def test_the_winner_is_chosen_by_policy_and_a_loser_takes_its_place() -> None:
    index = DuplicateIndex()
    base = {"text": PROSE, "group": "public", "authority": 0, "modified": 0}
    insert(index, [{**base, "document": "old", "modified": 1}], [])
    assert insert(index, [{**base, "document": "fresh", "modified": 9}], []) == {"old": "fresh"}
    assert insert(index, [{**base, "document": "official", "authority": 1}], []) == {
        "old": "official",
        "fresh": "official",
    }
    assert insert(index, [], ["official"]) == {"fresh": None, "old": "fresh"}
    assert insert(index, [], ["fresh"]) == {"old": None}


def test_other_access_labels_are_never_merged() -> None:
    index = DuplicateIndex()
    base = {"text": PROSE, "authority": 0, "modified": 0}
    insert(
        index, [{**base, "document": "a", "group": "public"}, {**base, "document": "b", "group": "hr"}], []
    )
    assert index.aliases == {}


def test_texts_equal_but_for_case_spacing_and_marks_are_exact_duplicates() -> None:
    same = [
        "The  MILL,\n on the river!",
        "the mill on the river",
        "The MILL: on – the river",
        "Ｔｈｅ mill on the river",
    ]
    other = ["the mill on the rivers", "the mill on the", "themill on the river"]
    keys = [tuple(key) for key in signatures([*same, *other]).keys.tolist()]
    assert len(set(keys[: len(same)])) == 1
    assert len(set(keys)) == 1 + len(other)


def test_a_signature_estimates_the_share_of_common_phrases_in_any_batch() -> None:
    texts = [
        text_of(5, 0),
        text_of(5, 1),
        text_of(5, 8),
        text_of(6, 0),
        "",
        "word",
        "水车磨坊坐落在河边驱动它的水轮",
    ]
    together = signatures(texts)
    alone = [signatures([text]) for text in texts]
    assert all((together.values[row] == one.values[0]).all() for row, one in enumerate(alone))
    assert together.empty.tolist() == [False, False, False, False, True, False, False]
    for row in (1, 2, 3):
        estimated = float((together.values[0] == together.values[row]).mean())
        assert estimated == pytest.approx(jaccard(texts[0], texts[row]), abs=0.13)


def test_a_text_of_many_megabytes_is_signed_in_pieces() -> None:
    long = " ".join(f"w{number}" for number in range(300_000))
    alike = long + " end"
    signed = signatures([long, PROSE, alike])
    assert (signed.values[0] == signed.values[2]).mean() > 0.95
    assert (signatures(["a" * 3_000_000]).values == signatures(["A" * 3_000_000]).values).all()


def jaccard(left: str, right: str) -> float:
    """The exact index over runs of five words."""
    sets = [
        {tuple(words[place : place + 5]) for place in range(len(words) - 4)}
        for words in (left.split(), right.split())
    ]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.95, 1.0])
def test_bands_fit_the_signature_and_find_pairs_at_the_threshold(threshold: float) -> None:
    banding = banding_for(threshold)
    assert banding.bands * banding.rows <= PERMUTATIONS
    assert 1 - (1 - threshold**banding.rows) ** banding.bands >= 0.97


def test_segments_stay_few_and_the_dead_leave_them() -> None:
    index = DuplicateIndex()
    base = {"group": "public", "authority": 0, "modified": 0}
    for step in range(64):
        insert(index, [{**base, "document": f"{step}", "text": text_of(100 + step, 0)}], [f"{step - 2}"])
    assert len(index.members) == 2
    assert len(index.segments) <= 8
    assert sum(len(segment.ids) for segment in index.segments) < 64
    assert index.size_bytes > 0
    assert np.isin(index.segments[-1].ids, list(index.holders)).any()
