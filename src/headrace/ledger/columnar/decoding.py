"""Read the bytes inside a columnar file as they are once decoded, whatever version of a table names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_LANCE = (".lance", ".idx")
_ARROW = (".arrow",)
_PARQUET = (".parquet",)
_BATCH_ROWS = 65_536
_BEGINNINGS = {b"PAR1": ".parquet", b"ARROW1": ".arrow"}
"""How files begin that are named by their content alone."""


def is_columnar(path: Path) -> bool:
    """Whether a file is of a format that hides its texts from a plain search."""
    return _suffix(path) in (*_LANCE, *_ARROW, *_PARQUET)


class Buffer(NamedTuple):
    """The decoded bytes of a part of a column."""

    data: bytes
    numbers: bool
    """A column of numbers, such as vectors, in which no text can stand."""


def buffers(path: Path) -> Iterator[Buffer]:
    """Every buffer of every column. Raises OSError and ValueError for a file that cannot be read."""
    for batch in _batches(path):
        for column in batch.columns:
            numbers = _holds_numbers(column.type)
            for buffer in column.buffers():
                if buffer is not None and buffer.size:
                    yield Buffer(buffer.to_pybytes(), numbers)


def _holds_numbers(kind: Any) -> bool:
    import pyarrow as pa

    while pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        kind = kind.value_type
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _batches(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    suffix = _suffix(path)
    if suffix in _PARQUET:
        yield from pq.ParquetFile(path).iter_batches(batch_size=_BATCH_ROWS)
    elif suffix in _ARROW:
        with pa.ipc.open_file(path) as reader:
            yield from (reader.get_batch(index) for index in range(reader.num_record_batches))
    else:
        from lance.file import LanceFileReader

        yield from LanceFileReader(str(path)).read_all(batch_size=_BATCH_ROWS).to_batches()


def _suffix(path: Path) -> str:
    if path.suffix:
        return path.suffix
    try:
        with path.open("rb") as file:
            start = file.read(6)
    except FileNotFoundError:
        return ""  # its writer has removed it meanwhile
    return next((suffix for magic, suffix in _BEGINNINGS.items() if start.startswith(magic)), "")
