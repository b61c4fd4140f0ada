"""Exports: what of a version may go out now, in a shape that others read, with a manifest of every file.

Consent is asked as of now, whatever the age of the version; rows that hold an eval case stay in; both are
counted. A folder is written under another name, synced and renamed, so it is whole or not there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from headrace.curate.datasets import columns, splits, staging, versions, writing
from headrace.curate.datasets.columns import Rows
from headrace.curate.datasets.formats import SHAPES
from headrace.curate.datasets.gates import contamination
from headrace.curate.datasets.parts import DatasetParts
from headrace.errors import UsageError
from headrace.ledger import consents, leases
from headrace.ledger import datasets as book
from headrace.ledger.consents import PURPOSES, Purpose
from headrace.ledger.datasets import Dataset, Export
from headrace.ledger.durability import fsync_path, make_folder
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest_bytes
from headrace.records.datasets import ExportFile, ExportReport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMATS = (*SHAPES, "rows", "parquet", "huggingface")
WHOLE = "data"
"""Name of the one file of a dataset without splits."""
_WRITTEN = declare("dataset.export_written")


class Chosen(NamedTuple):
    """What may go out of a version."""

    rows: Rows
    split: list[str]
    """Of each row; `data` where there are none."""
    withheld: dict[str, int]


def export(
    parts: DatasetParts,
    name: str,
    out: Path,
    *,
    format: str,  # noqa: A002 - the word of the command line and the API
    purpose: str,
    version: str | None = None,
    split: Sequence[str] = (),
) -> ExportReport:
    """Write a version into a folder. Raises NotFoundError, UsageError."""
    if format not in FORMATS or purpose not in PURPOSES:
        wrong, allowed = ("format", FORMATS) if format not in FORMATS else ("purpose", PURPOSES)
        raise UsageError(
            f"There is no {wrong} {(format if wrong == 'format' else purpose)!r}.",
            hint=f"Allowed: {', '.join(allowed)}.",
        )
    # Nothing is erased meanwhile, so that no export comes to be of rows that are gone.
    with leases.held(parts.ledger, book.LEASE, wait_seconds=staging.WAIT_SECONDS):
        return _export(parts, name, out, form=format, purpose=purpose, version=version, split=split)


def _export(
    parts: DatasetParts,
    name: str,
    out: Path,
    *,
    form: str,
    purpose: Purpose,
    version: str | None,
    split: Sequence[str],
) -> ExportReport:
    found = versions.find(parts, name, version)
    dataset = staging.require(parts, name)
    chosen = choose(parts, dataset, found, purpose=purpose, split=split)
    target = out / f"{name}.jsonl" if form == "few-shot" else out
    _check_free(target)
    report = ExportReport(
        export=digest_bytes("export", secrets.token_bytes(32)),
        dataset=name,
        version=found.id,
        format=form,
        purpose=purpose,
        rows=0,
        withheld=chosen.withheld,
        splits={},
        files=(),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        folder=str(out.absolute()),
    )
    make_folder(out.parent if form != "few-shot" else out)
    folder = target.parent / f".{target.name}.{secrets.token_hex(4)}.part"
    folder.mkdir()
    try:
        report = _fill(folder, report, chosen, dataset)
        _place(folder, target, report, single=form == "few-shot")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    fire(_WRITTEN)
    kept = Export(report.export, name, found.id, 0, parts.actor, json.dumps(dataclasses.asdict(report)))
    parts.ledger.write(lambda tx: book.add_export(tx, kept))
    return report


def choose(
    parts: DatasetParts,
    dataset: Dataset,
    version: book.Version,
    *,
    purpose: Purpose,
    split: Sequence[str] = (),
) -> Chosen:
    """The rows of a version that may serve a purpose now, and why the others may not."""
    import numpy as np
    import pyarrow as pa

    pack, erased = versions.all_rows(parts, version)
    rows = pack.rows
    names = splits.splits_of(rows, salt=dataset.salt, shares=dataset.splits)
    if split and not set(split) <= set(dataset.splits):
        raise UsageError(
            f"The dataset has no split {sorted(set(split) - set(dataset.splits))[0]!r}.",
            hint=f"Splits: {', '.join(dataset.splits) or 'none'}.",
        )
    withheld: Counter[str] = Counter(erased=erased)
    stay = ~allowed(parts, rows, purpose)
    withheld["consent"] = int(stay.sum())
    if purpose == "training":
        with parts.ledger.read() as conn:
            held_out = list(parts.held_out(conn))
        dirty = np.zeros(len(rows), dtype=bool)
        dirty[[hit.row for hit in contamination.find(rows, held_out)]] = True
        withheld["contaminated"] = int((dirty & ~stay).sum())
        stay |= dirty
    if split:
        other = np.array([name not in split for name in names], dtype=bool)
        withheld["another split"] = int((other & ~stay).sum())
        stay |= other
    at = np.flatnonzero(~stay)
    return Chosen(
        rows=rows.take(pa.array(at)),
        split=[names[place] or WHOLE for place in at.tolist()],
        withheld={reason: count for reason, count in withheld.items() if count},
    )


def allowed(parts: DatasetParts, rows: Rows, purpose: Purpose) -> NDArray[np.bool_]:
    """Whether the user of each row allows a purpose now; rows of nobody are allowed."""
    import numpy as np
    import pyarrow.compute as pc

    subjects = [subject for subject in pc.unique(rows.subjects).to_pylist() if subject is not None]
    with parts.ledger.read() as conn:
        yes = consents.allowed(conn, subjects, purpose)
    if len(yes) == len(subjects):
        return np.ones(len(rows), dtype=bool)
    return np.array([subject is None or subject in yes for subject in rows.subjects.to_pylist()], dtype=bool)


def _fill(folder: Path, report: ExportReport, chosen: Chosen, dataset: Dataset) -> ExportReport:
    import numpy as np
    import pyarrow as pa

    withheld = Counter(chosen.withheld)
    files: list[ExportFile] = []
    counts: Counter[str] = Counter()
    names = list(dict.fromkeys(chosen.split)) or [WHOLE]
    if report.format == "few-shot":
        chosen, names = chosen._replace(split=[dataset.name] * len(chosen.split)), [dataset.name]
    shape = SHAPES.get(report.format)
    for name in names:
        at = np.array([place for place, split in enumerate(chosen.split) if split == name], dtype=np.int64)
        some = chosen.rows.take(pa.array(at)) if len(names) > 1 else chosen.rows
        path = writing.path_of(report.format, name)
        (folder / path).parent.mkdir(exist_ok=True)
        if shape is not None:
            written = writing.write_shape(folder / path, columns.fields_of(some), shape)
        elif report.format == "rows":
            written = writing.write_rows(folder / path, some)
        else:
            written = writing.write_parquet(folder / path, some)
        withheld["not in this shape"] += len(some) - written
        counts[name] += written
        files.append(_file(folder, path, written))
    files += [
        _file(folder, path, 0) for path in writing.describe(folder, report, dataset, chosen.rows, files)
    ]
    report = dataclasses.replace(
        report,
        rows=sum(counts.values()),
        withheld={reason: count for reason, count in withheld.items() if count},
        splits=dict(counts),
        files=tuple(files),
    )
    manifest = json.dumps(dataclasses.asdict(report) | {"folder": "."}, indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(manifest + "\n", encoding="utf-8")
    return report


def _file(folder: Path, path: str, rows: int) -> ExportFile:
    data = (folder / path).read_bytes()
    return ExportFile(path=path, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), rows=rows)


def _check_free(target: Path) -> None:
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise UsageError(
            f"{str(target)!r} is there already, and an export overwrites nothing.",
            hint="Name another place with --out, or remove it.",
        )


def _place(folder: Path, target: Path, report: ExportReport, *, single: bool) -> None:
    """Sync what was written and put it where it belongs."""
    for path in sorted(folder.rglob("*"), reverse=True):
        fsync_path(path)
    fsync_path(folder)
    if single:
        os.replace(folder / "manifest.json", target.with_suffix(".manifest.json"))
        os.replace(folder / report.files[0].path, target)
    else:
        if target.exists():
            target.rmdir()
        os.replace(folder, target)
    fsync_path(target.parent)
