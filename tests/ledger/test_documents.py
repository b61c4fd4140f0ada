"""Document states, observations and failures: bulk in, bulk out."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from headrace.ledger import documents, failures, observations
from headrace.ledger.documents import BriefState, DocumentState
from headrace.ledger.ledger import Ledger
from headrace.records.document import Observation

_MANY = 1200
"""More than one IN list holds."""


def _state(uri: str, *, chunks: int = 2, acl_id: int = 1, state: documents.State = "live") -> DocumentState:
    return DocumentState(
        uri=uri,
        source="docs",
        revision=f"rev_{len(uri)}",
        input_digest="input_1",
        digest=f"doc_{uri}",
        chunk_count=chunks,
        title="Tïtle\x00 with a NUL",
        media_type="text/markdown",
        metadata={"year": 2024, "lang": "dé", "draft": False, "score": 0.5, "none": None},
        acl_id=acl_id,
        state=state,
        modified_at_us=None,
        indexed_at_us=5,
        run_id="run_1",
        moved_from=None,
    )


def test_states_come_back_as_they_were_put(ledger: Ledger) -> None:
    rows = [_state(f"a/{number}.md") for number in range(_MANY)]
    ledger.write(lambda tx: documents.put(tx, "gen_1", rows))
    ledger.write(lambda tx: documents.put(tx, "gen_2", rows[:1]))
    kept = [row._replace(title="Tïtle\ufffd with a NUL") for row in rows]
    with ledger.read() as conn:
        assert sorted(documents.load(conn, "gen_1")) == sorted(kept)
        assert sorted(documents.load_brief(conn, "gen_1")) == sorted(
            BriefState(r.uri, r.source, r.revision, r.input_digest, r.digest, r.chunk_count, r.acl_id)
            for r in kept
        )
        uris = [row.uri for row in rows]
        assert documents.lookup(conn, "gen_1", [*uris, "unknown"]) == {row.uri: row for row in kept}
        assert documents.count(conn, "gen_1") == (_MANY, 2 * _MANY)
        assert documents.count(conn, "gen_3") == (0, 0)
        assert documents.holders(conn, "a/0.md") == ["gen_1", "gen_2"]
        assert [row.uri for row in documents.by_revision(conn, "gen_2", rows[0].revision)] == ["a/0.md"]


def test_put_replaces_and_remove_takes_only_its_generation(ledger: Ledger) -> None:
    rows = [_state(f"a/{number}.md") for number in range(_MANY)]
    for generation in ("gen_1", "gen_2"):
        ledger.write(lambda tx, g=generation: documents.put(tx, g, rows))  # type: ignore[misc]  # a default binds g
    ledger.write(lambda tx: documents.put(tx, "gen_1", [_state("a/0.md", chunks=7)]))
    ledger.write(lambda tx: documents.remove(tx, "gen_1", [row.uri for row in rows[1:]] + ["unknown"]))
    ledger.write(lambda tx: documents.remove(tx, "gen_1", []))
    with ledger.read() as conn:
        assert [(row.uri, row.chunk_count) for row in documents.load(conn, "gen_1")] == [("a/0.md", 7)]
        assert documents.count(conn, "gen_2") == (_MANY, 2 * _MANY)


def test_access_and_hiding_change_in_place(ledger: Ledger) -> None:
    ledger.write(lambda tx: documents.put(tx, "gen_1", [_state("a"), _state("b"), _state("c")]))
    ledger.write(lambda tx: documents.set_acl(tx, "gen_1", {"a": 4, "b": 5}))
    ledger.write(lambda tx: documents.set_acl(tx, "gen_1", {}))
    ledger.write(lambda tx: documents.set_state(tx, "gen_1", ["b"], state="hidden"))
    with ledger.read() as conn:
        found = documents.lookup(conn, "gen_1", ["a", "b", "c"])
        assert [(found[uri].acl_id, found[uri].state) for uri in ("a", "b", "c")] == [
            (4, "live"),
            (5, "hidden"),
            (1, "live"),
        ]
        assert documents.count(conn, "gen_1") == (2, 4)


def test_observations(ledger: Ledger) -> None:
    def seen(uri: str, stamp: str) -> Observation:
        return Observation(uri=uri, source="docs", stamp=stamp, revision="rev_1", verified_at_us=9)

    rows = [seen(f"a/{number}", "1") for number in range(_MANY)]
    ledger.write(lambda tx: observations.put(tx, "handbook", rows))
    ledger.write(lambda tx: observations.put(tx, "other", rows[:1]))
    ledger.write(lambda tx: observations.put(tx, "handbook", [seen("a/0", "2")]))
    ledger.write(lambda tx: observations.remove(tx, "handbook", [row.uri for row in rows[2:]]))
    with ledger.read() as conn:
        assert observations.load(conn, "handbook") == {"a/0": seen("a/0", "2"), "a/1": seen("a/1", "1")}
        assert observations.load(conn, "other") == {"a/0": seen("a/0", "1")}


def test_failures_remember_since_when_and_how_often(ledger: Ledger) -> None:
    def fail(stamp: str, run_id: str) -> None:
        rows = [("a.pdf", "parse", f"broken\x00 {run_id} \ud800", stamp)]
        ledger.write(lambda tx: failures.record(tx, "handbook", rows, run_id=run_id))

    fail("s1", "run_1")
    fail("s1", "run_2")
    with ledger.read() as conn:
        (second,) = failures.list(conn, "handbook")
    assert (second.uri, second.stage, second.attempts, second.run_id) == ("a.pdf", "parse", 2, "run_2")
    assert second.error == "broken\ufffd run_2 \ufffd"
    assert second.first_at_us < second.last_at_us
    fail("s2", "run_3")
    with ledger.read() as conn:
        (third,) = failures.list(conn, "handbook")
        assert failures.list(conn, "other") == ()
    assert third.attempts == 1
    assert third.first_at_us == second.first_at_us
    ledger.write(lambda tx: failures.clear(tx, "handbook", ["a.pdf", "unknown"]))
    with ledger.read() as conn:
        assert failures.list(conn, "handbook") == ()


def test_a_state_without_its_columns_is_refused_by_the_database(ledger: Ledger) -> None:
    broken = _state("a")._replace(revision=None)  # type: ignore[arg-type]  # what a careless caller could do
    with pytest.raises(Exception, match=r"(?i)null"):
        ledger.write(lambda tx: documents.put(tx, "gen_1", [_state("b"), broken]))
    with ledger.read() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM documents")).scalar_one() == 0
