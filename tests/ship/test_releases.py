"""Releases of every age are read, and a change of one part leaves the others as they are."""

from __future__ import annotations

from headrace.ledger import artifacts, refs
from headrace.ledger.ledger import Ledger
from headrace.ship.releases import Releases

OLD = {"corpora": {"docs": {"generation": "gen_a", "recipe": "recipe_a"}}, "model": "m", "prompt": None}


def test_a_release_of_the_first_kind_is_read_and_carried_on(sqlite_ledger: Ledger) -> None:
    releases = Releases(sqlite_ledger, environment="production", actor="tester")
    old = sqlite_ledger.write(lambda tx: artifacts.put(tx, "release", OLD))
    sqlite_ledger.write(lambda tx: refs.move(tx, releases.ref, old, actor="tester", reason="long ago"))
    pinned = releases.pin(model="m", prompt={"name": "answer", "digest": "prompt_a"})
    with sqlite_ledger.read() as conn:
        loaded = artifacts.get(conn, pinned)
        assert loaded is not None
        assert set(loaded.body) == {"corpora", "model", "prompt"}, "digests stay while there is nothing new"

    schema = {"ticket": {"version": 2, "digest": "schema_a"}}
    for name, digest in (("triage", "prompt_b"), ("sort", "prompt_c"), ("triage", "prompt_d")):
        sqlite_ledger.write(
            lambda tx, name=name, digest=digest: releases.serve_prompts(  # type: ignore[misc]  # bound at once
                tx, {name: digest}, schemas=schema, models={"small": "small:1"}, reason="test"
            )
        )
    releases.pin(model="other", prompt={"name": "answer", "digest": "prompt_e"})
    with sqlite_ledger.read() as conn:
        current = releases.current(conn)
        assert current is not None
        assert current.corpora == OLD["corpora"]
        assert current.prompts == {"triage": "prompt_d", "sort": "prompt_c"}
        assert (current.schemas, current.models, current.model) == (schema, {"small": "small:1"}, "other")
        fresh = Releases(sqlite_ledger, environment="production", actor="tester").history(conn)
        assert [item.digest for item in fresh][-2:] == [pinned, old]
        assert fresh == releases.history(conn)
        assert releases.of("staging").current(conn) is None
        assert releases.of("production") is releases
