"""Finds the files below a folder without ever leaving it.

Hidden names are passed over unless a glob names them, folders of version control always. A symbolic link to
a file is followed if its target lies inside the folder. A linked folder is entered under the link's name only
if it lies inside and was not reached by its own name; so loops end and nothing is listed twice through a
folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from headrace.ingest.sources.patterns import Choice, Glob
from headrace.records.document import SourceFailure

_VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", "CVS", "_darcs"})
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


class Found(NamedTuple):
    """A regular file."""

    relative: str
    """Path below the folder that was walked."""
    path: str
    status: os.stat_result
    linked: bool
    """Whether the path itself is a symbolic link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which files of a folder are meant."""

    glob: Glob | None = None
    include: Choice = field(default_factory=lambda: Choice.of(()))
    exclude: Choice = field(default_factory=lambda: Choice.of(()))

    def enters(self, relative: str, name: str) -> bool:
        """Whether a folder may hold files that are meant."""
        if name in _VERSION_CONTROL or (self.glob is None and name.startswith(".")):
            return False
        if self.exclude and self.exclude.matches(relative, name):
            return False
        return self.glob is None or self.glob.may_hold(relative)

    def takes(self, relative: str, name: str) -> bool:
        """Whether a file is meant."""
        if self.glob is None:
            if name.startswith("."):
                return False
        elif not self.glob.matches(relative):
            return False
        if self.include and not self.include.matches(relative, name):
            return False
        return not (self.exclude and self.exclude.matches(relative, name))


class Folder(NamedTuple):
    """A folder still to be read."""

    prefix: str
    """Its path below the base, with a final `/` unless empty."""
    path: str
    real: str
    """Its path without symbolic links."""


class Walk:
    """One walk below `base`; `run` fills `files`, `failures` and `reasons` (why it is incomplete)."""

    def __init__(self, base: str, *, selection: Selection, uri_of: Callable[[str], str]) -> None:
        self.files: list[Found] = []
        self.failures: list[SourceFailure] = []
        self.reasons: list[str] = []
        self._base = base
        self._real_base = os.path.realpath(base)
        self._selection = selection
        self._uri_of = uri_of
        self._visited: set[str] = set()
        self._links: list[tuple[str, str, str]] = []

    def run(self) -> Walk:
        """Walk; gives itself back."""
        before = _identity(self._base)
        self._descend(Folder("", self._base, self._real_base))
        while self._links:
            # Folders under their own names come first, so that what a link adds does not depend on order.
            links, self._links = sorted(self._links), []
            for relative, name, path in links:
                self._follow(relative, name, path)
        if before is None or before != _identity(self._base):
            self.reasons.append(f"{self._base!r} went away or was replaced while it was being read")
        return self

    def _descend(self, top: Folder) -> None:
        stack = [top]
        while stack:
            folder = stack.pop()
            if folder.real in self._visited:
                continue
            self._visited.add(folder.real)
            try:
                with os.scandir(folder.path) as entries:
                    stack.extend(self._sort_out(folder, entries))
            except FileNotFoundError:
                # Deleted since its parent was read; a base that went away is noticed by `run`.
                continue
            except OSError as error:
                document = self._uri_of(folder.prefix) if folder.prefix else self._base
                problem = f"folder cannot be read: {error.strerror or error}"
                self.failures.append(SourceFailure(document=document, error=problem))
                self.reasons.append(f"{document!r}: {problem}")

    def _sort_out(self, folder: Folder, entries: Iterable[os.DirEntry[str]]) -> Sequence[Folder]:
        folders: list[Folder] = []
        for entry in entries:
            name = entry.name
            relative = folder.prefix + name
            if entry.is_dir(follow_symlinks=False):
                if self._selection.enters(relative, name):
                    folders.append(Folder(relative + "/", entry.path, f"{folder.real.rstrip('/')}/{name}"))
            elif entry.is_symlink():
                self._links.append((relative, name, entry.path))
            elif self._selection.takes(relative, name):
                self._add(relative, entry, linked=False)
        return folders

    def _add(self, relative: str, entry: os.DirEntry[str] | str, *, linked: bool) -> None:
        try:
            if isinstance(entry, str):
                path, status = entry, os.stat(entry)
            else:
                path, status = entry.path, entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # deleted since the folder was read
        except OSError as error:
            self._fail(relative, f"cannot be examined: {error.strerror or error}", keeps=True)
            return
        if stat.S_ISREG(status.st_mode):
            self.files.append(Found(relative, path, status, linked))
        else:
            kind = next((label for test, label in _KINDS if test(status.st_mode)), "not a regular file")
            self._fail(relative, f"is {kind}, which is never opened", keeps=False)

    def _follow(self, relative: str, name: str, path: str) -> None:
        enters, takes = self._selection.enters(relative, name), self._selection.takes(relative, name)
        if not enters and not takes:
            return
        try:
            real = os.path.realpath(path, strict=True)
            folder = os.path.isdir(real)
        except OSError as error:
            if takes and os.path.lexists(path):
                self._fail(relative, f"is a link that leads nowhere: {error.strerror or error}", keeps=False)
            return
        if not (enters if folder else takes):
            return
        if real != self._real_base and not real.startswith(self._real_base.rstrip("/") + "/"):
            self._fail(relative, f"is a link to {real!r}, outside its source", keeps=False)
        elif folder:
            self._descend(Folder(relative + "/", path, real))
        else:
            self._add(relative, path, linked=True)

    def _fail(self, relative: str, error: str, *, keeps: bool) -> None:
        self.failures.append(SourceFailure(document=self._uri_of(relative), error=error, keeps=keeps))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
