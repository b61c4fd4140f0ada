"""Blobs: content-addressed, durable, checked as they are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from headrace.errors import NotFoundError, StorageError
from headrace.ledger.blobs import Blobs, open_blobs
from headrace.ledger.durability import make_folder
from headrace.ledger.identity import digest_bytes


@pytest.fixture(params=["file", "path", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """A store in a folder, named both ways, and one behind fsspec."""
    urls = {
        "file": f"file://{tmp_path}/a%20b",
        "path": f"{tmp_path}/a b",
        "memory": f"memory://{tmp_path.name}",
    }
    return open_blobs(urls[request.param])


def test_bytes_come_back(blobs: Blobs) -> None:
    digest = blobs.put(b"one")
    assert digest == digest_bytes("blob", b"one")
    assert blobs.put_many([b"one", b"", b"two", b"two"]) == [
        digest_bytes("blob", x) for x in (b"one", b"", b"two", b"two")
    ]
    assert blobs.get(digest) == b"one"
    assert blobs.get(digest_bytes("blob", b"")) == b""
    assert (blobs.size(digest), blobs.exists(digest)) == (3, True)
    assert (blobs.delete(digest), blobs.delete(digest)) == (True, False)
    assert (blobs.size(digest), blobs.exists(digest)) == (None, False)
    with pytest.raises(NotFoundError):
        blobs.get(digest)


@pytest.mark.parametrize("name", ["rev_abc", "../../etc/passwd", "blob_../x", "blob_", ""])
def test_only_names_of_blobs_are_looked_up(blobs: Blobs, name: str) -> None:
    with pytest.raises(NotFoundError):
        blobs.get(name)


def test_damage_is_seen_and_repaired_by_putting_again(tmp_path: Path) -> None:
    blobs = open_blobs(str(tmp_path))
    digest = blobs.put(b"whole")
    (file,) = tmp_path.rglob("blob_*")
    file.write_bytes(b"who")
    with pytest.raises(StorageError, match="damaged"):
        blobs.get(digest)
    blobs.put(b"whole")
    assert blobs.get(digest) == b"whole"
    assert [path.name for path in tmp_path.rglob("*.part")] == []


def test_a_folder_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        open_blobs(f"{tmp_path}/blobs").put(b"x")


def test_a_new_folder_is_named_on_disk_by_those_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    )
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert sorted(synced) == [str(tmp_path), str(tmp_path / "a")]
