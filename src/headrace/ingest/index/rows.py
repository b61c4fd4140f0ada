"""Rows of whole documents, read back from the table of a generation to be written again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.ingest.index.schema import metadata_json, quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.ledger.columnar.table import ColumnarTable
    from headrace.records.document import Value

_IN_LIST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRows:
    """Every chunk of some documents with all columns, in the order of document and position."""

    rows: pa.Table
    spans: Mapping[str, slice]
    """Which rows are whose."""

    def keys_of(self, uri: str) -> tuple[list[str], list[str]]:
        """Chunk ids and text hashes of a document in its order; empty for one without chunks."""
        span = self.spans.get(uri, slice(0, 0))
        part = self.rows.slice(span.start, span.stop - span.start)
        return part["chunk_id"].to_pylist(), part["text_hash"].to_pylist()


def rows_of(table: ColumnarTable, uris: Sequence[str]) -> DocumentRows:
    """Read the rows of documents at the newest version."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = []
    for start in range(0, len(uris), _IN_LIST):
        listed = ", ".join(quoted(uri) for uri in uris[start : start + _IN_LIST])
        parts.append(table.head().to_table(filter=f"document IN ({listed})"))
    rows = pa.concat_tables(parts)
    keys = [("document", "ascending"), ("position", "ascending")]
    rows = rows.take(pc.sort_indices(rows.select(["document", "position"]), sort_keys=keys))
    return DocumentRows(rows=rows, spans=_spans(rows["document"].to_pylist()))


def _spans(documents: Sequence[str]) -> dict[str, slice]:
    """The run of each document among rows that are sorted by it."""
    spans: dict[str, slice] = {}
    for place, uri in enumerate(documents):
        begin = spans[uri].start if uri in spans else place
        spans[uri] = slice(begin, place + 1)
    return spans


def with_metadata(rows: pa.Table, metadata: Mapping[str, Mapping[str, Value]]) -> pa.Table:
    """The rows with other metadata, given by document."""
    import pyarrow as pa

    texts = {uri: metadata_json(values) for uri, values in metadata.items()}
    column = pa.array([texts[uri] for uri in rows["document"].to_pylist()], type=pa.json_())
    place = rows.schema.get_field_index("metadata")
    return rows.set_column(place, rows.schema.field(place), column)
