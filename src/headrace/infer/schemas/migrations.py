"""Reads migration files: `schemas/migrations/NAME_1_to_2.py` with `upgrade` and, perhaps, `downgrade`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.errors import ConfigError
from headrace.infer.schemas.chain import Step
from headrace.infer.schemas.python import load_module, read_source
from headrace.ledger.identity import digest_text

FOLDER = "migrations"
_FILE = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_-]*)_(?P<lower>[1-9]\d*)_to_(?P<upper>[1-9]\d*)\.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFile:
    """A migration as its file name tells it; nothing of it was run."""

    name: str
    lower: int
    upper: int
    path: Path


def file_name(name: str, lower: int, upper: int) -> str:
    """Where the migration of a schema from one version to another stands, below `migrations/`."""
    return f"{name}_{lower}_to_{upper}.py"


def find_migrations(folder: Path, name: str | None = None) -> list[MigrationFile]:
    """The migrations of one schema, or of all, by name and version.

    Raises ConfigError for a file whose name tells no versions, and for two that lead from or to the same one.
    """
    found: list[MigrationFile] = []
    for path in sorted((folder / FOLDER).glob("*.py")):
        match = _FILE.fullmatch(path.name)
        if match is None or int(match["lower"]) >= int(match["upper"]):
            raise ConfigError(
                "a migration is called NAME_N_to_M.py, such as goal_1_to_2.py, and leads upward.",
                file=str(path),
            )
        if name is None or match["name"] == name:
            lower, upper = int(match["lower"]), int(match["upper"])
            found.append(MigrationFile(name=match["name"], lower=lower, upper=upper, path=path))
    for side in ("lower", "upper"):
        seen: dict[tuple[str, int], Path] = {}
        for item in found:
            key = (item.name, getattr(item, side))
            if key in seen:
                raise ConfigError(
                    f"{seen[key].name} has the same {side} version: a chain has one step for each.",
                    file=str(item.path),
                )
            seen[key] = item.path
    return sorted(found, key=lambda item: (item.name, item.lower))


def load_migration(file: MigrationFile) -> Step:
    """Run a migration file and take its functions. Raises ConfigError."""
    module = load_module(file.path)
    upgrade = _function(module, "upgrade", file.path)
    if upgrade is None:
        raise ConfigError("it needs a function `upgrade(value)`.", file=str(file.path))
    return Step(
        lower=file.lower,
        upper=file.upper,
        upgrade=upgrade,
        downgrade=_function(module, "downgrade", file.path),
        where=f"schemas/{FOLDER}/{file.path.name}",
        source=digest_text("source", read_source(file.path)),
    )


def _function(module: Any, name: str, path: Path) -> Callable[[Any], Any] | None:
    found: Callable[[Any], Any] | None = getattr(module, name, None)
    if found is not None and not callable(found):
        raise ConfigError(f"`{name}` must be a function.", file=str(path))
    return found
