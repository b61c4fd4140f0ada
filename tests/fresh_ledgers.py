"""New ledgers for tests, made as the migrations made the first one of this process.

Hundreds of tests begin with a new ledger, and its migrations take longer than most of them: on SQLite the
tables they end with are made at once, on PostgreSQL their statements go over in one. Processes of their own
and ledgers of an older version are migrated as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.ledger.storage import upgrade

_Run = Callable[[sa.Connection, str | None], None]
_MADE = sa.text(
    "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
)


class FreshLedgers:
    """Stands in for the function that migrates; keeps what it made the first time."""

    def __init__(self, migrate: _Run) -> None:
        self._migrate = migrate
        self._statements: list[tuple[str, Sequence[Any]]] = []
        self._script = ""

    def __call__(self, connection: sa.Connection, found: str | None) -> None:
        """Bring a ledger to the newest revision."""
        if found is not None:
            self._migrate(connection, found)
        elif connection.dialect.name == "sqlite":
            self._on_sqlite(connection)
        else:
            self._on_postgresql(connection)

    def _on_sqlite(self, connection: sa.Connection) -> None:
        if connection.execute(_MADE).first():
            self._migrate(connection, None)
        elif self._statements:
            for statement, parameters in self._statements:
                connection.exec_driver_sql(statement, tuple(parameters))
        else:
            self._migrate(connection, None)
            self._statements = list(_statements(connection))

    def _on_postgresql(self, connection: sa.Connection) -> None:
        if self._script:
            connection.exec_driver_sql(self._script)
            return
        told: list[str] = []

        def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
            if not statement.startswith("SELECT"):
                assert not parameters, statement
                told.append(statement)

        sa.event.listen(connection, "before_cursor_execute", note)
        self._migrate(connection, None)
        sa.event.remove(connection, "before_cursor_execute", note)
        self._script = ";\n".join(told)


def _statements(connection: sa.Connection) -> Iterator[tuple[str, Sequence[Any]]]:
    made = connection.execute(_MADE).all()
    for _, _, statement in made:
        yield statement, ()
    for kind, name, _ in made:
        if kind == "table":
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"'):
                yield f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(row))})', tuple(row)


@contextmanager
def fresh_ledgers() -> Iterator[None]:
    """Copy new ledgers for the length of a block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upgrade, "_run", FreshLedgers(upgrade._run))
        yield
