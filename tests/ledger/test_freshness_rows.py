"""Lags by day, listings, absences and histories, on each engine."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from headrace.ledger import freshness, history, listings
from headrace.ledger.freshness import DAY_US, Day
from headrace.ledger.history import Step
from headrace.ledger.ledger import Ledger
from headrace.ledger.listings import ListingRow
from headrace.ledger.storage.engine import make_engine, parse_url, writer
from tests.ledger.test_upgrade_generations import _make_first_version

_GENERATION = (
    "INSERT INTO generations (id, corpus, ordinal, recipe, fingerprint, state, location, created_at_us, "
    "changed_at_us, actor, reason) VALUES ('gen_a', 'docs', 1, 'recipe_a', 'embedder_a', 'live', '/x', 1, 2, "
    "'sam', 'first sync')"
)
_DOCUMENT = (
    "INSERT INTO documents (generation, uri, source, revision, input_digest, digest, chunk_count, "
    "media_type, metadata, acl_id, state, indexed_at_us, run_id) VALUES ('gen_a', 'a.md', 'docs', 'rev_a', "
    "'i', 'd', 1, 'text/plain', '{}', 1, 'live', 77, 'run_a')"
)


def test_the_lags_of_a_day_are_added_up(ledger: Ledger) -> None:
    for lags in ([5, 20], [30], []):
        add = partial(freshness.add, corpus="docs", lags_us={"a": lags, "b": [1]}, targets_us={"a": 10})
        ledger.submit(add).result()
    with ledger.read() as conn:
        now = freshness.load(conn, "docs", since_day=0)
        assert freshness.load(conn, "docs", since_day=now[0].day + 1) == []
    assert now == [
        Day("a", now[0].day, changes=3, late=2, total_lag_us=55, max_lag_us=30),
        Day("b", now[0].day, changes=3, late=0, total_lag_us=3, max_lag_us=1),
    ]
    assert now[0].day > 50 * 365
    assert DAY_US == 24 * 60 * 60 * 1_000_000


def test_listings_are_replaced_and_absences_keep_their_time(ledger: Ledger) -> None:
    row = ListingRow("docs", 10, 10, "", 5, 0, None)
    ledger.write(lambda tx: listings.put(tx, "c", [row]))
    ledger.write(lambda tx: listings.put(tx, "c", [row._replace(tried_at_us=20, reason="gone")]))
    ledger.write(lambda tx: listings.set_absent(tx, "c", {"a.md": "docs", "b.md": "docs"}))
    with ledger.read() as conn:
        first = {found.uri: found.since_us for found in listings.absent(conn, "c")}
        assert listings.load(conn, "c") == {"docs": ListingRow("docs", 20, 10, "gone", 5, 0, None)}
    ledger.write(lambda tx: listings.set_absent(tx, "c", {"b.md": "docs", "c.md": "docs"}))
    with ledger.read() as conn:
        second = {found.uri: found.since_us for found in listings.absent(conn, "c")}
        assert listings.absent(conn, "other") == ()
    assert second["b.md"] == first["b.md"] < second["c.md"]
    assert set(second) == {"b.md", "c.md"}


def test_a_history_is_told_in_order_and_only_added_to(ledger: Ledger) -> None:
    for event in ("indexed", "failed", "indexed", "deleted"):
        steps_ = [Step("a.md", event, "gen_1", detail={"n": 1}), Step("b.md", event)]
        ledger.submit(partial(history.add, corpus="c", steps=steps_, listed_at_us=7)).result()
    with ledger.read() as conn:
        steps = history.of(conn, "c", "a.md")
        last = history.of(conn, "c", "a.md", limit=2)
        assert history.of(conn, "other", "a.md") == ()
    assert [step.event for step in steps] == ["indexed", "failed", "indexed", "deleted"]
    assert last == steps[2:]
    assert [step.at_us for step in steps] == sorted({step.at_us for step in steps})
    assert (steps[0].generation, steps[0].detail, steps[0].listed_at_us) == ("gen_1", {"n": 1}, 7)


def test_what_an_older_ledger_holds_is_the_first_step(ledger_url: str) -> None:
    with Ledger.open(ledger_url):
        pass
    engine = make_engine(parse_url(ledger_url))
    _make_first_version(engine)
    with writer(engine) as connection, connection.begin():
        for statement in (_GENERATION, _DOCUMENT):
            connection.execute(sa.text(statement.replace(":", "\\:")))
    engine.dispose()
    with Ledger.open(ledger_url) as ledger, ledger.read() as conn:
        (step,) = history.of(conn, "docs", "a.md")
    assert (step.event, step.revision, step.at_us, step.run_id) == ("indexed", "rev_a", 77, "run_a")
