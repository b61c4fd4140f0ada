"""A cache in a folder, and a site."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from tests.ingest.sources.site import Site


class FolderCache:
    """A blob cache of plain files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def put(self, data: bytes) -> str:
        key = sha256(data).hexdigest()
        (self.folder / key).write_bytes(data)
        return key

    def get(self, key: str) -> bytes | None:
        path = self.folder / key
        return path.read_bytes() if path.exists() else None


@pytest.fixture
def cache(tmp_path: Path) -> FolderCache:
    return FolderCache(tmp_path / "cache")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace folder."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running
