"""A ledger of the first version is brought up to date with what it holds."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from headrace.ledger import generations
from headrace.ledger.ledger import Ledger
from headrace.ledger.storage import upgrade
from headrace.ledger.storage.engine import make_engine, parse_url, writer

_ROW = (
    "INSERT INTO generations (id, corpus, ordinal, recipe, fingerprint, state, location, created_at_us, "
    "changed_at_us, actor, reason) VALUES ('gen_a', 'docs', 1, 'recipe_a', 'embedder_a', 'live', '/x', 1, 2, "
    "'sam', 'first sync')"
)


def test_a_generation_of_the_first_version_gets_a_history(ledger_url: str) -> None:
    with Ledger.open(ledger_url):
        pass  # makes the schema of a PostgreSQL test
    engine = make_engine(parse_url(ledger_url))
    _make_first_version(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(_ROW)
    engine.dispose()
    with Ledger.open(ledger_url) as ledger, ledger.read() as conn:
        (one,) = generations.list(conn)
        (step,) = generations.history(conn, "gen_a")
    assert (one.settings, one.chosen_over, one.pruned_at_us, one.embeddings_computed) == ({}, None, None, 0)
    assert generations.is_written(one, now_us=10)
    assert (step.seq, step.state, step.at_us, step.actor, step.reason) == (1, "live", 2, "sam", "first sync")


def _make_first_version(engine: sa.Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    with writer(engine) as connection, connection.begin():
        for table in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql(f'DROP TABLE "{table}"')
        with EnvironmentContext(config, script, fn=lambda now, _: script._upgrade_revs("0001", now)) as made:
            made.configure(connection=connection, transactional_ddl=True)
            made.run_migrations()
