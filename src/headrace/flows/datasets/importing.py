"""Rows of files into the staging area of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headrace.curate.datasets import columns, staging
from headrace.curate.datasets.parts import DatasetParts
from headrace.curate.datasets.reading import Reading, read_files
from headrace.records.datasets import ImportReport


def import_files(
    parts: DatasetParts,
    name: str,
    paths: Sequence[Path],
    *,
    key: str | None,
    group: str | None,
    subject: str | None,
    depth: int,
) -> ImportReport:
    """Read every file, then stage all of it."""
    staging.require(parts, name)
    read = list(read_files(paths, Reading(key=key, group=group, subject=subject, depth=depth)))
    rows = columns.concat([rows for _, rows in read]) if read else columns.nothing()
    report = staging.add_rows(parts, name, rows)
    return ImportReport(
        dataset=name,
        rows=report.rows,
        kept_out=report.kept_out,
        staged=report.staged,
        files=tuple(str(path) for path, _ in read),
    )
