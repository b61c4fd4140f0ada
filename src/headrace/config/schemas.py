"""Fills `[schemas.NAME]`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from headrace.config.table import Table
from headrace.infer.records.window import Support


def read_schemas(table: Table) -> Mapping[str, Support]:
    """Fill the tables of `[schemas]`, by name. Raises ConfigError."""
    return {name: _support(table.child(name)) for name in table.values}


def _support(table: Table) -> Support:
    table.refuse_unknown(("support_until",))
    days = table.child("support_until")
    return Support(support_until={_version(days, key): _day(days, key) for key in days.values})


def _version(table: Table, key: str) -> int:
    if not key.isascii() or not key.isdigit() or key.startswith("0"):
        raise table.error("is not the version of a schema.", key, allowed=["a whole number from 1"])
    return int(key)


def _day(table: Table, key: str) -> date:
    value = table.values[key]
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise table.error("is not a day.", key, allowed=['the last day, such as "2026-12-31"']) from None
