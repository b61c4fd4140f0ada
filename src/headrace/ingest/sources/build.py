"""Opens the sources that a configuration names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from headrace import plugins
from headrace.errors import ConfigError
from headrace.ingest.sources.base import (
    SERVICE_KEYS,
    BlobCache,
    FilesConfig,
    Place,
    RecordsConfig,
    Source,
    WebConfig,
)
from headrace.ingest.sources.options import read_options, unknown
from headrace.ingest.sources.uris import path_of_file_uri


def open_source(
    spec: str | Mapping[str, object], *, root: Path, cache: BlobCache, state: Path | None = None
) -> Source:
    """Open the source that one entry of `sources = [...]` describes, without looking at what it holds.

    `spec` is a path, a glob or a URL, or a table with `type = "files" | "records" | "web"` and its keys;
    `root` is the workspace folder; `state` defaults to `.headrace/web` in it. Raises ConfigError.
    """
    place = Place(root=root, cache=cache, state=state or root / ".headrace" / "web")
    table = _table_of(spec) if isinstance(spec, str) else dict(spec)
    kind = table.pop("type", None)
    if kind is None:
        raise ConfigError(f"Source {table!r}: key 'type' is missing.", key="type", allowed=list(_OPENERS))
    installed = plugins.names("source")
    if isinstance(kind, str) and kind in _OPENERS:
        return _OPENERS[kind](table, place)
    if isinstance(kind, str) and kind in installed:
        own = {key: value for key, value in table.items() if key not in SERVICE_KEYS}
        opened: Source = plugins.load("source", kind)(own, place)
        return opened
    raise unknown(f"Source type {kind!r} is not known.", str(kind), allowed=[*_OPENERS, *installed])


def _table_of(spec: str) -> dict[str, object]:
    if not spec:
        raise ConfigError("A source must not be an empty string.", key="sources")
    scheme = urlsplit(spec).scheme.lower() if "://" in spec else ""
    if scheme in ("http", "https"):
        return {"type": "web", "url": spec}
    if scheme == "file":
        return {"type": "files", "path": path_of_file_uri(spec)}
    if scheme:
        raise ConfigError(
            f"Source {spec!r} has the scheme {scheme!r}, which no source reads.",
            key="sources",
            allowed=["a path", "a glob", "http://", "https://", "file://"],
        )
    return {"type": "files", "path": spec}


def _named(table: Mapping[str, object], kind: str, key: str) -> str:
    return f"{kind} source {table[key]!r}" if key in table else f"{kind} source"


def _open_files(table: Mapping[str, object], place: Place) -> Source:
    from headrace.ingest.sources.files import FilesSource

    return FilesSource(read_options(FilesConfig, table, where=_named(table, "files", "path")), place=place)


def _open_records(table: Mapping[str, object], place: Place) -> Source:
    from headrace.ingest.sources.records import RecordsSource

    return RecordsSource(
        read_options(RecordsConfig, table, where=_named(table, "records", "path")), place=place
    )


def _open_web(table: Mapping[str, object], place: Place) -> Source:
    from headrace.ingest.sources.web import WebSource

    return WebSource(read_options(WebConfig, table, where=_named(table, "web", "url")), place=place)


_OPENERS: dict[str, Callable[[dict[str, Any], Place], Source]] = {
    "files": _open_files,
    "records": _open_records,
    "web": _open_web,
}
