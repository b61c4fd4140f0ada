"""Writes rows as files of an export."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.curate.datasets import croissant
from headrace.curate.datasets.columns import Column, Rows, is_missing, python_values, to_inputs
from headrace.curate.datasets.formats import Shape
from headrace.curate.datasets.reading import LOSSLESS
from headrace.curate.datasets.values import to_json
from headrace.ledger.datasets import Dataset
from headrace.records.datasets import ExportFile, ExportReport

_README = """\
---
configs:
- config_name: default
  data_files:
{files}
---

# {name}

{description}

Version `{version}`, {rows:,} rows, for {purpose}. Made by Headrace; `manifest.json` has the hash of each
file and says what was withheld, `croissant.json` describes the columns.
"""


def path_of(form: str, split: str) -> str:
    """Where the rows of a split go."""
    if form == "parquet":
        return f"{split}.parquet"
    return f"data/{split}-00000-of-00001.parquet" if form == "huggingface" else f"{split}.jsonl"


def write_shape(path: Path, rows: Sequence[Mapping[str, Any]], shape: Shape) -> int:
    """Lines of those rows that have the shape; returns how many."""
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for fields in rows:
            line = shape(fields)
            if line is not None:
                file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
                written += 1
    return written


def write_rows(path: Path, rows: Rows) -> int:
    """Every row with all that is known of it, so that reading it back gives the same row."""
    with path.open("w", encoding="utf-8") as file:
        for row in to_inputs(rows):
            line: dict[str, Any] = {"key": row.key, "fields": to_json(dict(row.fields))}
            line |= {"group": row.group} if row.group is not None else {}
            line |= {"subject": row.subject} if row.subject is not None else {}
            line |= {"depth": row.depth} if row.depth else {}
            line |= {"provenance": dict(row.provenance)} if row.provenance else {}
            file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
    return len(rows)


def write_parquet(path: Path, rows: Rows) -> int:
    """Plain columns under their own names; the metadata of the file tell what Parquet cannot."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table: dict[str, Any] = {}
    told: dict[str, Any] = {"any": [], "missing": {}, "own": {}}
    taken = {column.name for column in rows.columns}
    own = {"key": rows.keys, "group": rows.groups, "subject": rows.subjects, "depth": rows.depths}
    for name, values in (own | {"provenance": rows.provenance}).items():
        if name in ("group", "subject") and values.null_count == len(values):
            continue
        place = _free(name if name == "key" else f"_{name}", taken)
        told["own"][name], table[place] = place, values
        taken.add(place)
    for column in rows.columns:
        table[column.name] = _plain(column)
        if column.type == "any":
            told["any"].append(column.name)
        if column.missing is not None:
            place = _free(f"_missing_{column.name}", taken)
            told["missing"][column.name], table[place] = place, column.missing
            taken.add(place)
    made = pa.table(table).replace_schema_metadata({LOSSLESS: json.dumps(told).encode()})
    pq.write_table(made, path, compression="zstd")
    return len(rows)


def describe(
    folder: Path, report: ExportReport, dataset: Dataset, rows: Rows, files: Sequence[ExportFile]
) -> list[str]:
    """Metadata beside the data; returns their paths."""
    if report.format == "few-shot":
        return []
    kinds = _columns(report.format, rows)
    told = croissant.describe(
        report.dataset,
        version=report.version,
        description=dataset.description,
        files=files,
        columns=kinds,
        at=report.at,
    )
    (folder / "croissant.json").write_text(
        json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    if report.format != "huggingface":
        return ["croissant.json"]
    listed = "\n".join(f"  - split: {_split(file.path)}\n    path: {file.path}" for file in files)
    text = _README.format(
        files=listed,
        name=report.dataset,
        description=dataset.description or "Rows of a dataset.",
        version=report.version,
        rows=sum(file.rows for file in files),
        purpose=report.purpose,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
    info = {
        "dataset_name": report.dataset,
        "description": dataset.description,
        "version": {"version_str": "0.0.0", "description": report.version},
        "splits": {
            _split(file.path): {
                "name": _split(file.path),
                "num_bytes": file.size_bytes,
                "num_examples": file.rows,
            }
            for file in files
        },
    }
    (folder / "dataset_info.json").write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    return ["croissant.json", "README.md", "dataset_info.json"]


def _split(path: str) -> str:
    name = Path(path).stem.partition("-00000")[0]
    return "train" if name == "data" else name


def _columns(form: str, rows: Rows) -> dict[str, str]:
    if form in ("parquet", "huggingface"):
        return {"key": "text"} | {column.name: column.type for column in rows.columns}
    if form == "rows":
        return {"key": "text", "fields": "any"}
    shapes = {"sft": ("messages",), "dpo": ("prompt", "chosen", "rejected")}
    names = shapes.get(form, ("input", "preferred_output", "non_preferred_output"))
    return dict.fromkeys(names, "any")


def _plain(column: Column) -> Any:
    import pyarrow as pa

    if column.type != "any":
        return column.values
    cells = [
        None if is_missing(value) else json.dumps(to_json(value), ensure_ascii=False)
        for value in python_values(column)
    ]
    return pa.array(cells, pa.large_string())


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"_{name}"
    return name
