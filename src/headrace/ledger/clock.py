"""The ledger's time: UTC microseconds that never stand still and never go back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

_STATEMENTS = {
    "sqlite": text(
        "UPDATE meta SET last_us = max(:wall, last_us + 1) + :more WHERE id = 1 RETURNING last_us"
    ),
    # Writers on several hosts share one clock: the server's.
    "postgresql": text(
        "UPDATE meta SET last_us = greatest("
        "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint, last_us + 1) + :more "
        "WHERE id = 1 RETURNING last_us"
    ),
}


def wall_us() -> int:
    """What this machine's clock says, in UTC microseconds."""
    return time.time_ns() // 1000


def tick(conn: Connection, count: int = 1) -> int:
    """Reserve `count` consecutive times inside a write transaction; returns the first.

    The updated row also makes write transactions of all processes follow one another.
    """
    statement = _STATEMENTS[conn.dialect.name]
    parameters = {"more": count - 1}
    if conn.dialect.name == "sqlite":
        parameters["wall"] = wall_us()
    last = conn.execute(statement, parameters).scalar_one()
    return int(last) - count + 1
