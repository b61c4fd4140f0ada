"""Artifacts, lineage, generations, snapshots, runs and access label sets."""

from __future__ import annotations

import pytest

from headrace.errors import NotFoundError
from headrace.ledger import acls, artifacts, generations, lineage, runs, snapshots
from headrace.ledger.identity import digest
from headrace.ledger.ledger import Ledger, Write
from headrace.ledger.lineage import Edge


def test_an_artifact_is_put_once(ledger: Ledger) -> None:
    body = {"model": "extractive", "parts": [1, 2.5, None, b"\x00", ("a", "b")]}
    names = {ledger.write(lambda tx: artifacts.put(tx, "release", body)) for _ in range(3)}
    assert names == {digest("release", body)}
    with ledger.read() as conn:
        found = artifacts.get(conn, names.pop())
        assert artifacts.get(conn, "release_unknown") is None
    assert found is not None
    assert found.kind == "release"
    assert found.body == {**body, "parts": [1, 2.5, None, b"\x00", ["a", "b"]]}


def test_edges_are_found_from_both_ends_and_linked_once(ledger: Ledger) -> None:
    moved = Edge(source="old.md", target="new.md", activity="moved_from", attributes={"run": "run_1"})
    copied = Edge(source="old.md", target="copy.md", activity="copied_from")
    ledger.write(lambda tx: lineage.link(tx, [moved, copied]))
    ledger.write(
        lambda tx: lineage.link(tx, [Edge(source="old.md", target="new.md", activity="moved_from"), copied])
    )
    ledger.write(lambda tx: lineage.link(tx, []))
    with ledger.read() as conn:
        assert lineage.upstream(conn, "new.md") == [moved]
        assert lineage.downstream(conn, "old.md") == [copied, moved]
        assert lineage.upstream(conn, "old.md") == []


def _create(tx: Write, recipe: str, *, corpus: str = "handbook") -> generations.Generation:
    return generations.create(
        tx,
        corpus=corpus,
        recipe=recipe,
        fingerprint="emb_1",
        location="index/x",
        actor="sync",
        reason="new recipe",
    )


def test_generations_are_numbered_found_and_moved_through_their_states(ledger: Ledger) -> None:
    first = ledger.write(lambda tx: _create(tx, "recipe_a"))
    second = ledger.write(lambda tx: _create(tx, "recipe_b"))
    again = ledger.write(lambda tx: _create(tx, "recipe_a"))
    other = ledger.write(lambda tx: _create(tx, "recipe_a", corpus="other"))
    live = ledger.write(
        lambda tx: generations.set_state(tx, first.id, "live", actor="cutover", reason="gates passed")
    )
    assert [item.ordinal for item in (first, second, again, other)] == [1, 2, 3, 1]
    assert (live.state, live.actor, live.created_at_us) == ("live", "cutover", first.created_at_us)
    assert live.changed_at_us > first.changed_at_us
    with ledger.read() as conn:
        assert generations.list(conn, "handbook") == (live, second, again)
        assert generations.list(conn) == (live, second, again, other)
        assert generations.find(conn, "handbook", "recipe_a") == again
        assert generations.find(conn, "handbook", "recipe_a", states=["live"]) == live
        assert generations.find(conn, "handbook", "recipe_c") is None
        assert generations.get(conn, second.id) == second
        assert generations.get(conn, "gen_unknown") is None


def test_an_unknown_generation_or_run_is_named(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError, match="'gen_x'"):
        ledger.write(lambda tx: generations.set_state(tx, "gen_x", "live", actor="", reason=""))
    with pytest.raises(NotFoundError, match="'run_x'"):
        ledger.write(lambda tx: runs.finish(tx, "run_x", "done", report={}))


def test_snapshots_follow_each_other(ledger: Ledger) -> None:
    made = [
        ledger.write(
            lambda tx, v=version: snapshots.publish(  # type: ignore[misc]  # a default binds v
                tx, "gen_1", version=v, run_id="run_1", documents=v, chunks=4 * v, digest=None
            )
        )
        for version in (2, 5, 9)
    ]
    with ledger.read() as conn:
        assert snapshots.current(conn, "gen_1") == made[2]
        assert snapshots.list(conn, "gen_1") == (made[2], made[1], made[0])
        assert snapshots.list(conn, "gen_1", limit=1) == (made[2],)
        assert snapshots.at(conn, "gen_1", made[2].published_at_us - 1) == made[1]
        assert snapshots.at(conn, "gen_1", made[0].published_at_us - 1) is None
        assert snapshots.current(conn, "gen_2") is None
    assert [item.seq for item in made] == [1, 2, 3]


def test_runs(ledger: Ledger) -> None:
    first = ledger.write(lambda tx: runs.start(tx, "sync", "handbook", actor="cli"))
    ledger.write(lambda tx: runs.progress(tx, first, {"documents": 3}))
    ledger.write(lambda tx: runs.finish(tx, first, "done", report={"commits": 1, "digest": None}))
    dead = ledger.write(lambda tx: runs.start(tx, "sync", "handbook", actor="cli"))
    mine = ledger.write(lambda tx: runs.start(tx, "sync", "handbook", actor="cli"))
    ledger.write(lambda tx: runs.start(tx, "sync", "other", actor="cli"))
    assert ledger.write(lambda tx: runs.crash_orphans(tx, "handbook", kind="sync", but=mine)) == (dead,)
    with ledger.read() as conn:
        done = runs.get(conn, first)
        assert done is not None
        assert (done.state, done.report, done.progress) == (
            "done",
            {"commits": 1, "digest": None},
            {"documents": 3},
        )
        assert done.finished_at_us is not None
        assert [(run.id, run.state) for run in runs.list(conn, "handbook")] == [
            (mine, "running"),
            (dead, "crashed"),
            (first, "done"),
        ]
        assert len(runs.list(conn, "handbook", limit=2)) == 2
        assert len(runs.list(conn)) == 4
        last_done = runs.last(conn, "handbook", state="done")
        assert last_done == done
        assert runs.last(conn, "handbook", kind="eval") is None
        assert runs.get(conn, "run_unknown") is None


def test_any_overlap_of_labels_admits_and_a_changed_rule_keeps_its_id(ledger: Ledger) -> None:
    def intern(key: str, *labels: str) -> int:
        return ledger.write(lambda tx: acls.intern(tx, key, labels))

    public, staff, secret = (
        intern("public", "public"),
        intern("rule:x", "staff", "admin", "staff"),
        intern("none"),
    )
    assert len({public, staff, secret}) == 3
    with ledger.read() as conn:
        assert acls.admitted(conn, []) == {public}
        assert acls.admitted(conn, ["admin", "visitor"]) == {public, staff}
        assert acls.labels(conn, [staff, secret, 99]) == {staff: ("admin", "staff"), secret: (), 99: ()}
    assert intern("rule:x", "board", "admin") == staff
    with ledger.read() as conn:
        assert acls.admitted(conn, {"staff"}) == {public}
        assert acls.admitted(conn, {"board"}) == {public, staff}
        assert acls.admitted(conn, [f"label-{number}" for number in range(1200)] + ["board"]) == {
            public,
            staff,
        }
