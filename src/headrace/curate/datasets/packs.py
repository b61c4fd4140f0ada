"""Rows as Parquet: a column for each field under the name `<type>:<field>`, and one for where it is missing.

`missing:<field>` is there only where some row lacks the field. Groups of few rows, so that reading a few rows
of a large file reads little of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.curate.datasets.columns import Column, Rows, arrow_type
from headrace.curate.datasets.identity import HASH_BYTES

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.curate.datasets.entries import Entries, FileNames
    from headrace.curate.datasets.files import Files

GROUP_ROWS = 1_024
FILE_ROWS = 131_072
"""Most rows of one file."""
_MISSING = "missing"
_OWN = ("row", "key", "group", "depth", "subject", "provenance", "remove")


class Pack(NamedTuple):
    """Rows of a file with the names of their content."""

    rows: Rows
    ids: pa.Array
    """32 bytes each; null where the row is erased."""
    remove: pa.Array
    """True for a key that is to be removed; of staged rows."""


def write(pack: Pack) -> bytes:
    """The bytes of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    table = to_table(pack)
    dictionary = [name for name in table.column_names if name in ("group", "subject", "depth", "provenance")]
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=1,
        row_group_size=GROUP_ROWS,
        use_dictionary=dictionary,
        write_statistics=False,
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data


def to_table(pack: Pack) -> pa.Table:
    """The columns of the file."""
    import pyarrow as pa

    rows = pack.rows
    columns: dict[str, Any] = {
        "row": pack.ids,
        "key": rows.keys,
        "group": rows.groups,
        "depth": rows.depths,
        "subject": rows.subjects,
        "provenance": rows.provenance,
        "remove": pack.remove,
    }
    for column in rows.columns:
        columns[f"{column.type}:{column.name}"] = column.values
        if column.missing is not None:
            columns[f"{_MISSING}:{column.name}"] = column.missing
    return pa.table(columns)


def read(buffer: Any, places: Any | None = None) -> Pack:
    """Every row of a file, or those at some places in their order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(buffer))
    if places is None:
        return from_table(file.read())
    wanted = np.asarray(places, dtype=np.int64)
    size = file.metadata.row_group(0).num_rows  # as the file was written
    groups = np.unique(wanted // size)
    table = file.read_row_groups(groups.tolist())
    inside = np.searchsorted(groups, wanted // size) * size + wanted % size
    return from_table(table.take(pa.array(inside)))


def read_ids(buffer: Any) -> pa.Array:
    """Only the names of the rows' contents."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.read_table(pa.BufferReader(buffer), columns=["row"])["row"].combine_chunks()


def only_subjects(files: Files, names: FileNames, entries: Entries) -> Rows:
    """Rows with their user alone, in the order of files."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = [pa.array([], pa.large_string())]
    for number in np.unique(entries.files).tolist():
        table = pq.read_table(pa.BufferReader(files.open(names.names[number])), columns=["subject"])
        mine = pa.array(entries.places[entries.files == number])
        found.append(_flat(table["subject"]).take(mine).cast(pa.large_string()))
    subjects = pa.concat_arrays(found)
    none = pa.nulls(len(subjects), pa.large_string())
    depths = pa.nulls(len(subjects), pa.int32())
    return Rows(keys=none, columns=(), groups=none, depths=depths, subjects=subjects, provenance=none)


def from_table(table: pa.Table) -> Pack:
    """Rows of the columns of a file."""
    import pyarrow as pa

    table = table.combine_chunks()
    flat = {name: _flat(table[name]) for name in table.column_names}
    columns = []
    for name, values in flat.items():
        kind, separator, field = name.partition(":")
        if name in _OWN or not separator or kind == _MISSING:
            continue
        columns.append(
            Column(
                name=field,
                type=kind,
                values=values.cast(arrow_type(kind)),
                missing=flat.get(f"{_MISSING}:{field}"),
            )
        )
    rows = Rows(
        keys=flat["key"].cast(pa.large_string()),
        columns=tuple(sorted(columns, key=lambda column: column.name)),
        groups=flat["group"].cast(pa.large_string()),
        depths=flat["depth"].cast(pa.int32()),
        subjects=flat["subject"].cast(pa.large_string()),
        provenance=flat["provenance"].cast(pa.large_string()),
    )
    return Pack(rows, flat["row"].cast(pa.binary(HASH_BYTES)), flat["remove"])


def _flat(column: Any) -> Any:
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        return (
            column.chunk(0)
            if column.num_chunks == 1
            else pa.concat_arrays(column.chunks)
            if column.num_chunks
            else pa.array([], column.type)
        )
    return column
