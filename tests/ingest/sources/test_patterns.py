"""Globs, and which folders they lead into."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ingest.sources.patterns import Choice, Glob, split_base


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**/*.md", "a.md", True),
        ("**/*.md", "x/y/a.md", True),
        ("*.md", "x/a.md", False),
        ("x/**", "x/y/z.txt", True),
        ("x/**", "y/z.txt", False),
        ("**/x/*.md", "a/x/b.md", True),
        ("**/x/**/b.md", "x/b.md", True),
        ("**/*.md", ".hidden/a.md", False),
        ("**/*.md", "x/.a.md", False),
        (".hidden/*.md", ".hidden/a.md", True),
        ("?[ab].md", "xa.md", True),
        ("?[!ab].md", "xa.md", False),
        ("**/*", "a\nb", True),
    ],
)
def test_globs_match(pattern: str, path: str, expected: bool) -> None:
    assert Glob.of(pattern).matches(path) is expected


@given(
    parts=st.lists(st.sampled_from(["**", "*", "a", "b*", "?"]), min_size=1, max_size=5),
    names=st.lists(st.sampled_from(["a", "b", "ba", "c"]), min_size=2, max_size=5),
)
def test_every_folder_above_a_match_is_entered(parts: list[str], names: list[str]) -> None:
    glob = Glob.of("/".join(parts))
    if glob.matches("/".join(names)):
        assert all(glob.may_hold("/".join(names[:end])) for end in range(1, len(names)))


def test_folders_that_cannot_hold_a_match_are_not_entered() -> None:
    glob = Glob.of("a/*/c.md")
    assert glob.may_hold("a/b")
    assert not glob.may_hold("b")
    assert not glob.may_hold("a/b/c")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("docs/**/*.md", ("docs", "**/*.md")),
        ("*.md", ("", "*.md")),
        ("/*/a", ("/", "*/a")),
        ("../x/[ab]", ("../x", "[ab]")),
    ],
)
def test_a_glob_starts_from_its_last_plain_folder(pattern: str, expected: tuple[str, str]) -> None:
    assert split_base(pattern) == expected


def test_a_pattern_without_a_slash_matches_names_anywhere() -> None:
    choice = Choice.of(["drafts/", "*.tmp", "a/*.md"])
    assert choice.matches("x/drafts", "drafts")
    assert choice.matches("x/y.tmp", "y.tmp")
    assert choice.matches("a/b.md", "b.md")
    assert not choice.matches("x/a/b.md", "b.md")
