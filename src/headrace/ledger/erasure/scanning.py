"""Decode every file and table of a workspace, and count the canaries that are found in it."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from headrace.ledger.columnar.decoding import buffers, is_columnar
from headrace.ledger.erasure.patterns import OnePass, Patterns
from headrace.ledger.erasure.scope import Scope
from headrace.ledger.identity import digest
from headrace.ledger.storage.cleaning import vacuum
from headrace.ledger.storage.engine import make_engine, parse_url

_GZIP = b"\x1f\x8b"
_ZLIB = (b"x\x01", b"x\x9c", b"x\xda")
_ROWS = "data"
"""The folder of a Lance table in which its rows lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a workspace keeps things."""

    folders: Sequence[tuple[str, Path]]
    """Stores with their folders or files; the longest that fits a path names its store."""
    databases: Sequence[str] = ()
    """URLs of PostgreSQL databases, whose tables are read."""
    skipped: Sequence[Path] = ()
    """What is not part of the data: keys, and the list of erasures."""


@dataclass(slots=True, kw_only=True)
class Sightings:
    """What a scan saw."""

    bytes: int = 0
    """Decoded bytes that were looked through."""
    hits: Counter[str] = field(default_factory=Counter)
    """Store to canaries found in it, each counted once for each file or table."""
    files: dict[str, list[Path]] = field(default_factory=dict)
    """Store to the files in which something was found."""
    undecoded: list[Path] = field(default_factory=list)
    """Files of a compressed format that could not be decoded, such as what a killed writer left half."""

    @property
    def total(self) -> int:
        """All hits."""
        return sum(self.hits.values())

    def digest(self) -> str:
        """A name for the outcome."""
        return digest("scan", [self.bytes, dict(self.hits), len(self.undecoded)])


def scan(places: Places, scope: Scope) -> Sightings:
    """Look for the canaries of a scope everywhere."""
    patterns = Patterns(scope)
    sightings = Sightings()
    for store, path in _files(places):
        _scan_file(store, path, patterns, sightings)
    for url in places.databases:
        _scan_database(url, patterns.texts, sightings)
    return sightings


def prove(places: Places, scope: Scope) -> Sightings:
    """Look until something is seen in each store: what a later scan has to find gone it must be able to see.

    Files with rows are read first: they are seen soonest there.
    """
    patterns = Patterns(scope)
    sightings = Sightings()
    for store, path in sorted(_files(places), key=lambda pair: pair[1].parent.name != _ROWS):
        if store not in sightings.hits:
            _scan_file(store, path, patterns, sightings)
    for url in places.databases:
        _scan_database(url, patterns.texts, sightings)
    return sightings


def scan_and_vacuum(places: Places, scope: Scope) -> Sightings:
    """Scan; rewrite SQLite files in which something is left between the rows, and scan again."""
    sightings = scan(places, scope)
    files = {path for paths in sightings.files.values() for path in paths}
    for path in sorted(file for file in files if file.suffix == ".sqlite"):
        vacuum(path)
    return scan(places, scope) if files else sightings


def _scan_file(store: str, path: Path, patterns: Patterns, sightings: Sightings) -> None:
    seen: set[bytes] = set()
    try:
        for piece, wanted in _decoded(path, patterns):
            sightings.bytes += len(piece)
            seen |= wanted.found_in(piece)
    except (OSError, ValueError, EOFError, zlib.error):
        sightings.undecoded.append(path)
    if seen:
        sightings.hits[store] += len(seen)
        sightings.files.setdefault(store, []).append(path)


def _files(places: Places) -> Iterator[tuple[str, Path]]:
    roots = sorted({root for _, root in places.folders if root.exists()})
    tops = [root for root in roots if not any(other in root.parents for other in roots)]
    by_length = sorted(places.folders, key=lambda pair: -len(str(pair[1])))
    for top in tops:
        for path in sorted([top] if top.is_file() else top.rglob("*")):
            if path.is_file() and not any(_belongs(path, out) for out in places.skipped):
                yield next(name for name, root in by_length if _belongs(path, root)), path


def _belongs(path: Path, root: Path) -> bool:
    # SQLite keeps its log beside the file: ledger.sqlite-wal.
    return path == root or str(path).startswith((f"{root}/", f"{root}-"))


def _decoded(path: Path, patterns: Patterns) -> Iterator[tuple[bytes, OnePass]]:
    """The bytes of a file, raw and decoded, each with the patterns that can stand in them."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return  # a temporary file that its writer has removed meanwhile
    yield data, patterns.all
    if is_columnar(path):
        for buffer in buffers(path):
            yield buffer.data, patterns.vectors if buffer.numbers else patterns.texts
    elif data.startswith(_GZIP):
        yield gzip.decompress(data), patterns.texts
    elif data.startswith(_ZLIB):
        yield zlib.decompress(data), patterns.texts


def _scan_database(url: str, texts: OnePass, sightings: Sightings) -> None:
    engine = make_engine(parse_url(url))
    with engine.connect() as connection:
        for table in _text_tables(connection):
            store = "events" if table.name.startswith("event_") else "ledger"
            seen: set[bytes] = set()
            rows = connection.execute(sa.select(*table.columns).execution_options(yield_per=1000))
            for data in (_bytes(value) for row in rows for value in row):
                sightings.bytes += len(data)
                seen |= texts.found_in(data)
            if seen:
                sightings.hits[store] += len(seen)
    engine.dispose()


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return str(value).encode("utf-8", "surrogatepass")


def _text_tables(connection: Any) -> list[sa.TableClause]:
    found: dict[str, list[str]] = {}
    rows = connection.exec_driver_sql(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c "
        "JOIN information_schema.tables t USING (table_schema, table_name) "
        "WHERE c.table_schema = current_schema() AND c.data_type IN ('text', 'bytea', 'json', 'jsonb') "
        "AND t.table_type = 'BASE TABLE' ORDER BY 1, c.ordinal_position"
    )
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return [sa.table(name, *map(sa.column, columns)) for name, columns in found.items()]
