"""Models and the dataset versions they were trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from headrace.ledger import artifacts, lineage
from headrace.ledger.lineage import Edge
from headrace.ledger.storage.rows import from_json, insert_new, to_json, upsert
from headrace.ledger.storage.tables.datasets import model_data, models

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.storage.writer import Write

TRAINED, TUNED = "trained_on", "tuned_from"


class Data(NamedTuple):
    """One version that a model was trained on."""

    model: str
    dataset: str
    version: str
    export: str | None


class Model(NamedTuple):
    """A registered model."""

    name: str
    artifact: str
    parent: str | None
    at_us: int
    actor: str
    body: Mapping[str, Any]
    """external, hyperparameters, metrics."""


def put(
    tx: Write, name: str, *, parent: str | None, actor: str, body: Mapping[str, Any], data: Sequence[Data]
) -> Model:
    """Register a model, with edges from what made it; an equal one is left as it is."""
    made_of = {"name": name, "parent": parent, **body, "data": [list(item[1:3]) for item in data]}
    artifact = artifacts.put(tx, "model", made_of)
    row = Model(name, artifact, parent, tx.now_us, actor, to_json(body))  # type: ignore[arg-type]  # as a column
    upsert(tx.conn, models, [row])
    tx.conn.execute(sa.delete(model_data).where(model_data.c.model == name))
    insert_new(tx.conn, model_data, list(data))
    edges = [Edge(source=item.version, target=artifact, activity=TRAINED) for item in data]
    above = None if parent is None else get(tx.conn, parent)
    if above is not None:
        edges.append(Edge(source=above.artifact, target=artifact, activity=TUNED))
    lineage.link(tx, edges)
    return row._replace(body=body)


def get(conn: Connection, name: str) -> Model | None:
    """A model by its name or id."""
    wanted = sa.or_(models.c.name == name, models.c.artifact == name)
    row = conn.execute(sa.select(models).where(wanted)).first()
    return None if row is None else Model(*row)._replace(body=from_json(row.body))


def all_models(conn: Connection) -> list[Model]:
    """Every model, by name."""
    rows = conn.execute(sa.select(models).order_by(models.c.name))
    return [Model(*row)._replace(body=from_json(row.body)) for row in rows]


def data_of(conn: Connection, model: str) -> list[Data]:
    """What a model was trained on."""
    statement = sa.select(model_data).where(model_data.c.model == model)
    return [
        Data(*row) for row in conn.execute(statement.order_by(model_data.c.dataset, model_data.c.version))
    ]


def trained_on(conn: Connection, versions: Sequence[str]) -> list[str]:
    """Models that were trained on one of these versions, and those tuned from them, by name."""
    wanted = set(versions)
    found = {row.model for row in conn.execute(sa.select(model_data)) if row.version in wanted}
    everything = all_models(conn)
    while more := {item.name for item in everything if item.parent in found} - found:
        found |= more
    return sorted(found)
