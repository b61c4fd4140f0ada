"""Bring the tables of a ledger to the newest revision, once, however many processes open it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from headrace.errors import SchemaTooNew
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.engine import schema_name, writer
from headrace.ledger.storage.tables.base import HEAD

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_VERSION = sa.text("SELECT version_num FROM alembic_version")
# One lock number for every ledger of a server: openings that migrate are rare.
_LOCK = sa.text("SELECT pg_advisory_xact_lock(4915228110)")
_BEFORE_COMMIT = declare("ledger.upgrade.before_commit")


def upgrade(engine: Engine, url: URL) -> None:
    """Create or upgrade the tables. Raises SchemaTooNew for a ledger of a newer version."""
    with engine.connect() as connection:
        found = _revision(connection)
    if found == HEAD:
        return
    with writer(engine) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(_LOCK)
            schema = schema_name(url)
            if schema:
                connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        _run(connection, _revision(connection))
        fire(_BEFORE_COMMIT)


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_VERSION).scalar_one_or_none()


def _run(connection: Connection, found: str | None) -> None:
    if found == HEAD:
        return
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    if found is not None and found not in known:
        raise SchemaTooNew(found=found, known=HEAD)

    with EnvironmentContext(config, script, fn=lambda now, _: script._upgrade_revs(HEAD, now)) as context:
        context.configure(connection=connection, transactional_ddl=True)
        context.run_migrations()
