"""Reads `[features]` and the views in `features/*.toml`."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from headrace.config.durations import ALLOWED, microseconds
from headrace.config.table import Table, kind_of
from headrace.config.toml_lines import locate
from headrace.errors import ConfigError
from headrace.observe.features.base import (
    COLUMN_TYPES,
    KEY_TYPES,
    FeatureGates,
    FeatureSource,
    FeatureView,
    SourceKind,
)

FOLDER = "features"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_KEYS = (
    "description",
    "entity",
    "event_time",
    "gates",
    "known_time",
    "schema",
    "source",
    "subject",
    "ttl",
)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FeatureConfig:
    """`[features]`: what views may use beside files."""

    python: bool = False
    """Whether views may take rows from functions in `features/*.py`. They run with your rights."""
    databases: Mapping[str, str] = field(default_factory=dict)
    """`[features.databases]`: NAME to `sqlite:///…` or `postgresql://…`; `${VAR}` is expanded."""

    def __repr__(self) -> str:
        return f"FeatureConfig(python={self.python}, databases={sorted(self.databases)})"


def read_features(table: Table, *, root: Path, environment: Mapping[str, str] = os.environ) -> FeatureConfig:
    """Read and check `[features]`. Raises ConfigError."""
    table.refuse_unknown(["python", "databases"])
    given = table.child("databases")
    databases = {name: _url(given, name, root=root, environment=environment) for name in given.values}
    python = bool(table.read("python", bool)) if "python" in table.values else False
    return FeatureConfig(python=python, databases=databases)


def _url(table: Table, name: str, *, root: Path, environment: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in environment:
            raise table.error(f"needs the environment variable {found[1]!r}, which is not set.", name)
        return environment[found[1]]

    url = _VARIABLE.sub(value, str(table.read(name, str)))
    scheme, separator, rest = url.partition("://")
    if separator and scheme.partition("+")[0] in ("postgresql", "postgres"):
        return f"postgresql+psycopg://{rest}"
    if not separator or scheme != "sqlite":
        raise table.error(
            "is no database that can be asked.", name, allowed=["sqlite:///PATH", "postgresql://…"]
        )
    return f"sqlite:///{root / rest.removeprefix('/')}"


def read_views(root: Path, config: FeatureConfig) -> dict[str, FeatureView]:
    """Every view of the workspace by its name, in the order of the alphabet. Raises ConfigError."""
    return {file.stem: _view(file, config) for file in sorted((root / FOLDER).glob("*.toml"))}


def _view(file: Path, config: FeatureConfig) -> FeatureView:
    try:
        text = file.read_text("utf-8-sig")
        values = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"The feature view cannot be read: {error}.", file=str(file)) from error
    table = Table(values=values, path=(), file=str(file), lines=locate(text))
    if not _NAME.fullmatch(file.stem):
        raise table.error("The file has a name that no view can have.", allowed=["letters, digits and '_'"])
    table.refuse_unknown(_KEYS)
    for key in ("entity", "event_time", "schema", "source"):
        if key not in values:
            raise table.error(f"The view lacks the key `{key}`.")
    entity = table.texts("entity")
    if not entity or len(set(entity)) != len(entity):
        raise table.error("must name the key columns of the entity, each once.", "entity")
    subject = str(table.read("subject", str)) if "subject" in values else entity[0]
    if subject not in entity:
        raise table.error("is no column of the entity.", "subject", allowed=entity)
    types = _schema(table.child("schema"), entity)
    return FeatureView(
        name=file.stem,
        entity=entity,
        key_types=tuple(types.get(key, "string") for key in entity),
        source=_source(table.child("source"), config),
        event_time=str(table.read("event_time", str)),
        known_time=str(table.read("known_time", str)) if "known_time" in values else None,
        columns={name: kind for name, kind in types.items() if name not in entity},
        ttl_us=_ttl(table),
        subject=subject,
        description=str(table.read("description", str)) if "description" in values else "",
        gates=table.child("gates").fill(FeatureGates, given={}),
    )


def _schema(table: Table, entity: tuple[str, ...]) -> dict[str, Any]:
    types = {}
    for name in table.values:
        allowed = KEY_TYPES if name in entity else COLUMN_TYPES
        types[name] = table.choice(name, allowed)
        if name not in entity and (":" in name or "," in name or not name.strip()):
            raise table.error("has a name that `view:column` cannot hold.", name)
    if not set(types) - set(entity):
        raise table.error("declares no feature.", allowed=['NAME = "number"', *COLUMN_TYPES[:1]])
    return types


def _source(table: Table, config: FeatureConfig) -> FeatureSource:
    kinds: tuple[SourceKind, ...] = get_args(SourceKind)
    table.refuse_unknown([*kinds, "database"])
    given = [kind for kind in kinds if kind in table.values]
    if len(given) != 1:
        raise table.error("must say where rows come from, in one way.", allowed=kinds)
    kind = given[0]
    database = str(table.read("database", str)) if "database" in table.values else None
    if (kind == "sql") != (database is not None):
        raise table.error("has `database` with `sql`, and only with it.")
    if database is not None and database not in config.databases:
        known = sorted(config.databases) or ["a name of [features.databases] in headrace.toml"]
        raise table.error(f"is {database!r}, which is not configured.", "database", allowed=known)
    if kind == "python" and not config.python:
        raise table.error("runs code: it needs `python = true` under [features] in headrace.toml.", kind)
    text = table.read(kind, str)
    if not isinstance(text, str) or not text.strip():
        raise table.error(f"must be a text, not {kind_of(text)}.", kind)
    return FeatureSource(kind=kind, text=text, database=database)


def _ttl(table: Table) -> int | None:
    if "ttl" not in table.values:
        return None
    try:
        return microseconds(str(table.read("ttl", str)))
    except ValueError:
        raise table.error("is no length of time.", "ttl", allowed=[ALLOWED]) from None
