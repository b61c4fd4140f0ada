"""The index of near duplicates equals one built fresh, whatever happened to it before."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ingest.gates.duplicates.bands import banding_for
from headrace.ingest.gates.duplicates.index import DuplicateIndex, Entry
from headrace.ingest.gates.duplicates.signatures import PERMUTATIONS, contents, signatures
from headrace.ingest.gates.duplicates.store import SignatureStore
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
) -> dict[str, str | None]:
    """Apply one step; gives the winners that changed."""
    signed = signatures([str(item["text"]) for item in documents])
    index.store.add(signed)
    entries = [
        Entry(
            document=str(item["document"]),
            content=content,
            group=str(item["group"]),
            standing=Standing(
                authority=int(str(item["authority"])), modified_at_us=int(str(item["modified"]))
            ),
        )
        for item, content in zip(documents, signed.contents, strict=True)
    ]
    changed = index.apply(entries, removed=removed)
    return {name: None if given is None else given.winner for name, given in changed.items()}


@given(
    steps=Steps,
    threshold=st.sampled_from([0.5, 0.8]),
    reopened=st.lists(st.booleans(), min_size=6, max_size=6),
    compacted=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_any_history_of_inserts_and_deletes_equals_an_index_built_fresh(
    steps: list[tuple[list[Mapping[str, object]], list[str]]],
    threshold: float,
    reopened: list[bool],
    compacted: bool,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index = DuplicateIndex(store=SignatureStore(folder))
        present: dict[str, Mapping[str, object]] = {}
        told: dict[str, str | None] = {}
        for (added, removed), again in zip(steps, reopened, strict=False):
            if again:
                index = opened_again(index, folder)
            for name in removed:
                present.pop(name, None)
                if name not in {item["document"] for item in added}:
                    told.pop(name, None)
            told.update(insert(index, added, removed))
            present.update({str(item["document"]): item for item in added})
        if compacted:
            index.store.compact({entry.content for entry in index.members.values()})
            index = opened_again(index, folder)
        names = list(present)
        random.Random(len(names)).shuffle(names)
        fresh = DuplicateIndex(threshold=threshold)
        insert(fresh, [present[name] for name in names], [])
        assert (index if threshold == 0.8 else index.with_threshold(threshold)).aliases == fresh.aliases
        if threshold == 0.8:
            assert {name: winner for name, winner in told.items() if winner} == winners_of(fresh)
        for loser, yielding in fresh.aliases.items():
            assert yielding.winner not in fresh.aliases
            assert yielding.similarity >= threshold
            assert present[loser]["group"] == present[yielding.winner]["group"]


def opened_again(index: DuplicateIndex, folder: str) -> DuplicateIndex:
    """What another process finds: its own view of the files, and the documents as the ledger tells them."""
    store = SignatureStore(folder)
    assert len(store) == len(index.store)
    return DuplicateIndex.of(index.members.values(), index.aliases, store=store, threshold=index.threshold)


def winners_of(index: DuplicateIndex) -> dict[str, str]:
    """Losers with their winners."""
    return {name: yielding.winner for name, yielding in index.aliases.items()}


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
    signed = signatures([*same, *other])
    keys = list(signed.contents)
    assert contents([*same, *other]) == keys
    assert (signed.values[: len(same)] == signed.values[0]).all()
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
    assert [not content for content in together.contents] == [row == 4 for row in range(7)]
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


def test_segments_stay_few_and_the_dead_leave_them(tmp_path: Path) -> None:
    index = DuplicateIndex(store=SignatureStore(tmp_path))
    base = {"group": "public", "authority": 0, "modified": 0}
    for step in range(64):
        insert(index, [{**base, "document": f"{step}", "text": text_of(100 + step, 0)}], [f"{step - 2}"])
    kept = {entry.content for entry in index.members.values()}
    assert len(kept) == 2
    assert index.store.segments <= 8
    assert len(list(tmp_path.iterdir())) == index.store.segments
    assert index.store.lacking(kept) == index.store.compact(kept) == 62
    assert len(index.store) == 2
    assert all(SignatureStore(tmp_path).known(sorted(kept)))


def test_a_reader_follows_a_writer_that_merges_its_files_away(tmp_path: Path) -> None:
    writer, reader = SignatureStore(tmp_path), SignatureStore(tmp_path, writable=False)
    texts = [text_of(seed, 0) for seed in range(6)]
    for text in texts:
        writer.add(signatures([text]))
    (tmp_path / "00000002-00000002.npy").write_bytes(b"left by a writer that died before it removed it")
    (tmp_path / ".00000009-00000009.npy").write_bytes(b"half a file")
    reader.add(signatures([PROSE]))
    reader.refresh()
    assert all(reader.known(contents([*texts, PROSE])))
    assert not any(SignatureStore(tmp_path).known(contents([PROSE])))
    writer.compact(set(contents(texts[:2])))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000001-00000007.npy"]
    reader.refresh()
    assert reader.known(contents([*texts, PROSE])) == [True, True, False, False, False, False, True]
