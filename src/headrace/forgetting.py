"""What forgetting is made of, from the configuration of a workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.config.base import STATE_FOLDER, StorageConfig, WorkspaceConfig
from headrace.config.durations import microseconds, parse_duration
from headrace.ledger.events.cold.catalog import FOLDER as COLD_FOLDER

if TYPE_CHECKING:
    from headrace.flows.forget.context import ForgetContext
    from headrace.ledger.erasure.scanning import Places
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.observe.features.online.base import OnlineStore


def forget_context(
    config: WorkspaceConfig,
    ledger: Ledger,
    events: EventStore,
    *,
    actor: str,
    online: Callable[[], OnlineStore],
) -> ForgetContext:
    """Put together what forgetting works with."""
    from headrace.flows.forget.context import Backup, ForgetContext
    from headrace.ingest.index.generation import IndexConfig
    from headrace.ledger.blobs import open_blobs
    from headrace.ledger.erasure.journal import Journal
    from headrace.ledger.erasure.keyring import Keyring

    state = config.root / STATE_FOLDER
    return ForgetContext(
        ledger=ledger,
        events=events,
        blobs=open_blobs(config.storage.blobs),
        online=online,
        keyring=Keyring(state / "keys", ledger),
        journal=Journal(state / "erasures.jsonl"),
        corpora=list(config.corpora),
        actor=actor,
        index=config.storage.index,
        pages=state / "web",
        certificates=state / "certificates",
        places=lambda: _places(config.storage, state),
        index_config=IndexConfig(),
        subject_field=config.erasure.subject_field,
        hidden_us=microseconds(config.erasure.hidden_ttl),
        reader_wait_seconds=parse_duration(config.erasure.reader_wait).total_seconds(),
        unscanned=_unscanned(config.storage),
        backups=[
            Backup(name=backup.name, keep_us=microseconds(backup.expires))
            for backup in config.erasure.backups
        ],
    )


def _places(storage: StorageConfig, state: Path) -> Places:
    """Every folder, file and database that a scan looks through."""
    from headrace.config.storage import dataset_blobs
    from headrace.ledger.erasure.scanning import Places

    databases = dict.fromkeys(url for url in (storage.ledger, storage.events) if url.startswith("postgresql"))
    files: list[tuple[str, Path | None]] = [
        (name, _file(url)) for name, url in (("ledger", storage.ledger), ("events", storage.events))
    ]
    index = Path(storage.index)
    tables = [
        (f"{shown}/{path.stem}", path)
        for shown, folder in (("index", "generations"), ("embeddings", "embeddings"))
        for path in sorted((index / folder).glob("*.lance"))
    ]
    blobs = _file(storage.blobs)
    files += [("pages", blobs), ("online", _file(storage.online))]
    if blobs is not None:
        files.append(("events", blobs / COLD_FOLDER))
    folders: list[tuple[str, Path | None]] = [
        ("state", state),
        ("index", index),
        *tables,
        ("datasets", _file(dataset_blobs(storage.blobs))),
        ("pages", state / "web"),
        *files,
    ]
    return Places(
        folders=[(name, path) for name, path in folders if path is not None],
        databases=list(databases),
        skipped=[state / "keys", state / "erasures.jsonl"],
    )


def _unscanned(storage: StorageConfig) -> list[str]:
    named = (("the index", storage.index), ("the blobs", storage.blobs))
    return [f"{name} ({url.partition('://')[0]})" for name, url in named if _file(url) is None]


def _file(url: str) -> Path | None:
    for scheme in ("sqlite:///", "file://"):
        if url.startswith(scheme):
            return Path(url.removeprefix(scheme))
    return None if "://" in url else Path(url)
