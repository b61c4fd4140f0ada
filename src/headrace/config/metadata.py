"""Reads `[corpus.NAME.metadata.FIELD]`: the metadata that documents of a corpus are declared to have."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from headrace.config.table import Table, kind_of
from headrace.ingest.index.values import fit
from headrace.records.metadata import MetadataField

_NAME = re.compile(r"[^\W\d][\w.\-]{0,63}")
_KEYS = ("default", "description", "filterable", "since", "type")
_RESERVED = ("document", "revision", "page")
"""Names that filters already use for something else."""
_WORDS = ("and", "or", "not", "in", "exists", "true", "false")


def read_metadata(table: Table) -> tuple[MetadataField, ...]:
    """Read and check the declared fields, by name. Raises ConfigError."""
    return tuple(_field(table.child(name), name) for name in sorted(table.values))


def _field(table: Table, name: str) -> MetadataField:
    if name in _RESERVED or name.lower() in _WORDS:
        raise table.error(f"cannot be declared: filters use {name!r} for something else.")
    if not _NAME.fullmatch(name):
        allowed = ["letters, digits, '_', '.' and '-', at most 64, a letter or '_' first"]
        raise table.error("has a name that filters could not use.", allowed=allowed)
    table.refuse_unknown(_KEYS)
    since, default = table.values.get("since"), table.values.get("default")
    rest = {key: value for key, value in table.values.items() if key not in ("since", "default")}
    field = replace(table, values=rest).fill(
        MetadataField, given={"name": name, "since": _since(table, since), "default": None}
    )
    return field if default is None else replace(field, default=_default(table, field, default))


def _since(table: Table, value: Any) -> date | None:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise table.error(
                f"is {value!r}, which is not a date.", "since", allowed=["2026-03-01"]
            ) from None
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    raise table.error(f"must be a date, not {kind_of(value)}.", "since", allowed=["2026-03-01"])


def _default(table: Table, field: MetadataField, value: Any) -> Any:
    plain = value.isoformat() if isinstance(value, date) else value
    try:
        return fit(plain, field.type)
    except ValueError as error:
        problem = f"does not fit the declared type {field.type!r}: {error}."
        raise table.error(problem, "default") from None
