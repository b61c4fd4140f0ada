"""Models, and the dataset versions they were trained on, both ways."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.curate.datasets import exporting, packs, versions
from headrace.curate.datasets.parts import DatasetParts
from headrace.curate.datasets.tree import TreeReader
from headrace.errors import NotFoundError, UsageError
from headrace.ledger import datasets as book
from headrace.ledger import models as register
from headrace.ledger.models import Data, Model
from headrace.records.datasets import ModelData, ModelDataReport, ModelList, ModelReport
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")


def register_model(
    parts: DatasetParts,
    name: str,
    *,
    data: Sequence[str] = (),
    hyperparameters: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    parent: str | None = None,
    external: bool = False,
) -> ModelReport:
    """Record what made a model. `data` are exports (`export_…`), or `NAME@VERSION`.

    Raises NotFoundError, UsageError.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a model.", hint="Letters, digits and '. _ : / -', at most 128."
        )
    if not data and not external and parent is None:
        raise UsageError(
            f"What was {name!r} trained on?",
            hint="Name data with --data NAME@VERSION or an export; --external for a model from elsewhere.",
        )
    found = [_data(parts, name, ref) for ref in data]
    body = {
        "external": external,
        "hyperparameters": dict(hyperparameters or {}),
        "metrics": dict(metrics or {}),
    }
    with parts.ledger.read() as conn:
        if parent is not None and register.get(conn, parent) is None:
            known = [model.name for model in register.all_models(conn)]
            raise NotFoundError(
                "model", parent, known=known, hint="Register the parent first, --external if need be."
            )
    parts.ledger.write(
        lambda tx: register.put(tx, name, parent=parent, actor=parts.actor, body=body, data=found)
    )
    return show(parts, name)


def show(parts: DatasetParts, name: str) -> ModelReport:
    """One model. Raises NotFoundError."""
    with parts.ledger.read() as conn:
        model = register.get(conn, name)
        known = [] if model else [item.name for item in register.all_models(conn)]
        data = register.data_of(conn, model.name) if model else []
    if model is None:
        raise NotFoundError("model", name, known=known, hint="headrace model list")
    return _report(parts, model, data, deep=True)


def list_models(parts: DatasetParts) -> ModelList:
    """Every model."""
    with parts.ledger.read() as conn:
        found = [(model, register.data_of(conn, model.name)) for model in register.all_models(conn)]
    return ModelList(models=tuple(_report(parts, model, data, deep=False) for model, data in found))


def data_of(parts: DatasetParts, ref: str) -> ModelDataReport:
    """What made a model with its parents; or every model that was made of `dataset:NAME` or a version."""
    with parts.ledger.read() as conn:
        names = _lineage(conn, ref) if register.get(conn, ref) is not None else _made_of(conn, ref)
    return ModelDataReport(ref=ref, models=tuple(show(parts, name) for name in names))


def _lineage(conn: Connection, name: str) -> list[str]:
    names: list[str] = []
    model = register.get(conn, name)
    while model is not None and model.name not in names:
        names.append(model.name)
        model = register.get(conn, model.parent) if model.parent else None
    return names


def _made_of(conn: Connection, ref: str) -> list[str]:
    name = ref.removeprefix("dataset:")
    if book.get(conn, name) is not None:
        wanted = [entry.version for entry in book.commits(conn, name) if entry.version]
    elif book.get_version(conn, ref) is not None:
        wanted = [ref]
    else:
        raise NotFoundError(
            "model, version or dataset", ref, hint="headrace model list; headrace dataset list"
        )
    return register.trained_on(conn, wanted)


def _data(parts: DatasetParts, model: str, ref: str) -> Data:
    if ref.startswith("export_"):
        with parts.ledger.read() as conn:
            export = next((item for item in book.exports(conn) if item.id == ref), None)
        if export is None:
            raise NotFoundError("export", ref, hint="`manifest.json` of an export names it.")
        return Data(model, export.dataset, export.version, export.id)
    name, _, version = ref.partition("@")
    return Data(model, name, versions.find(parts, name, version or None).id, None)


def _report(parts: DatasetParts, model: Model, data: Sequence[Data], *, deep: bool) -> ModelReport:
    told, erased, withdrawn = [], 0, 0
    for item in data:
        with parts.ledger.read() as conn:
            version = book.get_version(conn, item.version)
        if version is None:
            continue
        told.append(
            ModelData(dataset=item.dataset, version=item.version, export=item.export, rows=version.rows)
        )
        erased += version.rows - int(version.profile["rows"])
        withdrawn += _withdrawn(parts, version) if deep else 0
    return ModelReport(
        model=model.name,
        external=bool(model.body["external"]),
        data=tuple(told),
        hyperparameters=model.body["hyperparameters"],
        metrics=model.body["metrics"],
        parent=model.parent,
        actor=model.actor,
        at=rfc3339(model.at_us),
        erased_rows=erased,
        withdrawn_rows=withdrawn,
    )


def _withdrawn(parts: DatasetParts, version: book.Version) -> int:
    """Rows whose users do not allow training now."""
    if not version.profile["subjects"]:
        return 0
    reader = TreeReader(parts.files)
    entries = reader.entries(versions.leaves_of(reader, version), erased=False)
    rows = packs.only_subjects(parts.files, reader.names, entries)
    return int((~exporting.allowed(parts, rows, "training")).sum())
