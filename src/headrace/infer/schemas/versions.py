"""Every version of a schema that is known: in the workspace, frozen beside it, or recorded in the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import ConfigError
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.file import check_name, load_schema, make_schema, schema_names
from headrace.infer.schemas.meaning import same_meaning

FOLDER = "versions"
_FILE = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_-]*)\.v(?P<version>[1-9]\d*)\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What is known of one schema."""

    name: str
    working: Schema | None
    """As its file says now; None where there is no file any more."""
    known: Mapping[int, Schema]
    """By version, in order; the file stands before what was frozen, and that before what was recorded."""
    frozen: frozenset[int]
    recorded: frozenset[int]
    conflicts: tuple[str, ...] = ()
    """Versions that mean one thing here and another there."""

    @property
    def newest(self) -> int:
        """The version that values are read in: that of the file, or the highest one known."""
        return self.working.version if self.working is not None else max(self.known)


def gather(folder: Path, name: str, recorded: Mapping[int, Schema]) -> Versions:
    """Put the versions of a schema together. Raises NotFoundError for none, ConfigError for wrong files."""
    check_name(name, schema_names(folder))
    frozen = load_frozen(folder, name)
    working = load_schema(folder, name) if name in schema_names(folder) or not (frozen or recorded) else None
    places = [("its file", {working.version: working} if working else {})]
    places += [(f"schemas/{FOLDER}/", frozen), ("what was used or checked", dict(recorded))]
    known: dict[int, Schema] = {}
    owner: dict[int, str] = {}
    conflicts = []
    for place, schemas in places:
        for version, schema in schemas.items():
            if version not in known:
                known[version], owner[version] = schema, place
            elif not same_meaning(known[version], schema):
                conflicts.append(changed(name, version, owner[version], place))
    return Versions(
        name=name,
        working=working,
        known=dict(sorted(known.items())),
        frozen=frozenset(frozen),
        recorded=frozenset(recorded),
        conflicts=tuple(conflicts),
    )


def changed(name: str, version: int, here: str, there: str) -> str:
    """What to say of a version that means two things."""
    return (
        f"version {version} of {name!r} differs between {here} and {there}. A change needs a new version: "
        f'set "version" to {version + 1} in its file, then run `headrace schema migrate {name}`.'
    )


def frozen_path(folder: Path, name: str, version: int) -> Path:
    """Where a version is frozen."""
    return folder / FOLDER / f"{name}.v{version}.json"


def load_frozen(folder: Path, name: str) -> dict[int, Schema]:
    """The frozen versions of a schema. Raises ConfigError."""
    found = {}
    for path in sorted((folder / FOLDER).glob(f"{name}.v*.json")):
        match = _FILE.fullmatch(path.name)
        if match is None or match["name"] != name:
            continue
        version = int(match["version"])
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"it is not JSON: {error}.", file=str(path)) from error
        if not isinstance(given, dict):
            raise ConfigError("a schema must be a JSON object.", file=str(path))
        found[version] = make_schema(name, {**given, "version": version}, file=str(path))
    return found


def frozen_names(folder: Path) -> set[str]:
    """Names of which a version is frozen."""
    matches = (_FILE.fullmatch(path.name) for path in (folder / FOLDER).glob("*.json"))
    return {match["name"] for match in matches if match is not None}
