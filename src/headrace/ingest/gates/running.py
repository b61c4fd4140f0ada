"""Runs declared gates in order over batches; a gate that fails itself is a verdict, never a lost document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.ingest.gates.base import Gate, documents_schema, verdict_schema
from headrace.ingest.gates.declared import DeclaredGate
from headrace.records.gates import Evidence, GateVerdict

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.records.document import ParsedDocument

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateInput:
    """One parsed document with what a gate may know of where it comes from."""

    document: str
    parsed: ParsedDocument
    size_bytes: int
    modified_at_us: int | None
    revision: str | None = None


def batch_of(documents: Sequence[GateInput], *, now_us: int) -> pa.RecordBatch:
    """The columns that gates read."""
    import pyarrow as pa

    columns = {
        "document": [_storable(item.document) for item in documents],
        "text": [_storable(item.parsed.text) for item in documents],
        "kind": [item.parsed.kind for item in documents],
        "media_type": [item.parsed.media_type for item in documents],
        "title": [_storable(item.parsed.title or "") or None for item in documents],
        "warnings": [[_storable(warning) for warning in item.parsed.warnings] for item in documents],
        "size_bytes": [item.size_bytes for item in documents],
        "modified_at_us": [item.modified_at_us for item in documents],
        "now_us": [now_us] * len(documents),
        "revision": [item.revision for item in documents],
    }
    schema = documents_schema()
    return pa.RecordBatch.from_arrays(
        [pa.array(columns[field.name], type=field.type) for field in schema], schema=schema
    )


def _storable(text: str) -> str:
    """Lone surrogates, which Arrow cannot hold, become U+FFFD; offsets stay."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def run_gates(gates: Iterable[DeclaredGate], documents: pa.RecordBatch) -> list[list[GateVerdict]]:
    """The verdicts of every gate, in their order, for each document in its order."""
    by_document: list[list[GateVerdict]] = [[] for _ in range(documents.num_rows)]
    for declared in gates:
        for verdicts, verdict in zip(by_document, run_gate(declared.gate, documents), strict=True):
            verdicts.append(verdict)
    return by_document


def run_gate(gate: Gate, documents: pa.RecordBatch) -> list[GateVerdict]:
    """The verdicts of one gate.

    Where it raises or gives something else than one verdict for each document, it is asked again document by
    document, so that only those it cannot judge get the verdict `error`.
    """
    try:
        return _plain(gate, _checked(gate(documents), documents.num_rows), documents)
    except Exception as error:  # noqa: BLE001 - a gate of the user may raise anything
        if documents.num_rows == 1:
            return [_error(gate, error)]
        return [
            verdict
            for row in range(documents.num_rows)
            for verdict in run_gate(gate, documents.slice(row, 1))
        ]


def _checked(given: pa.RecordBatch, rows: int) -> pa.RecordBatch:
    schema = verdict_schema()
    missing = [name for name in schema.names if name not in given.schema.names]
    if missing:
        raise ValueError(f"it gave no column {missing[0]!r}")
    if given.num_rows != rows:
        raise ValueError(f"it gave {given.num_rows} verdicts for {rows} documents")
    return given.select(schema.names).cast(schema)


def _plain(gate: Gate, given: pa.RecordBatch, documents: pa.RecordBatch) -> list[GateVerdict]:
    import pyarrow.compute as pc

    columns = (given[name].to_pylist() for name in verdict_schema().names)
    sizes = pc.utf8_length(documents["text"]).to_pylist()
    return [
        GateVerdict(
            gate=gate.name,
            version=gate.version,
            verdict="fail" if failed else "pass",
            score=score,
            reason=reason,
            evidence=_evidence(start, end, size),
        )
        for failed, score, reason, start, end, size in zip(*columns, sizes, strict=True)
    ]


def _evidence(start: int | None, end: int | None, size: int) -> Evidence | None:
    if start is None or end is None:
        return None
    if not 0 <= start <= end <= size:
        raise ValueError(f"its evidence {start}–{end} lies outside a text of {size} characters")
    return Evidence(start=start, end=end)


def _error(gate: Gate, error: Exception) -> GateVerdict:
    return GateVerdict(
        gate=gate.name,
        version=gate.version,
        verdict="error",
        score=None,
        reason=f"the gate failed: {type(error).__name__}: {error}",
        evidence=None,
    )
