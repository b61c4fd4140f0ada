"""Physical indexes of a corpus, each built by one recipe. What they made visible is in `snapshots`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import sqlalchemy as sa

from headrace.errors import NotFoundError
from headrace.ledger.identity import digest_bytes
from headrace.ledger.storage.rows import from_json, storable, to_json
from headrace.ledger.storage.tables.generations import generation_states
from headrace.ledger.storage.tables.generations import generations as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, RowMapping, Select

    from headrace.ledger.storage.writer import Write

State = Literal["building", "catching_up", "validating", "live", "retired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One physical index."""

    id: str
    corpus: str
    ordinal: int
    """1 is the first of its corpus."""
    recipe: str
    """Digest of the recipe that builds it."""
    fingerprint: str
    """Fingerprint of its one embedder."""
    state: State
    location: str
    """Where its files lie, as the index understands it."""
    created_at_us: int
    changed_at_us: int
    """When its state last changed."""
    actor: str
    reason: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The keys of `[corpus.NAME.recipe]` that build it; empty for one made before they were kept."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Those of them that the configuration did not say when it was made."""
    chosen_over: Mapping[str, Any] | None = None
    """What the configuration said when this one was chosen by hand; None where it was not."""
    written_until_us: int | None = None
    """For a retired one: until when syncs go on writing it."""
    pruned_at_us: int | None = None
    """When its files and rows were removed."""
    embeddings_computed: int = 0
    """Embeddings made for it so far."""
    embeddings_reused: int = 0
    cost_micros: int | None = None
    """Money for them in millionths; None where no price is known."""
    sources: Mapping[str, Any] = field(default_factory=dict)
    """What the last complete pass over the sources saw: source to its number of documents."""


class StateChange(NamedTuple):
    """One step in the life of a generation."""

    generation: str
    seq: int
    """1 is the first."""
    state: State
    at_us: int
    actor: str
    reason: str


_JSON = ("settings", "overrides", "sources")


def is_written(generation: Generation, *, now_us: int) -> bool:
    """Whether a sync writes a generation: a retired one for as long as a rollback to it must not be stale."""
    if generation.pruned_at_us is not None:
        return False
    if generation.state != "retired":
        return True
    return generation.written_until_us is not None and generation.written_until_us > now_us


def new_id() -> str:
    """A name for a generation to come, for callers whose location contains it."""
    return digest_bytes("gen", secrets.token_bytes(32))


def create(
    tx: Write,
    *,
    corpus: str,
    recipe: str,
    fingerprint: str,
    location: str,
    actor: str,
    reason: str,
    state: State = "building",
    id: str | None = None,  # noqa: A002 - the column's name
    settings: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
    chosen_over: Mapping[str, Any] | None = None,
) -> Generation:
    """Add a generation with the next ordinal of its corpus."""
    last = tx.conn.execute(
        sa.select(sa.func.max(table.c.ordinal)).where(table.c.corpus == corpus)
    ).scalar_one()
    generation = Generation(
        id=id or new_id(),
        corpus=corpus,
        ordinal=(last or 0) + 1,
        recipe=recipe,
        fingerprint=fingerprint,
        state=state,
        location=location,
        created_at_us=tx.now_us,
        changed_at_us=tx.now_us,
        actor=actor,
        reason=storable(reason),
        settings=dict(settings or {}),
        overrides=dict(overrides or {}),
        chosen_over=chosen_over,
    )
    tx.conn.execute(sa.insert(table).values(_stored(generation)))
    _remember(tx, generation)
    return generation


def find(
    conn: Connection, corpus: str, recipe: str, *, states: Sequence[State] | None = None
) -> Generation | None:
    """The newest generation of a corpus that a recipe builds, in any state or one of those given.

    One that was pruned is not found: nothing of it is left.
    """
    statement = sa.select(table).where(
        table.c.corpus == corpus, table.c.recipe == recipe, table.c.pruned_at_us.is_(None)
    )
    if states is not None:
        statement = statement.where(table.c.state.in_(states))
    return _first(conn, statement.order_by(table.c.ordinal.desc()).limit(1))


def get(conn: Connection, id: str) -> Generation | None:  # noqa: A002 - the column's name
    """Read a generation by its id."""
    return _first(conn, sa.select(table).where(table.c.id == id))


def set_state(
    tx: Write,
    id: str,  # noqa: A002 - the column's name
    state: State,
    *,
    actor: str,
    reason: str,
    written_until_us: int | None = None,
) -> Generation:
    """Move a generation to another state, and remember who did it, when and why. Raises NotFoundError."""
    changed = {
        "state": state,
        "changed_at_us": tx.now_us,
        "actor": actor,
        "reason": storable(reason),
        "written_until_us": written_until_us,
    }
    tx.conn.execute(sa.update(table).where(table.c.id == id).values(changed))
    generation = get(tx.conn, id)
    if generation is None:
        raise NotFoundError("generation", id)
    _remember(tx, generation)
    return generation


def choose_over(
    tx: Write,
    id: str,  # noqa: A002 - the column's name
    configured: Mapping[str, Any] | None,
) -> None:
    """Record what the configuration said when a generation was chosen by hand; None when it was not."""
    value = None if configured is None else to_json(configured)
    tx.conn.execute(sa.update(table).where(table.c.id == id).values(chosen_over=value))


def add_work(
    tx: Write,
    id: str,  # noqa: A002 - the column's name
    *,
    computed: int,
    reused: int,
    cost_micros: int | None,
) -> None:
    """Add to what a generation took; the cost stays unknown once a part of it is."""
    known = table.c.cost_micros
    if cost_micros is None:
        cost: Any = known if not computed else None
    else:
        cost = sa.case((table.c.embeddings_computed == 0, cost_micros), else_=known + cost_micros)
    tx.conn.execute(
        sa.update(table)
        .where(table.c.id == id)
        .values(
            embeddings_computed=table.c.embeddings_computed + computed,
            embeddings_reused=table.c.embeddings_reused + reused,
            cost_micros=cost,
        )
    )


def set_sources(
    tx: Write,
    id: str,  # noqa: A002 - the column's name
    sources: Mapping[str, Any],
) -> None:
    """Record what a pass over the sources saw."""
    tx.conn.execute(sa.update(table).where(table.c.id == id).values(sources=to_json(sources)))


def mark_pruned(tx: Write, id: str) -> None:  # noqa: A002 - the column's name
    """Say that the files and rows of a generation are going."""
    tx.conn.execute(
        sa.update(table).where(table.c.id == id).values(pruned_at_us=tx.now_us, written_until_us=None)
    )


def history(conn: Connection, id: str) -> tuple[StateChange, ...]:  # noqa: A002 - the column's name
    """Every state a generation was in, oldest first."""
    statement = (
        sa.select(generation_states)
        .where(generation_states.c.generation == id)
        .order_by(generation_states.c.seq)
    )
    return tuple(StateChange(*row) for row in conn.execute(statement))


def list(conn: Connection, corpus: str | None = None) -> tuple[Generation, ...]:  # noqa: A001
    """Every generation of a corpus, or of all, oldest first."""
    statement = sa.select(table).order_by(table.c.corpus, table.c.ordinal)
    if corpus is not None:
        statement = statement.where(table.c.corpus == corpus)
    return tuple(_generation(row) for row in conn.execute(statement).mappings())


def _first(conn: Connection, statement: Select[tuple[object, ...]]) -> Generation | None:
    row = conn.execute(statement).mappings().one_or_none()
    return None if row is None else _generation(row)


def _remember(tx: Write, generation: Generation) -> None:
    seen = sa.select(sa.func.count()).where(generation_states.c.generation == generation.id)
    change = StateChange(
        generation=generation.id,
        seq=tx.conn.execute(seen).scalar_one() + 1,
        state=generation.state,
        at_us=generation.changed_at_us,
        actor=generation.actor,
        reason=generation.reason,
    )
    tx.conn.execute(sa.insert(generation_states).values(change._asdict()))


def _stored(generation: Generation) -> dict[str, Any]:
    row = {item.name: getattr(generation, item.name) for item in fields(generation)}
    row |= {name: to_json(row[name]) for name in _JSON}
    row["chosen_over"] = None if generation.chosen_over is None else to_json(generation.chosen_over)
    return row


def _generation(row: RowMapping) -> Generation:
    values = dict(row)
    values |= {name: from_json(values[name]) for name in _JSON}
    if values["chosen_over"] is not None:
        values["chosen_over"] = from_json(values["chosen_over"])
    return Generation(**values)
