"""Make files and the folders that name them survive a power cut."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def fsync_path(path: str | os.PathLike[str]) -> None:
    """Write a file's content, or a folder's list of names, to the device."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_tree(
    paths: Iterable[str | os.PathLike[str]], *, up_to: str | os.PathLike[str] | None = None
) -> int:
    """Make files and whole folders durable: files first, then the folders that name them, deepest first.

    The folder around each path is synced too and, with `up_to`, every one above it up to and including that.
    Returns how many files there were.
    """
    files: list[str] = []
    folders: set[Path] = set()
    for item in paths:
        path = Path(item)
        if path.is_dir():
            for place, _, names in os.walk(path):
                folders.add(Path(place))
                files.extend(os.path.join(place, name) for name in names)
        else:
            files.append(str(path))
        folders.update(_above(path, Path(up_to) if up_to is not None else None))
    for file in files:
        fsync_path(file)
    for folder in sorted(folders, key=lambda place: len(place.parts), reverse=True):
        fsync_path(folder)
    return len(files)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Create a folder with those above it, so that it is still there after a power cut."""
    folder = Path(path)
    missing = [folder, *folder.parents]
    missing = missing[: next((index for index, place in enumerate(missing) if place.exists()), len(missing))]
    folder.mkdir(parents=True, exist_ok=True)
    for place in missing:
        fsync_path(place.parent)
    return folder


def _above(path: Path, up_to: Path | None) -> list[Path]:
    if up_to is None or not path.is_relative_to(up_to) or path == up_to:
        return [path.parent]
    return [place for place in path.parents if place.is_relative_to(up_to)]
