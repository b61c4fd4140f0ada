"""`schema freeze` and `schema migrate`: versions as files, and the first draft of a migration."""

from __future__ import annotations

import json
from pathlib import Path

from headrace.errors import ConfigError
from headrace.flows.schemas.listing import changes_between, chosen
from headrace.flows.schemas.parts import SchemaParts
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.migrations import FOLDER, file_name
from headrace.infer.schemas.scaffold import scaffold
from headrace.infer.schemas.versions import Versions, frozen_path
from headrace.records.schemas import FreezeReport, MigrateReport


def freeze(parts: SchemaParts, name: str | None) -> FreezeReport:
    """Write every known version that is not frozen yet to `schemas/versions/`, of one schema or of all.

    Raises NotFoundError, and ConfigError where a version means two things: nothing of that schema is written.
    """
    with parts.ledger.read() as conn:
        names = parts.names(conn) if name is None else [name]
    written, kept = list[str](), 0
    for item in names:
        versions = parts.versions(item)
        kept += len(versions.frozen)
        written += freeze_versions(parts, versions)
    return FreezeReport(written=tuple(written), kept=kept)


def freeze_versions(parts: SchemaParts, versions: Versions, *, below: int | None = None) -> list[str]:
    """The same for one schema; gives the files that were written. `below` leaves newer versions to change."""
    if versions.conflicts:
        raise ConfigError(versions.conflicts[0])
    written = []
    for number, schema in versions.known.items():
        if number not in versions.frozen and (below is None or number < below):
            path = frozen_path(parts.folder, versions.name, number)
            _write(path, _as_json(schema))
            written.append(parts.shown(path))
    return written


def migrate(parts: SchemaParts, name: str, *, old: int | None = None, draft: bool = False) -> MigrateReport:
    """Prepare a new version: freeze the older ones, and write the first draft of a migration to it.

    `old` is by default the highest version before the file's. A compatible change needs no migration and gets
    one only if `draft`. A file that is there is never overwritten. Raises NotFoundError, UsageError,
    ConfigError.
    """
    versions = parts.versions(name)
    if versions.conflicts:
        raise ConfigError(versions.conflicts[0])
    old, new = chosen(versions, old, None)
    changes = changes_between(versions, old, new)
    compatible = not any(change.breaking for change in changes)
    path = parts.folder / FOLDER / file_name(name, old, new)
    there = path.is_file()
    write = not there and (draft or not compatible)
    text = scaffold(versions.known[old], versions.known[new]) if write else ""
    if write:
        _write(path, text)
    frozen = freeze_versions(parts, versions, below=new)
    return MigrateReport(
        name=name,
        old=old,
        new=new,
        compatible=compatible,
        file=parts.shown(path) if there or write else None,
        written=write,
        undecided=max(0, text.count("undecided(") - 1),
        frozen=tuple(frozen),
        changes=changes,
    )


def _as_json(schema: Schema) -> str:
    return json.dumps({"version": schema.version, **schema.json_schema}, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
