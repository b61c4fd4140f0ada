"""URIs of files: stable, storable, reversible."""

from __future__ import annotations

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.ingest.sources.uris import escape, file_uri, path_of, unescape

NAMES = st.binary(min_size=1, max_size=30).filter(
    lambda raw: b"/" not in raw and b"\0" not in raw and raw not in (b".", b"..")
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda names: "/" + "/".join(map(os.fsdecode, names)))


@given(path=PATHS)
@example(path="/a\nb")
@example(path="/\u2028/%41/#/😀")
@example(path=os.fsdecode(b"/\xff\xfe%"))
def test_a_path_comes_back_from_its_uri_inside_and_outside(path: str) -> None:
    inside = "/ws" + path
    uri = file_uri(inside, root="/ws")
    assert path_of(uri, root="/ws") == inside
    outside = "/elsewhere" + path
    assert path_of(file_uri(outside, root="/ws"), root="/ws") == outside


@given(path=PATHS)
def test_a_uri_can_be_stored_and_fits_one_line(path: str) -> None:
    for uri in (file_uri("/ws" + path, root="/ws"), file_uri(path, root="/ws")):
        uri.encode("utf-8")
        assert len(uri.splitlines()) == 1
        assert "#" not in uri


@given(first=PATHS, second=PATHS)
def test_two_paths_never_share_a_uri(first: str, second: str) -> None:
    assert (file_uri(first, root="/ws") == file_uri(second, root="/ws")) == (first == second)


@given(text=st.text(st.characters(codec="utf-8")))
def test_any_text_comes_back(text: str) -> None:
    assert unescape(escape(text)) == text


@pytest.mark.parametrize("name", ["ümlaut 1.md", "😀.md", "a&b=c;.md", "..md", "a..b"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert file_uri(f"/ws/docs/{name}", root="/ws") == f"docs/{name}"


def test_a_folder_that_only_begins_like_the_workspace_lies_outside() -> None:
    assert file_uri("/workspace2/a.md", root="/workspace") == "file:///workspace2/a.md"
