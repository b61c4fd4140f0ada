"""What documents say of each other: copies and links, whatever came first."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ingest.quality.among import among
from headrace.ingest.quality.links import link_hash, links_in
from headrace.ledger.qualities import Neighbour
from headrace.records.document import ParsedDocument


def row(uri: str, phrases: range = range(0), *, acl: int = 1, at: int | None = 0, to: str = "") -> Neighbour:
    """A document with numbered phrases and links."""
    packed = b"".join(number.to_bytes(4, "little") for number in phrases)
    links = b"".join(sorted(link_hash(name) for name in set(to.split())))
    return Neighbour(uri, acl, at, packed, links, None, None)


def copied(*rows: Neighbour) -> dict[str, float]:
    """URI to the share that another document has."""
    return {uri: found.copied for uri, found in among(rows).items()}


def test_the_document_that_changed_last_is_the_origin() -> None:
    assert copied(row("old", range(16), at=1), row("new", range(16), at=2)) == {"old": 1.0, "new": 0.0}
    assert copied(row("b", range(16)), row("a", range(16))) == {"b": 1.0, "a": 0.0}
    assert copied(row("a", range(16), at=None), row("b", range(16), at=5)) == {"a": 1.0, "b": 0.0}


def test_a_fifth_in_common_is_chance() -> None:
    assert copied(row("a", range(10)), row("b", range(8, 18))) == {"a": 0.0, "b": 0.0}
    assert copied(row("a", range(10)), row("b", range(4, 14))) == {"a": 0.0, "b": 0.5}


def test_documents_with_other_labels_are_not_compared() -> None:
    secret = row("z", range(16), acl=2, at=9, to="a")
    assert copied(row("a", range(16)), secret) == {"a": 0.0, "z": 0.0}
    assert among([row("a", range(16)), secret])["a"].in_links is None


def test_links_count_once_for_each_document_that_has_them() -> None:
    found = among([row("a", to="b b c"), row("b", to="c"), row("c"), row("d", to="elsewhere")])
    assert {uri: one.in_links for uri, one in found.items()} == {"a": 0, "b": 1, "c": 2, "d": 0}
    assert among([row("a", to="elsewhere"), row("b")])["a"].in_links is None
    assert among([]) == {}


@settings(max_examples=40)
@given(
    st.lists(
        st.builds(
            lambda start, size, acl, at, to: (range(start, start + size), acl, at, to),
            st.integers(0, 30),
            st.integers(0, 16),
            st.integers(1, 2),
            st.one_of(st.none(), st.integers(0, 3)),
            st.sampled_from(["", "d0", "d1 d2", "d3 x"]),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_documents_does_not_count(
    made: list[tuple[range, int, int | None, str]], rng: random.Random
) -> None:
    rows = [
        row(f"d{place}", phrases, acl=acl, at=at, to=to) for place, (phrases, acl, at, to) in enumerate(made)
    ]
    mixed = rng.sample(rows, len(rows))
    assert among(rows) == among(mixed)
    assert all(0 <= one.copied <= 1 for one in among(rows).values())


def test_links_are_resolved_beside_their_document() -> None:
    def hashes(uri: str, text: str) -> set[bytes]:
        document = ParsedDocument(text=text, kind="markdown", media_type="text/markdown", title=None)
        found = links_in(uri, document)
        return {found[at : at + 8] for at in range(0, len(found), 8)}

    text = "[a](b.md) [b](../c%20d.md#part) [r](/top.md 'title') [w](https://x.test/y) [m](mailto:a@b.c)"
    text += " [s](#here)"
    named = {"docs/b.md", "c d.md", "top.md", "https://x.test/y"}
    assert hashes("docs/a.md", text) == {link_hash(name) for name in named}
    assert hashes("https://x.test/a/b", "[n](c) [r](/d)") == {
        link_hash("https://x.test/a/c"),
        link_hash("https://x.test/d"),
    }
    assert hashes("docs/a.md", "[self](a.md) [bad](http://[)") == {link_hash("http://[")}
