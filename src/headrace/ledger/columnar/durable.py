"""Fsync of what a Lance commit left behind: Lance itself issues no fsync at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

from headrace.ledger.durability import fsync_path

_WRITTEN_BACK_SECONDS = 3600
"""Files older than this were written back by the kernel long ago (it does so within about 30 s)."""

_FOLDERS = ("data", "_deletions", "_transactions", "_indices", "_versions")


class NewFiles:
    """Knows which files of a local table are already on disk, and syncs the others.

    Files go first, then their folders, then the table folder, so that a manifest is never durable before
    what it names. Tables on an object store need none of this: a finished put is durable there.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: set[str] = set()
        self._known_folders: set[str] = set()
        settled = time.time() - _WRITTEN_BACK_SECONDS
        for folder in _FOLDERS:
            self._known.update(path for path in self._files(folder) if os.stat(path).st_mtime < settled)

    def sync(self) -> int:
        """Make every file that appeared since the last call durable; returns how many there were."""
        count = 0
        for folder in _FOLDERS:
            fresh = [path for path in self._files(folder) if path not in self._known]
            if not fresh:
                continue
            for path in fresh:
                fsync_path(path)
            for parent in sorted({os.path.dirname(path) for path in fresh}):
                fsync_path(parent)
            self._sync_folder(folder)
            self._known.update(fresh)
            count += len(fresh)
        self._sync_root()
        return count

    def forget(self) -> None:
        """Drop names of files that are gone, after a clean-up of old versions."""
        present = {path for folder in _FOLDERS for path in self._files(folder)}
        self._known &= present

    def _sync_folder(self, folder: str) -> None:
        path = str(self._root / folder)
        if path not in self._known_folders:
            fsync_path(path)
            self._known_folders.add(path)

    def _sync_root(self) -> None:
        root = str(self._root)
        if root not in self._known_folders:
            fsync_path(root)
            fsync_path(str(self._root.parent))
            self._known_folders.add(root)

    def _files(self, folder: str) -> list[str]:
        found: list[str] = []
        stack = [str(self._root / folder)]
        while stack:
            try:
                entries = list(os.scandir(stack.pop()))
            except FileNotFoundError:
                continue  # a folder that the table has no use for yet
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    found.append(entry.path)
        return found
