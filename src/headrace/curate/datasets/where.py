"""Where a row came from, and which versions, exports and models hold it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headrace.curate.datasets import packs, staging, versions
from headrace.curate.datasets.identity import row_name
from headrace.curate.datasets.overview import rows_of
from headrace.curate.datasets.parts import DatasetParts
from headrace.errors import NotFoundError
from headrace.ledger import consents
from headrace.ledger import datasets as book
from headrace.ledger import models as register
from headrace.records.datasets import DatasetRow, ExportFile, ExportReport, RowPlace, RowWhere, WhereReport
from headrace.records.times import rfc3339

_MOST = 100


def where(parts: DatasetParts, ref: str, *, dataset: str | None = None) -> WhereReport:
    """Find a row by its key, its id (`row_…`), or every row of `subject:NAME`. Raises NotFoundError."""
    if dataset is not None:
        staging.require(parts, dataset)
    with parts.ledger.read() as conn:
        names = [dataset] if dataset is not None else book.names(conn)
    found: list[RowWhere] = []
    keys = _keys(parts, ref)
    for name in names:
        for key in keys:
            held = _one(parts, name, key)
            if held is not None and len(found) < _MOST:
                found.append(held)
    if not found:
        raise NotFoundError("row", ref, known=names, hint="Name a key, a row id (row_…), or subject:NAME.")
    return WhereReport(ref=ref, found=tuple(found))


def _keys(parts: DatasetParts, ref: str) -> list[str]:
    if ref.startswith("subject:"):
        name = ref.removeprefix("subject:").strip()
        wanted = {name, parts.keyring.subject(name)}
        return sorted(
            set(_scan(parts, lambda pack: [subject in wanted for subject in pack.rows.subjects.to_pylist()]))
        )
    if ref.startswith("row_"):
        told = _scan(
            parts, lambda pack: [raw is not None and row_name(raw) == ref for raw in pack.ids.to_pylist()]
        )
        return sorted(set(told)) or [ref]
    return [ref]


def _scan(parts: DatasetParts, wanted: Any) -> Iterator[str]:
    with parts.ledger.read() as conn:
        files = [file for file in book.files(conn, "live") if file.kind == "rows"]
    for file in files:
        pack = packs.read(parts.files.open(file.id))
        for key, hit in zip(pack.rows.keys.to_pylist(), wanted(pack), strict=True):
            if hit and key is not None:
                yield key


def _one(parts: DatasetParts, name: str, key: str) -> RowWhere | None:
    dataset = staging.require(parts, name)
    with parts.ledger.read() as conn:
        commits = [entry for entry in book.commits(conn, name) if entry.version is not None]
        known = {entry.version: book.get_version(conn, str(entry.version)) for entry in commits}
    places: list[RowPlace] = []
    newest: DatasetRow | None = None
    for entry in commits:
        version = known[entry.version]
        pack = versions.one(parts, version, key) if version is not None else None
        if version is None or pack is None:
            continue
        row = rows_of(pack, dataset)[0]
        newest = newest or row
        places.append(RowPlace(version=version.id, seq=entry.seq, at=rfc3339(entry.at_us), row=str(row.row)))
    if newest is None:
        return None
    holding = list(dict.fromkeys(place.version for place in places))
    subject = newest.subject
    with parts.ledger.read() as conn:
        exports = book.exports(conn, versions=holding)
        models = register.trained_on(conn, holding)
        consent: dict[str, bool] = {
            purpose: subject is None or subject in consents.allowed(conn, [subject], purpose)
            for purpose in consents.PURPOSES
        }
    return RowWhere(
        dataset=name,
        key=key,
        row=newest,
        consent=consent,
        versions=tuple(places),
        exports=tuple(export_report(item) for item in exports),
        models=tuple(models),
    )


def export_report(item: book.Export) -> ExportReport:
    """An export as it was recorded."""
    told = json.loads(item.report)
    return ExportReport(**{**told, "files": tuple(ExportFile(**file) for file in told["files"])})
