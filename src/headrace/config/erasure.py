"""Fills `[erasure]`."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.config.durations import parse_duration
from headrace.config.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupConfig:
    """`[[erasure.backups]]`: copies of the workspace that are made elsewhere."""

    name: str
    expires: str
    """How long a copy is kept."""

    def __post_init__(self) -> None:
        parse_duration(self.expires)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureConfig:
    """`[erasure]`: how documents are hidden and forgotten."""

    hidden_ttl: str = "30d"
    """How long a hidden document can be shown again; then it is erased."""
    reader_wait: str = "1s"
    """How long to wait for readers that began before a document was hidden."""
    subject_field: str = "subject"
    """Metadata field that names whom a document is about."""
    backups: tuple[BackupConfig, ...] = ()
    """Where copies may lie, and for how long."""

    def __post_init__(self) -> None:
        parse_duration(self.hidden_ttl)
        parse_duration(self.reader_wait)


def read_erasure(table: Table) -> ErasureConfig:
    """Fill `[erasure]`. Raises ConfigError."""
    given = table.values.get("backups", [])
    if not isinstance(given, list):
        raise table.error("must be written as `[[erasure.backups]]` tables.", "backups")
    backups = tuple(_backup(table, place) for place in range(len(given)))
    plain = Table(
        values={key: value for key, value in table.values.items() if key != "backups"},
        path=table.path,
        file=table.file,
        lines=table.lines,
    )
    return plain.fill(ErasureConfig, given={"backups": backups})


def _backup(table: Table, place: int) -> BackupConfig:
    values = table.values["backups"][place]
    if not isinstance(values, dict):
        raise table.error("must be a table.", "backups", place)
    path = (*table.path, "backups", place)
    return Table(values=values, path=path, file=table.file, lines=table.lines).fill(BackupConfig, given={})
