"""Names of rows: BLAKE2b-256 over the deterministic CBOR of `[fields, group, depth]`.

`row_ids` gives exactly what `ledger.identity.digest("row", [fields, group, depth])` gives for each row, but
builds the CBOR of a whole column at a time. So the name depends on neither the batch nor the order of
columns, and a missing field, null, "", NaN, 0, 0.0 and false all give different names.

An entry, which the tree of a version is made of, is BLAKE2b-256 over the CBOR of `[key, row hash]`.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from headrace.curate.datasets.columns import Column, Rows
from headrace.ledger.identity import encode

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

HASH_BYTES = 32
_BATCH = 65_536
_NULL = b"\xf6"


def row_ids(rows: Rows) -> pa.Array:
    """The 32 bytes that name the content of each row."""
    parts: list[bytes] = []
    for start in range(0, len(rows), _BATCH):
        parts += _hashes(_row_bytes(_slice(rows, start)))
    return _fixed(parts)


def entries(keys: pa.Array, ids: pa.Array) -> pa.Array:
    """The 32 bytes by which the tree names each key with its content."""
    import pyarrow as pa

    parts: list[bytes] = []
    for start in range(0, len(keys), _BATCH):
        some = keys.slice(start, _BATCH)
        hashes = ids.slice(start, _BATCH).cast(pa.binary()).cast(pa.large_binary())
        parts += _hashes(_join(_scalar(b"\x82"), _text_cells(some), _scalar(b"\x58\x20"), hashes))
    return _fixed(parts)


def row_name(raw: bytes) -> str:
    """The hash of a row as people see it."""
    from headrace.ledger.identity import _base32

    return f"row_{_base32(raw)}"


def _slice(rows: Rows, start: int) -> Rows:
    import numpy as np

    if len(rows) <= _BATCH:
        return rows
    return rows.take(np.arange(start, min(start + _BATCH, len(rows))))


def _row_bytes(rows: Rows) -> Any:
    import numpy as np
    import pyarrow as pa

    named = sorted(rows.columns, key=lambda column: (len(encode(column.name)), encode(column.name)))
    present = np.full(len(rows), len(named), dtype=np.int64)
    for column in named:
        if column.missing is not None:
            present -= column.missing.to_numpy(zero_copy_only=False).astype(np.int64)
    parts: list[Any] = [
        _scalar(b"\x83"),
        _heads(np.full(len(rows), 5, dtype=np.uint8), present.astype(np.uint64)),
    ]
    parts += [_named_cells(column) for column in named]
    parts.append(_or_null(_text_cells(rows.groups), rows.groups))
    parts.append(_integers(rows.depths.cast(pa.int64())))
    return _join(*parts)


def _named_cells(column: Column) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    joined = _join(_scalar(encode(column.name)), _cells(column))
    if column.missing is None:
        return joined
    return pc.if_else(column.missing, pa.scalar(b"", pa.large_binary()), joined)


def _cells(column: Column) -> Any:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    values = column.values
    if column.type == "any":
        return pc.fill_null(values, b"")
    if column.type == "text":
        cells = _text_cells(values)
    elif column.type == "bytes":
        cells = _join(_lengths(2, values), pc.fill_null(values, b""))
    elif column.type == "bool":
        cells = pc.if_else(
            pc.fill_null(values, False),
            pa.scalar(b"\xf5", pa.large_binary()),
            pa.scalar(b"\xf4", pa.large_binary()),
        )
    elif column.type == "int":
        cells = _integers(pc.fill_null(values, 0))
    else:
        cells = _floats(pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False).astype(np.float64))
    return _or_null(cells, values)


def _or_null(cells: Any, values: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not values.null_count:
        return cells
    return pc.if_else(pc.is_valid(values), cells, pa.scalar(_NULL, pa.large_binary()))


def _text_cells(values: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    raw = pc.fill_null(values.cast(pa.large_binary()), b"")
    return _join(_lengths(3, raw), raw)


def _lengths(major: int, values: Any) -> Any:
    import numpy as np
    import pyarrow.compute as pc

    sizes = pc.fill_null(pc.binary_length(values), 0).to_numpy(zero_copy_only=False).astype(np.uint64)
    return _heads(np.full(len(sizes), major, dtype=np.uint8), sizes)


def _integers(values: Any) -> Any:
    import numpy as np

    plain = values.to_numpy(zero_copy_only=False).astype(np.int64)
    negative = plain < 0
    return _heads(negative.astype(np.uint8), np.where(negative, -1 - plain, plain).astype(np.uint64))


def _heads(major: NDArray[np.uint8], values: NDArray[np.uint64]) -> Any:
    """Initial bytes of CBOR items: the major type, and a number in as few bytes as it needs."""
    import numpy as np

    limits = np.array([24, 1 << 8, 1 << 16, 1 << 32], dtype=np.uint64)
    size_class = np.searchsorted(limits, values, side="right")
    width = np.array([0, 1, 2, 4, 8])[size_class]
    info = np.where(size_class == 0, values, 23 + size_class.astype(np.uint64)).astype(np.uint8)
    return _ragged(
        ((major << 5) | info).astype(np.uint8), values.astype(">u8").view(np.uint8).reshape(-1, 8), width
    )


def _floats(values: NDArray[np.float64]) -> Any:
    """CBOR floats, each as short as keeps its value; every NaN is the same one."""
    import numpy as np

    nan = np.isnan(values)
    with np.errstate(over="ignore"):
        half, single = values.astype(np.float16), values.astype(np.float32)
    fits_half = (half.astype(np.float64) == values) | nan
    fits_single = single.astype(np.float64) == values
    width = np.where(fits_half, 2, np.where(fits_single, 4, 8))
    halves = np.where(nan, np.uint16(0x7E00), half.view(np.uint16)).astype(np.uint64)
    singles, doubles = single.view(np.uint32).astype(np.uint64), values.view(np.uint64)
    bits = np.where(fits_half, halves, np.where(fits_single, singles, doubles))
    first = np.where(fits_half, 0xF9, np.where(fits_single, 0xFA, 0xFB)).astype(np.uint8)
    return _ragged(first, bits.astype(">u8").view(np.uint8).reshape(-1, 8), width)


def _ragged(first: NDArray[np.uint8], body: NDArray[np.uint8], width: NDArray[Any]) -> Any:
    """One byte and the last `width` bytes of eight, for each row, as binary values."""
    import numpy as np
    import pyarrow as pa

    rows = len(first)
    table = np.empty((rows, 9), dtype=np.uint8)
    table[:, 0] = first
    table[:, 1:] = body
    wanted = np.arange(9)[None, :] > (8 - width)[:, None]
    wanted[:, 0] = True
    offsets = np.concatenate(([0], np.cumsum(width + 1))).astype(np.int64)
    data = table[wanted]
    return pa.Array.from_buffers(
        pa.large_binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    )


def _scalar(data: bytes) -> Any:
    import pyarrow as pa

    return pa.scalar(data, pa.large_binary())


def _join(*parts: Any) -> Any:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*parts, _scalar(b""))


def _hashes(values: Any) -> list[bytes]:
    import numpy as np

    if not len(values):
        return []
    _, offsets, data = values.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[values.offset : values.offset + len(values) + 1].tolist()
    view = memoryview(data) if data is not None else memoryview(b"")
    return [blake2b(view[start:end], digest_size=HASH_BYTES).digest() for start, end in pairwise(ends)]


def _fixed(parts: list[bytes]) -> Any:
    import pyarrow as pa

    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(HASH_BYTES), len(parts), [None, pa.py_buffer(b"".join(parts))]
    )
