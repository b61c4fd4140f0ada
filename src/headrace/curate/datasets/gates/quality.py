"""Gates of documents on the texts of rows, sizes of classes, and how much of it models wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headrace.curate.datasets import texts
from headrace.curate.datasets.columns import Rows
from headrace.curate.datasets.gates.base import Incoming, answer
from headrace.ingest.gates.base import documents_schema
from headrace.ingest.gates.builtin import gate_class
from headrace.ingest.gates.running import run_gate
from headrace.records.datasets import DatasetCheck

_BATCH = 8_192
_TOGETHER = 128
_FINDING = ("secrets", "personal_data")
"""Gates that fail where they find anything."""


def quality(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Let gates of documents judge the texts of each row."""
    action = incoming.gates.quality
    if action == "off" or not len(incoming.rows):
        return
    for name in incoming.gates.checks:
        gate: Any = gate_class(name)()
        failed: list[tuple[str, str]] = []
        for whole in _documents(incoming.rows, incoming.now_us):
            batch = _suspects(gate, whole) if name in _FINDING else whole
            for key, verdict in zip(batch["document"].to_pylist(), run_gate(gate, batch), strict=True):
                if verdict.verdict != "pass":
                    failed.append((key, verdict.reason or verdict.verdict))
        said = f"{len(failed):,} of {len(incoming.rows):,} rows fail"
        said += f": {failed[0][1]}" if failed else ""
        yield answer(
            name, action, said, failed=bool(failed), rows=len(failed), keys=[key for key, _ in failed]
        )


def classes(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Hold the number of rows of each class against the fewest that are wanted."""
    gates = incoming.gates
    if gates.label is None or gates.classes == "off":
        return
    column = incoming.after["columns"].get(gates.label)
    if column is None or column["values"] is None:
        said = (
            f"the column {gates.label!r} is not there"
            if column is None
            else f"{gates.label!r} has too many values"
        )
        yield answer("classes", gates.classes, said, failed=True, column=gates.label)
        return
    few = {value: count for value, count in column["values"].items() if count < gates.min_class_rows}
    told = ", ".join(f"{json.loads(value)!r} {count:,}" for value, count in sorted(few.items())[:5])
    said = (
        f"classes with fewer than {gates.min_class_rows} rows: {told}"
        if few
        else f"{len(column['values'])} classes"
    )
    yield answer("classes", gates.classes, said, failed=bool(few), column=gates.label, rows=sum(few.values()))


def depth(incoming: Incoming) -> Iterator[DatasetCheck]:
    """Refuse unedited model output of too many generations, and too much of it."""
    gates = incoming.gates
    if gates.depth == "off" or not len(incoming.rows):
        return
    deep = sum(count for level, count in incoming.profile["depths"].items() if int(level) > gates.max_depth)
    if deep:
        keys = [
            key
            for key, level in zip(
                incoming.rows.keys.to_pylist(), incoming.rows.depths.to_pylist(), strict=True
            )
            if level > gates.max_depth
        ]
        said = (
            f"{deep:,} rows have more than {gates.max_depth} generations of unedited model output behind them"
        )
        yield answer("depth", gates.depth, said, failed=True, rows=deep, keys=keys)
    share = synthetic_share(incoming.after)
    said = f"{share:.0%} of the rows are unedited model output; {gates.max_synthetic:.0%} may be"
    if share > gates.max_synthetic:
        yield answer("depth", gates.depth, said, failed=True, rows=incoming.after["rows"])
    elif not deep:
        yield answer("depth", gates.depth, said, failed=False, rows=incoming.after["rows"])


def synthetic_share(profile: Any) -> float:
    """The share of rows with a depth over 0."""
    made = sum(count for level, count in profile["depths"].items() if int(level) > 0)
    return made / profile["rows"] if profile["rows"] else 0.0


def _suspects(gate: Any, batch: Any) -> Any:
    """The documents that may fail: many are looked at as one text first, which costs less.

    Whatever a gate finds in a text, it finds something in a text that has it inside.
    """
    import pyarrow as pa

    told = batch["text"].to_pylist()
    joined = ["\n\n".join(told[start : start + _TOGETHER]) for start in range(0, len(told), _TOGETHER)]
    groups = batch.slice(0, len(joined)).set_column(
        1, batch.schema.field(1), pa.array(joined, batch.schema.field(1).type)
    )
    verdicts = run_gate(gate, groups)
    bad = [number for number, verdict in enumerate(verdicts) if verdict.verdict != "pass"]
    places = [
        place
        for number in bad
        for place in range(number * _TOGETHER, min((number + 1) * _TOGETHER, len(told)))
    ]
    return batch.take(pa.array(places, pa.int64()))


def _documents(rows: Rows, now_us: int) -> Iterator[Any]:
    import numpy as np
    import pyarrow as pa

    schema = documents_schema()
    for start in range(0, len(rows), _BATCH):
        some = rows if len(rows) <= _BATCH else rows.take(np.arange(start, min(start + _BATCH, len(rows))))
        told = texts.of_rows(some)
        columns = {
            "document": some.keys,
            "text": told,
            "kind": ["text"] * len(told),
            "media_type": ["text/plain"] * len(told),
            "title": [None] * len(told),
            "warnings": [[] for _ in told],
            "revision": [None] * len(told),
            "size_bytes": [len(text) for text in told],
            "modified_at_us": [None] * len(told),
            "now_us": [now_us] * len(told),
        }
        arrays = [
            column.cast(field.type) if isinstance(column, pa.Array) else pa.array(column, field.type)
            for field, column in ((field, columns[field.name]) for field in schema)
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
