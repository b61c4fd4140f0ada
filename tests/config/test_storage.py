"""Where state lives: defaults, relative paths, environment, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.config.base import StorageConfig
from headrace.config.load import load_config
from headrace.errors import ConfigError


def storage(folder: Path, table: str = "", **environment: str) -> StorageConfig:
    text = f"[storage]\n{table}\n" if table else ""
    (folder / "headrace.toml").write_text(text, encoding="utf-8")
    return load_config(folder, environment=environment).storage


def test_defaults_stay_inside_the_workspace(tmp_path: Path) -> None:
    assert storage(tmp_path) == StorageConfig(
        ledger=f"sqlite:///{tmp_path}/.headrace/ledger.sqlite",
        events=f"sqlite:///{tmp_path}/.headrace/events",
        index=f"{tmp_path}/.headrace/index",
        blobs=f"file://{tmp_path}/.headrace/blobs",
        online=f"sqlite:///{tmp_path}/.headrace/online.sqlite",
    )


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        ("ledger", "sqlite:///state/l.sqlite", "sqlite:///{root}/state/l.sqlite"),
        ("ledger", "sqlite:////var/lib/l.sqlite", "sqlite:////var/lib/l.sqlite"),
        ("ledger", "state/l.sqlite", "sqlite:///{root}/state/l.sqlite"),
        ("ledger", "/var/lib/l.sqlite", "sqlite:////var/lib/l.sqlite"),
        ("ledger", "postgres://u@h:5432/d", "postgresql+psycopg://u@h:5432/d"),
        ("ledger", "postgresql://u@h/d?sslmode=require", "postgresql+psycopg://u@h/d?sslmode=require"),
        ("ledger", "postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("index", "state/index", "{root}/state/index"),
        ("index", "/var/lib/index", "/var/lib/index"),
        ("index", "file:///var/lib/index", "/var/lib/index"),
        ("index", "s3://bucket/index", "s3://bucket/index"),
        ("blobs", "state/blobs", "file://{root}/state/blobs"),
        ("blobs", "file://state/blobs", "file://{root}/state/blobs"),
        ("blobs", "file:///var/lib/blobs", "file:///var/lib/blobs"),
        ("blobs", "gcs://bucket/blobs", "gcs://bucket/blobs"),
        ("online", "redis://h:6379/0", "redis://h:6379/0"),
        ("events", "events", "sqlite:///{root}/events"),
    ],
)
def test_urls_and_paths(tmp_path: Path, key: str, written: str, meant: str) -> None:
    assert getattr(storage(tmp_path, f'{key} = "{written}"'), key) == meant.format(root=tmp_path)


def test_events_follow_a_ledger_on_a_server(tmp_path: Path) -> None:
    found = storage(tmp_path, 'ledger = "postgresql://u@h/d"')
    assert found.events == found.ledger == "postgresql+psycopg://u@h/d"
    apart = storage(tmp_path, 'ledger = "postgresql://u@h/d"\nevents = "events"')
    assert apart.events == f"sqlite:///{tmp_path}/events"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    found = storage(
        tmp_path, 'index = "a"', HEADRACE_INDEX="b", HEADRACE_BLOBS="s3://bucket", HEADRACE_LEDGER=""
    )
    assert found.index == str(tmp_path / "b")
    assert found.blobs == "s3://bucket"
    assert found.ledger.startswith("sqlite")


def test_variables_are_expanded(tmp_path: Path) -> None:
    found = storage(
        tmp_path, 'ledger = "postgresql://u:${PASSWORD}@${HOST}/d"', PASSWORD="p${HOST}", HOST="h"
    )
    assert found.ledger == "postgresql+psycopg://u:p${HOST}@h/d"


def test_passwords_are_not_in_the_repr(tmp_path: Path) -> None:
    found = storage(tmp_path, 'ledger = "postgresql://u:SECRET@h/d"')
    assert "SECRET" in found.ledger
    assert "SECRET" not in repr(found)
    assert "postgresql+psycopg://***@h/d" in repr(found)


@pytest.mark.parametrize(
    ("table", "line", "words"),
    [
        ('ledgr = "x"', 2, "blobs, events, index, ledger, online"),
        ("\nledger = 4", 3, "must be a text"),
        ('ledger = ""', 2, "must not be empty"),
        ('ledger = "mysql://u:SECRET@h/d"', 2, "sqlite://…, postgresql://…, a path"),
        ('ledger = "sqlite://"', 2, "in memory"),
        ('ledger = "sqlite:///:memory:"', 2, "in memory"),
        ('ledger = "postgresql://"', 2, "no server"),
        ('index = "http://h/i"', 2, "which index cannot use"),
        ('blobs = "s3://"', 2, "no bucket"),
        ('online = "memcached://SECRET"', 2, "redis://"),
        ('index = "a"\nledger = "postgresql://u:${NO_SUCH}@h/SECRET"', 3, "'NO_SUCH', which is not set"),
        ('ledger = "postgresql://u:${NOT A NAME}@h/SECRET"', 2, "not the name of an environment variable"),
    ],
)
def test_what_is_refused(tmp_path: Path, table: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        storage(tmp_path, table)
    assert caught.value.details["line"] == line
    assert words in caught.value.message
    assert "SECRET" not in f"{caught.value.to_wire()}"


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="environment variable HEADRACE_LEDGER has the scheme 'mysql'"
    ) as caught:
        storage(tmp_path, HEADRACE_LEDGER="mysql://u:SECRET@h/d")
    assert "SECRET" not in f"{caught.value.to_wire()}"
