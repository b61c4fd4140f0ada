"""Look for a text in everything a workspace keeps, without the program: by hand, format by format."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import lance
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from lance.file import LanceFileReader

KEYS = ("keys",)


def seen(root: Path, text: str, *, postgres: str | None = None) -> set[str]:
    """Kinds of places below a state folder, and tables of PostgreSQL, in which a text stands."""
    found = set()
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and inside.parts[0] not in KEYS and any(_holds(p, text) for p in _pieces(path)):
            found.add(kind(inside))
    for table in sorted(root.rglob("*.lance")):
        if table.is_dir() and any(text in piece for piece in _versions(table)):
            found.add(f"{kind(table.relative_to(root))} by version")
    if postgres is not None:
        found |= _tables(postgres, text)
    return found


def kind(path: Path) -> str:
    """The store that a path below the state folder belongs to."""
    parts = path.parts
    if parts[0] == "index":
        return parts[1]
    return "ledger" if parts[0].startswith("ledger.sqlite") else parts[0]


def _holds(data: bytes, text: str) -> bool:
    return text.encode() in data or json.dumps(text)[1:-1].encode() in data


def _pieces(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if path.name == "half.lance":
        return
    if path.suffix in (".lance", ".idx"):
        for batch in LanceFileReader(str(path)).read_all().to_batches():
            yield repr([column.to_pylist() for column in batch.columns]).encode("utf-8", "replace")
    elif path.suffix == ".parquet":
        yield repr(pq.read_table(path).to_pylist()).encode()
    elif data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    elif data[:2] in (b"x\x9c", b"x\xda", b"x\x01"):
        yield zlib.decompress(data)
    elif data.startswith(b"SQLite format 3"):
        yield from _rows(path)


def _rows(path: Path) -> Iterator[bytes]:
    connection = sqlite3.connect(path)
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            yield repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()).encode("utf-8", "replace")
    finally:
        connection.close()


def _versions(table: Path) -> Iterator[str]:
    newest = lance.dataset(str(table))
    tags: Sequence[Any] = [tag["version"] for tag in newest.tags.list().values()]
    for version in {*(item["version"] for item in newest.versions()), *tags}:
        rows = lance.dataset(str(table), version=version).to_table()
        yield repr(
            [column.to_pylist() for column in rows.columns if not pa.types.is_fixed_size_list(column.type)]
        )


def _tables(url: str, text: str) -> set[str]:
    engine = sa.create_engine(url.partition("?")[0])
    schema = url.rpartition("headrace_schema=")[2]
    found = set()
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names(schema=schema)
        for name in names:
            for row in connection.execute(sa.text(f'SELECT * FROM "{schema}"."{name}"')):
                shown = b" ".join(
                    bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row
                )
                if _holds(shown, text):
                    found.add(f"table {name}")
    engine.dispose()
    return found
