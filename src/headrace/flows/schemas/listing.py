"""`schema list`, `show` and `diff`."""

from __future__ import annotations

import itertools
from typing import Literal

from headrace.errors import NotFoundError, UsageError
from headrace.flows.schemas.parts import SchemaParts
from headrace.infer.records import store
from headrace.infer.records.window import Support
from headrace.infer.schemas.difference import breaking, compare
from headrace.infer.schemas.file import load_schema, schema_names
from headrace.infer.schemas.migrations import find_migrations
from headrace.infer.schemas.python import peek_version
from headrace.infer.schemas.store import recorded
from headrace.infer.schemas.versions import Versions, load_frozen
from headrace.records.schemas import (
    SchemaChange,
    SchemaDetail,
    SchemaDiff,
    SchemaList,
    SchemaSummary,
    SchemaVersion,
)

Next = Literal["newest", "compatible", "migration", "missing"]


def list_schemas(parts: SchemaParts) -> SchemaList:
    """Every schema, by name. Files of models are not run."""
    found = []
    with parts.ledger.read() as conn:
        for name in parts.names(conn):
            version, file = _file(parts, name)
            known = {*load_frozen(parts.folder, name), *recorded(conn, name), *([version] if version else [])}
            counts = store.counts(conn, name)
            found.append(
                SchemaSummary(
                    name=name,
                    version=version,
                    file=file,
                    versions=tuple(sorted(known)),
                    records={str(number): count for number, count in counts.items()},
                )
            )
    return SchemaList(schemas=tuple(found))


def show_schema(parts: SchemaParts, name: str) -> SchemaDetail:
    """One schema with its versions. Raises NotFoundError, ConfigError."""
    versions = parts.versions(name)
    with parts.ledger.read() as conn:
        counts = store.counts(conn, name)
    support = parts.support.get(name, Support())
    return SchemaDetail(
        name=name,
        version=versions.newest,
        json_schema=versions.known[versions.newest].json_schema,
        versions=tuple(
            SchemaVersion(
                version=number,
                digest=schema.digest,
                frozen=number in versions.frozen,
                recorded=number in versions.recorded,
                records=counts.get(number, 0),
                next=_next(parts, versions, number),
            )
            for number, schema in versions.known.items()
        ),
        support_until={str(number): day.isoformat() for number, day in sorted(support.support_until.items())},
        conflicts=versions.conflicts,
    )


def diff_schema(parts: SchemaParts, name: str, old: int | None, new: int | None) -> SchemaDiff:
    """What changed between two versions: by default between the newest one and the one before.

    Raises NotFoundError, UsageError where there is only one version, ConfigError.
    """
    versions = parts.versions(name)
    old, new = chosen(versions, old, new)
    changes = changes_between(versions, old, new)
    return SchemaDiff(
        name=name,
        old=old,
        new=new,
        compatible=not any(change.breaking for change in changes),
        migration=parts.migration(name, min(old, new), max(old, new)),
        changes=changes,
    )


def chosen(versions: Versions, old: int | None, new: int | None) -> tuple[int, int]:
    """Two versions to compare. Raises NotFoundError, UsageError."""
    new = versions.newest if new is None else new
    if old is None:
        older = [number for number in versions.known if number < new]
        if not older:
            raise UsageError(
                f"{versions.name!r} has no version before {new} that is known here.",
                hint="A version is known once it was used, checked or frozen: put the old file back as "
                f"schemas/versions/{versions.name}.v{max(new - 1, 1)}.json, or raise `version`.",
            )
        old = max(older)
    for number in (old, new):
        if number not in versions.known:
            known = [str(item) for item in versions.known]
            raise NotFoundError(f"version of {versions.name!r}", str(number), known=known)
    return old, new


def changes_between(versions: Versions, old: int, new: int) -> tuple[SchemaChange, ...]:
    """The changes as records."""
    found = compare(versions.known[old].json_schema, versions.known[new].json_schema)
    return tuple(
        SchemaChange(path=item.path, kind=item.kind, breaking=item.breaking, reason=item.reason)
        for item in found
    )


def _file(parts: SchemaParts, name: str) -> tuple[int | None, str | None]:
    if name not in schema_names(parts.folder):
        return None, None
    model = parts.folder / f"{name}.py"
    if model.is_file():
        return peek_version(model), parts.shown(model)
    return load_schema(parts.folder, name).version, parts.shown(parts.folder / f"{name}.json")


def _next(parts: SchemaParts, versions: Versions, number: int) -> Next:
    if number == max(versions.known):
        return "newest"
    if any(file.lower == number for file in find_migrations(parts.folder, versions.name)):
        return "migration"
    following = next(upper for lower, upper in itertools.pairwise(versions.known) if lower == number)
    old, new = versions.known[number], versions.known[following]
    return "missing" if breaking(compare(old.json_schema, new.json_schema)) else "compatible"
