"""Real stores for every test that needs one: SQLite in a fresh folder, PostgreSQL in a schema of its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from headrace.ledger.events.base import EventStore
from headrace.ledger.events.opening import open_events
from headrace.ledger.ledger import Ledger
from tests.fresh_ledgers import fresh_ledgers

# A busy machine is slow, and that is no failure.
settings.register_profile("headrace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("headrace")

POSTGRES = os.environ.get("HEADRACE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session", autouse=True)
def _fresh_ledgers() -> Iterator[None]:
    """New ledgers are made as the first one was migrated."""
    with fresh_ledgers():
        yield


@pytest.fixture(scope="session")
def postgres_server() -> str | None:
    """URL of a PostgreSQL server that answers, or None."""
    engine = sa.create_engine(POSTGRES, connect_args={"connect_timeout": 2})
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return None
    finally:
        engine.dispose()
    return POSTGRES


@pytest.fixture
def postgres_url(postgres_server: str | None) -> Iterator[str]:
    """A PostgreSQL URL with a schema of its own, dropped afterwards."""
    if postgres_server is None:
        pytest.skip("no PostgreSQL server; name one with HEADRACE_TEST_POSTGRES")
    schema = f"headrace_test_{secrets.token_hex(6)}"
    yield f"{postgres_server}{'&' if '?' in postgres_server else '?'}headrace_schema={schema}"
    engine = sa.create_engine(postgres_server)
    with engine.begin() as connection:
        connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
    engine.dispose()


@pytest.fixture(params=ENGINES)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger may be made, on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger/ledger.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger on each engine."""
    with Ledger.open(ledger_url) as opened:
        yield opened


@pytest.fixture
def sqlite_ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger on SQLite."""
    with Ledger.open(f"sqlite:///{tmp_path}/sqlite-ledger/ledger.sqlite") as opened:
        yield opened


@pytest.fixture(params=ENGINES)
def events_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an event store may be made, on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/events"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def events(events_url: str) -> Iterator[EventStore]:
    """An empty event store on each engine."""
    store = open_events(events_url)
    yield store
    store.close()
