"""The list of erasures beside the ledger: what a restored backup must do again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from headrace.ledger.durability import fsync_path, make_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One erasure, or one permission to come back, in keyed hashes."""

    erasure: str
    action: str
    """`forget` or `allow`."""
    adds: tuple[str, ...]
    """Keyed hashes that count from then on."""
    removes: tuple[str, ...]
    """Keyed hashes that count no more."""
    time_us: int


class Journal:
    """An append-only file of JSON lines; a torn last line, from a power cut, is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, entry: Entry) -> None:
        """Add an entry; it is durable when this returns."""
        make_folder(self._path.parent)
        line = json.dumps(asdict(entry), separators=(",", ":")).encode() + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, (b"\n" if self._torn() else b"") + line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fsync_path(self._path.parent)

    def entries(self) -> list[Entry]:
        """Every entry, oldest first."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                values = json.loads(line)
            except ValueError:
                continue  # torn or empty
            found.append(
                Entry(**{**values, "adds": tuple(values["adds"]), "removes": tuple(values["removes"])})
            )
        return found

    def _torn(self) -> bool:
        data = self._path.read_bytes()
        return bool(data) and not data.endswith(b"\n")
