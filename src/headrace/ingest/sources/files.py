"""Documents that are files: a folder, one file, or a glob."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from headrace.errors import ReadError
from headrace.ingest.sources.base import FilesConfig, Place
from headrace.ingest.sources.commits import commit_times_us
from headrace.ingest.sources.opening import read_regular
from headrace.ingest.sources.patterns import Choice, Glob, has_magic, split_base
from headrace.ingest.sources.uris import escape, file_uri, quote_path, relative
from headrace.ingest.sources.walk import Found, Selection, Walk
from headrace.records.document import Content, Listing, Observation, SourceFailure, SourceItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """What a configured path means on this machine."""

    base: str
    """Absolute path of the folder or file."""
    glob: Glob | None
    """What below it is meant; None for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The files that a path means now."""

    files: list[Found]
    failures: list[SourceFailure]
    reasons: list[str]
    """Why something may be missing; empty when all was seen."""
    inside: str
    """Real path that every file must lie in."""
    uri_of: Callable[[str], str]
    """The URI of a path relative to the base."""


class FilesSource:
    """Lists files by their status alone; their bytes are read on demand."""

    def __init__(self, config: FilesConfig, *, place: Place) -> None:
        self.config = config
        self._root = os.path.abspath(place.root)
        self._include, self._exclude = Choice.of(config.include), Choice.of(config.exclude)

    @property
    def name(self) -> str:
        """The configured path."""
        return self.config.path

    def list(self, known: Mapping[str, Observation]) -> Listing:
        """Every file that is there now; complete unless the base or a folder could not be read."""
        gathered = gather(self.name, root=self._root, include=self._include, exclude=self._exclude)
        commits = self._commits(gathered)
        items = [
            self._item(found, gathered, commits) for found in gathered.files if self._fits(found, gathered)
        ]
        items.sort(key=lambda item: item.uri)
        return Listing(
            source=self.name,
            items=items,
            complete=not gathered.reasons,
            reason="; ".join(gathered.reasons[:5]),
            failures=gathered.failures,
        )

    def _fits(self, found: Found, gathered: Gathered) -> bool:
        size = found.status.st_size
        if size <= self.config.max_bytes:
            return True
        problem = f"has {size} bytes; at most {self.config.max_bytes} are read (max_bytes of the source)"
        gathered.failures.append(SourceFailure(document=gathered.uri_of(found.relative), error=problem))
        return False

    def _commits(self, gathered: Gathered) -> Mapping[str, int]:
        if self.config.dates != "git" or not os.path.isdir(gathered.inside):
            return {}
        try:
            return commit_times_us(gathered.inside)
        except ReadError as error:
            problem = f'dates = "git": {error.message}; the times of the files are used'
            gathered.failures.append(SourceFailure(document=self.name, error=problem, keeps=False))
            return {}

    def _item(self, found: Found, gathered: Gathered, commits: Mapping[str, int]) -> SourceItem:
        status = found.status
        return SourceItem(
            uri=gathered.uri_of(found.relative),
            stamp=f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}:{status.st_ctime_ns}",
            read=partial(self._read, found.path, gathered.inside, found.linked),
            size_bytes=status.st_size,
            modified_at_us=commits.get(found.relative, status.st_mtime_ns // 1000),
        )

    def _read(self, path: str, inside: str, linked: bool) -> Content:
        return Content(data=read_regular(path, inside=inside, linked=linked, max_bytes=self.config.max_bytes))


def gather(path: str, *, root: str, include: Choice, exclude: Choice) -> Gathered:
    """Find the files that a configured path (folder, file or glob) means."""
    located = locate(path, root=root)
    base = located.base
    uri = file_uri(base, root=root)
    try:
        inside = os.path.realpath(base, strict=True)
        status = os.stat(inside)
    except OSError as error:
        reason = f"{path!r} cannot be read: {error.strerror or error}"
        return Gathered(files=[], failures=[], reasons=[reason], inside=base, uri_of=lambda _: uri)
    if stat.S_ISDIR(status.st_mode):
        uri_of = _namer(base, root=root)
        selection = Selection(glob=located.glob, include=include, exclude=exclude)
        walk = Walk(base, selection=selection, uri_of=uri_of).run()
        return Gathered(
            files=walk.files, failures=walk.failures, reasons=walk.reasons, inside=inside, uri_of=uri_of
        )
    if located.glob is None and stat.S_ISREG(status.st_mode):
        found = Found("", base, status, os.path.islink(base))
        return Gathered(files=[found], failures=[], reasons=[], inside=inside, uri_of=lambda _: uri)
    reason = f"{path!r} is neither a folder nor a regular file"
    return Gathered(files=[], failures=[], reasons=[reason], inside=base, uri_of=lambda _: uri)


def locate(path: str, *, root: str) -> Located:
    """Make a configured path absolute; what exists under the very name is no glob."""
    full = os.path.join(root, os.path.expanduser(path))
    glob: Glob | None = None
    if has_magic(path) and not os.path.lexists(full):
        full, pattern = split_base(full)
        glob = Glob.of(pattern)
    # `..` after a symbolic link means the parent of its target, which only the file system knows.
    base = os.path.realpath(full) if ".." in full.split("/") else os.path.normpath(full)
    inside = relative(base, root=root)
    if inside is None:
        inside = relative(base, root=os.path.realpath(root))
    return Located(base=base if inside is None else os.path.join(root, inside), glob=glob)


def _namer(base: str, *, root: str) -> Callable[[str], str]:
    """The function that names a path below `base`; the part that all share is worked out once."""
    below = base.rstrip("/") + "/"
    prefix = file_uri(below + "x", root=root)[:-1]
    encode = escape if relative(below + "x", root=root) is not None else quote_path
    return lambda path: prefix + encode(path)
