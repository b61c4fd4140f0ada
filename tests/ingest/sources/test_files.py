"""Folders as they really are: odd names, links, pipes, things that vanish."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.errors import ReadError
from headrace.ingest.sources.build import open_source
from headrace.ingest.sources.uris import path_of
from headrace.records.document import Listing


@pytest.fixture
def docs(root: Path) -> Path:
    folder = root / "docs"
    folder.mkdir()
    return folder


def listed(root: Path, spec: object = "docs") -> Listing:
    assert isinstance(spec, str | dict)
    return open_source(spec, root=root, cache=NoCache()).list({})


class NoCache:
    """Files need none."""

    def put(self, data: bytes) -> str:
        raise AssertionError("a file was put into the cache")

    def get(self, key: str) -> bytes | None:
        return None


def uris(listing: Listing) -> list[str]:
    return [item.uri for item in listing.items]


def problems(listing: Listing) -> dict[str, str]:
    return {failure.document: failure.error for failure in listing.failures}


def test_a_folder_is_read_with_everything_below_it(root: Path, docs: Path) -> None:
    (docs / "a.md").write_text("a")
    (docs / "x/y").mkdir(parents=True)
    (docs / "x/y/b.md").write_text("bb")
    (docs / ".hidden").write_text("h")
    (docs / ".git").mkdir()
    (docs / ".git/config").write_text("g")
    (docs / "CVS").mkdir()
    (docs / "CVS/Entries").write_text("c")
    listing = listed(root)
    assert (listing.source, listing.complete, uris(listing)) == ("docs", True, ["docs/a.md", "docs/x/y/b.md"])
    second = listing.items[1]
    assert (second.size_bytes, second.read().data) == (2, b"bb")
    assert second.modified_at_us == (docs / "x/y/b.md").stat().st_mtime_ns // 1000


def test_the_stamp_changes_with_the_file_and_only_then(root: Path, docs: Path) -> None:
    (docs / "a.md").write_text("one")
    before = listed(root).items[0].stamp
    assert listed(root).items[0].stamp == before
    # Same size and time, other bytes under the same name.
    times = ((docs / "a.md").stat().st_atime_ns, (docs / "a.md").stat().st_mtime_ns)
    (docs / "new").write_text("two")
    os.utime(docs / "new", ns=times)
    (docs / "new").rename(docs / "a.md")
    assert listed(root).items[0].stamp != before


ODD = [
    b"new\nline.md",
    "emoji 😀.md".encode(),
    b"\xff\xfe.md",
    b"..md",
    b"a..b",
    b"100%25.md",
    b"c#.md",
    b" ",
    b"-rf",
]


def test_odd_names_are_listed_and_read(root: Path, docs: Path) -> None:
    written = [name for name in ODD if not name.startswith(b".")]
    for name in written:
        (docs / os.fsdecode(name)).write_bytes(name)
    listing = listed(root)
    assert listing.complete
    assert {item.read().data for item in listing.items} == set(written)
    for item in listing.items:
        item.uri.encode()
        assert Path(path_of(item.uri, root=str(root))).read_bytes() == item.read().data


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    names=st.sets(
        st.binary(min_size=1, max_size=40).filter(lambda raw: not set(raw) & {0, 47} and raw[:1] != b"."),
        min_size=1,
        max_size=5,
    )
)
def test_every_name_a_file_can_have_round_trips(
    names: set[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("names")
    for name in names:
        (root / os.fsdecode(name)).write_bytes(name)
    listing = listed(root, ".")
    skipped = {b"CVS", b"_darcs"}
    assert {os.fsencode(path_of(uri, root=str(root))) for uri in uris(listing)} >= {
        os.fsencode(str(root)) + b"/" + name for name in names - skipped
    }
    assert {item.read().data for item in listing.items} == names


def test_links_are_followed_inside_only_and_loops_end(root: Path, docs: Path) -> None:
    (docs / "a/b").mkdir(parents=True)
    (docs / "a/b/real.md").write_text("real")
    (docs / "a/b/up").symlink_to(docs)
    (docs / "a/self").symlink_to("self")
    (docs / "again").symlink_to("a/b")
    (docs / "alias.md").symlink_to("a/b/real.md")
    (docs / "dangling.md").symlink_to("nowhere")
    (root / "secret.md").write_text("secret")
    (docs / "out.md").symlink_to(root / "secret.md")
    (root / "outside").mkdir()
    (docs / "outdir").symlink_to(root / "outside")
    listing = listed(root)
    assert listing.complete
    assert uris(listing) == ["docs/a/b/real.md", "docs/alias.md"]
    assert [item.read().data for item in listing.items] == [b"real", b"real"]
    found = problems(listing)
    assert set(found) == {"docs/a/self", "docs/dangling.md", "docs/out.md", "docs/outdir"}
    assert "outside its source" in found["docs/out.md"]
    assert not any(failure.keeps for failure in listing.failures)


def test_a_linked_folder_whose_target_is_hidden_is_entered_once(root: Path, docs: Path) -> None:
    (docs / ".2024").mkdir()
    (docs / ".2024/a.md").write_text("a")
    (docs / "current").symlink_to(".2024")
    (docs / "latest").symlink_to(".2024")
    assert uris(listed(root)) == ["docs/current/a.md"]


def test_the_configured_path_may_itself_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.md").write_text("a")
    (root / "docs").symlink_to(tmp_path / "data")
    listing = listed(root)
    assert uris(listing) == ["docs/a.md"]
    assert listing.items[0].read().data == b"a"


def test_what_is_not_a_regular_file_is_never_opened(
    root: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(docs / "pipe")
    (docs / "plug").symlink_to("pipe")
    monkeypatch.chdir(docs)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind("socket")
        listing = listed(root)
    assert listing.items == []
    assert {key: "never opened" in text for key, text in problems(listing).items()} == {
        "docs/pipe": True,
        "docs/plug": True,
        "docs/socket": True,
    }


def test_a_swap_after_listing_is_caught_when_reading(root: Path, docs: Path) -> None:
    (root / "secret").mkdir()
    (root / "secret/a.md").write_text("secret")
    for name in ("file", "folder", "pipe"):
        (docs / name).mkdir()
        (docs / name / "a.md").write_text("public")
    items = {item.uri: item for item in listed(root).items}
    (docs / "file/a.md").unlink()
    (docs / "file/a.md").symlink_to(root / "secret/a.md")
    (docs / "folder/a.md").unlink()
    (docs / "folder").rmdir()
    (docs / "folder").symlink_to(root / "secret")
    (docs / "pipe/a.md").unlink()
    os.mkfifo(docs / "pipe/a.md")
    for uri, message in (
        ("file", "cannot be read"),
        ("folder", "outside its source"),
        ("pipe", "not a regular file"),
    ):
        with pytest.raises(ReadError) as caught:
            items[f"docs/{uri}/a.md"].read()
        assert message in caught.value.message


def test_a_link_moved_outside_after_listing_is_caught(root: Path, docs: Path) -> None:
    (docs / "real.md").write_text("x")
    (docs / "link.md").symlink_to("real.md")
    item = listed(root).items[0]
    (root / "secret.md").write_text("secret")
    (docs / "link.md").unlink()
    (docs / "link.md").symlink_to(root / "secret.md")
    with pytest.raises(ReadError, match="outside its source"):
        item.read()


def test_a_file_that_is_gone_or_too_large_when_read_says_so(root: Path, docs: Path) -> None:
    (docs / "a.md").write_text("a")
    (docs / "b.md").write_text("b")
    first, second = listed(root, {"type": "files", "path": "docs", "max_bytes": 5}).items
    (docs / "a.md").unlink()
    (docs / "b.md").write_text("b" * 6)
    with pytest.raises(ReadError, match="No such file"):
        first.read()
    with pytest.raises(ReadError, match="at most 5"):
        second.read()


def test_a_large_file_is_a_failure_that_keeps_what_was_there(root: Path, docs: Path) -> None:
    (docs / "big.md").write_text("123456")
    (docs / "small.md").write_text("1")
    listing = listed(root, {"type": "files", "path": "docs", "max_bytes": 5})
    assert (uris(listing), listing.complete) == (["docs/small.md"], True)
    assert listing.failures[0].document == "docs/big.md"
    assert listing.failures[0].keeps


def test_a_root_that_vanished_is_an_incomplete_listing(root: Path, docs: Path) -> None:
    docs.rmdir()
    for spec in ("docs", "docs/**/*.md", "docs/a.md"):
        listing = listed(root, spec)
        assert (listing.items, listing.complete) == ([], False)
        assert "No such file" in listing.reason


def test_an_empty_folder_is_complete_and_so_is_a_glob_without_matches(root: Path, docs: Path) -> None:
    for spec in ("docs", "docs/**/*.md"):
        assert (listed(root, spec).items, listed(root, spec).complete) == ([], True)


def test_a_pipe_as_the_source_itself_is_not_opened(root: Path) -> None:
    os.mkfifo(root / "docs")
    assert "neither a folder nor a regular file" in listed(root).reason


@contextmanager
def _nobody() -> Iterator[None]:
    """As a user whom permissions bind."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_folder_makes_the_listing_incomplete(tmp_path: Path) -> None:
    root = tmp_path
    for parent in (root, *root.parents):
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    (root / "docs/closed").mkdir(parents=True)
    (root / "docs/a.md").write_text("a")
    (root / "docs/b.md").write_text("b")
    (root / "docs/b.md").chmod(0)
    (root / "docs").chmod(0o755)
    (root / "docs/closed").chmod(0)
    try:
        with _nobody():
            listing = listed(root)
            unreadable = next(item for item in listing.items if item.uri == "docs/b.md")
            with pytest.raises(ReadError, match="Permission denied"):
                unreadable.read()
    finally:
        (root / "docs/closed").chmod(0o700)
    assert not listing.complete
    assert "docs/closed/" in listing.reason
    assert uris(listing) == ["docs/a.md", "docs/b.md"]
    assert [(failure.document, failure.keeps) for failure in listing.failures] == [("docs/closed/", True)]


def test_include_and_exclude(root: Path, docs: Path) -> None:
    for name in ("a.md", "b.txt", "drafts/c.md", "keep/d.md", "keep/e.md"):
        (docs / name).parent.mkdir(exist_ok=True)
        (docs / name).write_text("x")
    spec = {"type": "files", "path": "docs", "include": ["*.md"], "exclude": ["drafts", "keep/e.*"]}
    assert uris(listed(root, spec)) == ["docs/a.md", "docs/keep/d.md"]


def test_globs_single_files_and_names_that_look_like_globs(root: Path, docs: Path) -> None:
    (docs / "x").mkdir()
    for name in ("a.md", "x/b.md", "c.txt", "[1].md", ".d.md"):
        (docs / name).write_text("x")
    assert uris(listed(root, "docs/**/*.md")) == ["docs/[1].md", "docs/a.md", "docs/x/b.md"]
    assert uris(listed(root, "docs/*.txt")) == ["docs/c.txt"]
    assert uris(listed(root, "docs/a.md")) == ["docs/a.md"]
    assert uris(listed(root, "docs/[1].md")) == ["docs/[1].md"]
    assert uris(listed(root, "docs/.*.md")) == ["docs/.d.md"]
    assert uris(listed(root, "docs/x/../a.md")) == ["docs/a.md"]
    assert uris(listed(root, "./docs/")) == uris(listed(root, "docs"))


def test_outside_the_workspace_uris_are_absolute(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other place").mkdir()
    (tmp_path / "other place/ü.md").write_text("x")
    for spec in ("../other place", str(tmp_path / "other place"), f"file://{tmp_path}/other%20place"):
        assert uris(listed(root, spec)) == [f"file://{tmp_path}/other%20place/%C3%BC.md"]


def test_a_path_through_a_linked_workspace_is_still_inside(root: Path, docs: Path, tmp_path: Path) -> None:
    (docs / "a.md").write_text("a")
    (tmp_path / "link").symlink_to(root)
    assert uris(listed(tmp_path / "link", str(docs))) == ["docs/a.md"]
    assert uris(listed(tmp_path / "link", "../workspace/docs")) == ["docs/a.md"]


def test_a_deep_tree_is_no_problem(root: Path, docs: Path) -> None:
    folder = docs
    for _ in range(300):
        folder = folder / "deep"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text("a")
    assert len(uris(listed(root))) == 1


def test_ten_thousand_files_are_listed(root: Path, docs: Path) -> None:
    for number in range(10_000):
        os.close(os.open(docs / f"{number}.md", os.O_CREAT | os.O_WRONLY))
    assert len(listed(root).items) == 10_000
