"""Fills `[storage]`: environment first, then the file, then defaults under the workspace."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from headrace.config.base import STATE_FOLDER, StorageConfig
from headrace.config.table import Table, nearest
from headrace.errors import ConfigError

_SCHEMES: Mapping[str, Sequence[str]] = {
    "ledger": ("sqlite", "postgresql"),
    "events": ("sqlite", "postgresql"),
    "index": ("file", "s3", "gs", "az"),
    "blobs": ("file", "s3", "gs", "gcs", "az", "abfs"),
    "online": ("sqlite", "redis", "rediss"),
}
_SAME_AS = {"postgres": "postgresql", "postgresql+psycopg": "postgresql", "sqlite+pysqlite": "sqlite"}
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Complaint = Callable[..., ConfigError]
"""Builds an error that names where a value came from: (problem, *, allowed, nearest)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """A storage URL as it was written, and how to complain about it."""

    port: str
    text: str
    complain: Complaint


def read_storage(table: Table, *, root: Path, environment: Mapping[str, str]) -> StorageConfig:
    """Fill `[storage]`: `HEADRACE_LEDGER`, `HEADRACE_INDEX` and so on win over the file.

    `${VAR}` is expanded and relative paths are anchored at the workspace. Raises ConfigError.
    """
    ports = [item.name for item in fields(StorageConfig)]
    table.refuse_unknown(ports)
    found = {port: _resolve(port, table, root=root, environment=environment) for port in ports}
    state = root / STATE_FOLDER
    ledger = found["ledger"] or f"sqlite:///{state / 'ledger.sqlite'}"
    events = f"sqlite:///{state / 'events'}" if ledger.startswith("sqlite") else ledger
    return StorageConfig(
        ledger=ledger,
        events=found["events"] or events,
        index=found["index"] or str(state / "index"),
        blobs=found["blobs"] or f"file://{state / 'blobs'}",
        online=found["online"] or f"sqlite:///{state / 'online.sqlite'}",
    )


def _resolve(port: str, table: Table, *, root: Path, environment: Mapping[str, str]) -> str | None:
    setting = _find(port, table, environment)
    if setting is None:
        return None
    text = _expand(setting, environment).strip()
    if not text:
        raise setting.complain("must not be empty.")
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme = "sqlite" if "sqlite" in _SCHEMES[port] else "file"
        rest = f"/{text}" if scheme == "sqlite" else text
    family = _SAME_AS.get(scheme, scheme)
    allowed = _SCHEMES[port]
    if family not in allowed:
        raise setting.complain(
            f"has the scheme {scheme!r}, which {port} cannot use.",
            allowed=[*(f"{name}://…" for name in allowed), "a path"],
            nearest=nearest(scheme, allowed),
        )
    return _URLS.get(family, _remote)(setting, rest, root=root, family=family)


def _find(port: str, table: Table, environment: Mapping[str, str]) -> _Setting | None:
    variable = f"HEADRACE_{port.upper()}"
    if environment.get(variable):

        def complain(problem: str, *, allowed: Sequence[str] = (), nearest: str | None = None) -> ConfigError:
            problem = f"The environment variable {variable} {problem}"
            return ConfigError(problem, key=variable, allowed=allowed, nearest=nearest)

        return _Setting(port=port, text=environment[variable], complain=complain)
    if port not in table.values:
        return None

    def complain_at(problem: str, *, allowed: Sequence[str] = (), nearest: str | None = None) -> ConfigError:
        return table.error(problem, port, allowed=allowed, nearest=nearest)

    return _Setting(port=port, text=str(table.read(port, str)), complain=complain_at)


def _expand(setting: _Setting, environment: Mapping[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if not _VARIABLE_NAME.fullmatch(name):
            raise setting.complain(f"has ${{{name}}}, which is not the name of an environment variable.")
        if name not in environment:
            raise setting.complain(f"needs the environment variable {name!r}, which is not set.")
        return environment[name]

    return _VARIABLE.sub(replace, setting.text)


def _sqlite(setting: _Setting, rest: str, *, root: Path, family: str) -> str:
    path, question, query = rest.removeprefix("/").partition("?")
    if path in ("", ":memory:"):
        raise setting.complain("must be a file: a database in memory would be lost with the process.")
    return f"sqlite:///{root / path}{question}{query}"


def _postgresql(setting: _Setting, rest: str, *, root: Path, family: str) -> str:
    if not rest.strip("/"):
        raise setting.complain(
            "names no server or database.", allowed=["postgresql://USER@HOST:PORT/DATABASE"]
        )
    return f"postgresql+psycopg://{rest}"


def _file(setting: _Setting, rest: str, *, root: Path, family: str) -> str:
    path = root / rest
    return str(path) if setting.port == "index" else f"file://{path}"


def _remote(setting: _Setting, rest: str, *, root: Path, family: str) -> str:
    if not rest.strip("/"):
        raise setting.complain("names no bucket or server.", allowed=[f"{family}://NAME/…"])
    return f"{family}://{rest}"


_URLS = {"sqlite": _sqlite, "postgresql": _postgresql, "file": _file}


def dataset_blobs(blobs: str) -> str:
    """Where files of datasets lie: beside the other blobs, since what clears these must not see them."""
    return f"{blobs.rstrip('/')}-datasets"
