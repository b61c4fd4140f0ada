"""Which version replaces which: found from the documents that there are, in whatever order they came."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ingest.sync.standing import record
from headrace.ingest.validity.sketch import resemblance, sketch
from headrace.ingest.validity.supersession import NEAR_IDENTICAL
from headrace.ingest.validity.versions import of_title, of_uri
from headrace.ledger import standings
from headrace.ledger.ledger import Ledger
from headrace.ledger.standings import Standing

POLICY = (
    "Employees may book trains in second class, and flights with the approval of a manager. Receipts are due "
    "within {days} days after the trip ends. Meals are paid up to {sum} EUR a day."
)
ANOTHER = "Backups of the index are written every night and kept for {days} days, then they are removed."
DOCUMENTS = {
    **{
        f"docs/travel-{year}.md": POLICY.format(days=90 - year % 100, sum=year % 100)
        for year in range(2021, 2026)
    },
    "docs/travel-v1.md": POLICY.format(days=1, sum=2),
    "docs/travel-v2.md": POLICY.format(days=3, sum=4),
    "docs/backup-2024.md": ANOTHER.format(days=30),
    "docs/backup-2025.md": "Quite another text stands here: the vendor changed and nothing is left.",
    "docs/backup-2026.md": ANOTHER.format(days=35),
    "docs/a.md": POLICY.format(days=5, sum=6),
    "docs/b.md": POLICY.format(days=7, sum=8),
}
TITLES = {"docs/a.md": "Travel rules 2019", "docs/b.md": "Travel rules 2020"}
LINKS = {
    "docs/travel-2021.md": "docs/travel-2022.md",
    "docs/travel-2022.md": "docs/travel-2023.md",
    "docs/travel-2023.md": "docs/travel-2024.md",
    "docs/travel-2024.md": "docs/travel-2025.md",
    "docs/travel-v1.md": "docs/travel-v2.md",
    "docs/backup-2024.md": "docs/backup-2026.md",
    "docs/a.md": "docs/b.md",
}


def _row(uri: str) -> Standing:
    by_uri, by_title = of_uri(uri), of_title(TITLES.get(uri), uri)
    return Standing(
        uri=uri,
        stem=by_uri and by_uri.stem,
        version=by_uri and by_uri.version,
        title_stem=by_title and by_title.stem,
        title_version=by_title and by_title.version,
        sketch=sketch([DOCUMENTS[uri]]),
    )


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """One ledger for many corpora."""
    folder: Path = tmp_path_factory.mktemp("standings")
    with Ledger.open(f"sqlite:///{folder}/ledger.sqlite") as opened:
        yield opened


def _apply(ledger: Ledger, corpus: str, written: Sequence[str], removed: Sequence[str] = ()) -> None:
    rows = [_row(uri) for uri in written]
    ledger.write(lambda tx: record(tx, corpus, written=written, removed=removed, stated=rows))


def _links(ledger: Ledger, corpus: str) -> dict[str, str]:
    with ledger.read() as conn:
        rows = standings.load(conn, corpus)
    return {uri: row.superseded_by for uri, row in rows.items() if row.superseded_by is not None}


def test_each_version_is_replaced_by_the_next_one_that_is_much_the_same(ledger: Ledger) -> None:
    _apply(ledger, "all", list(DOCUMENTS))
    assert _links(ledger, "all") == LINKS


_LETTERS = tuple("abcdefghijkl")
_RUNS = itertools.count()
_STEPS = st.lists(
    st.tuples(
        st.sets(st.sampled_from(sorted(DOCUMENTS)), max_size=4),
        st.sets(st.sampled_from(sorted(DOCUMENTS)), max_size=3),
    ),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(steps=_STEPS)
def test_the_marks_depend_on_the_documents_and_not_on_their_history(
    ledger: Ledger, steps: list[tuple[set[str], set[str]]]
) -> None:
    run = next(_RUNS)
    history, fresh = f"history-{run}", f"fresh-{run}"
    present: set[str] = set()
    for written, removed in steps:
        _apply(ledger, history, sorted(written), sorted(removed - written))
        present = (present | written) - (removed - written)
    _apply(ledger, fresh, sorted(present))
    assert _links(ledger, history) == _links(ledger, fresh)
    with ledger.read() as conn:
        assert standings.load(conn, history) == standings.load(conn, fresh)


def test_removing_the_newer_one_takes_the_mark_away(ledger: Ledger) -> None:
    _apply(ledger, "removal", ["docs/travel-v1.md", "docs/travel-v2.md"])
    assert _links(ledger, "removal") == {"docs/travel-v1.md": "docs/travel-v2.md"}
    _apply(ledger, "removal", [], removed=["docs/travel-v2.md"])
    assert _links(ledger, "removal") == {}


def test_a_change_that_marks_nothing_leaves_readers_alone(ledger: Ledger) -> None:
    def seq() -> int:
        with ledger.read() as conn:
            return standings.sequence(conn, "quiet")

    ledger.write(lambda tx: record(tx, "quiet", written=["docs/plain.md"], removed=[], stated=[]))
    assert seq() == 0
    _apply(ledger, "quiet", ["docs/travel-v1.md"])
    assert seq() == 1
    _apply(ledger, "quiet", ["docs/travel-v1.md"])
    assert seq() == 1


@given(
    words=st.lists(
        st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"]),
        min_size=6,
        max_size=900,
    )
)
@settings(max_examples=60, deadline=None)
def test_a_text_resembles_itself_wholly_and_another_not_at_all(words: list[str]) -> None:
    own, other = sketch([" ".join(words)]), sketch(["x y z " * 300 + "u v w q"])
    if own is not None and other is not None:
        assert resemblance(own, own) == 1.0
        assert resemblance(own, other) == resemblance(other, own) == 0.0
        assert len(own) <= 1024


def test_the_estimate_is_near_the_share_of_word_pairs() -> None:
    one = [f"word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(4000)]
    other = one[:3000] + [f"{word}x" for word in one[3000:]]
    left, right = sketch([" ".join(one)]), sketch([" ".join(other)])
    assert left is not None
    assert right is not None
    assert abs(resemblance(left, right) - 3 / 5) < 0.1
    assert resemblance(left, right) > NEAR_IDENTICAL


def test_a_text_of_a_few_words_is_compared_with_nothing() -> None:
    assert sketch(["See below."]) is None
    assert sketch([]) is None
