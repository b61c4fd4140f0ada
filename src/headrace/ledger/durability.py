"""Make files and the folders that name them survive a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def fsync_path(path: str | os.PathLike[str]) -> None:
    """Write a file's content, or a folder's list of names, to the device."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Create a folder with those above it, so that it is still there after a power cut."""
    folder = Path(path)
    missing = [folder, *folder.parents]
    missing = missing[: next((index for index, place in enumerate(missing) if place.exists()), len(missing))]
    folder.mkdir(parents=True, exist_ok=True)
    for place in missing:
        fsync_path(place.parent)
    return folder
