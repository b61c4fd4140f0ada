"""Spans move to files and end as the rules say; what is held stays; users are forgotten hot and cold."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.config.load import load_config
from headrace.errors import ConfigError, NotFoundError, UsageError, Withheld
from headrace.ledger import leases
from headrace.ledger.events.cold.moving import sweep
from headrace.ledger.events.encoding import DAY_NS
from headrace.ledger.events.tiered import LEASE
from headrace.records.wire import to_plain
from headrace.server.daily import archive_once
from tests import sightings
from tests.observe.traces.spans import child, span
from tests.workbench import Workbench

RULES = """
[traces.keep]
hot = "7d"
cold = "30d"
[traces.keep.service.slow]
hot = "20d"
cold = "90d"
[traces.keep.prompt.terms]
hot = "2d"
[traces.keep.corpus.docs]
hot = "1d"
cold = "10d"
"""
_NOW = '[erasure]\nreader_wait = "0s"\n'


def bench_at(root: Path, rules: str = RULES, *, ledger: str | None = None) -> Workbench:
    """A workspace with these rules."""
    bench = Workbench(root)
    bench.configure(extra=_NOW + rules, ledger=ledger)
    return bench


def test_each_trace_is_kept_as_its_rule_says(tmp_path: Path) -> None:
    with bench_at(tmp_path).open() as workspace:
        spans = {
            "fresh": span(),
            "default": span(days_ago=9),
            "slow": span(days_ago=9, service="slow"),
            "docs": span(days_ago=3, kind="search", name="search docs"),
            "other corpus": span(days_ago=3, kind="search", name="search letters"),
            "old": span(days_ago=40),
            "old and slow": span(days_ago=40, service="slow"),
        }
        mixed = span(days_ago=9)
        slow = child(mixed, service="slow")
        workspace.events.append([*spans.values(), mixed, slow]).result()
        report = workspace.traces.archive()
        kept = {item.span_id for item in workspace.events.hot.all()}
        cold = {item.span_id for item in workspace.events.cold.spans()}
        names = {item.span_id: name for name, item in spans.items()}
        assert {names[key] for key in kept & names.keys()} == {"fresh", "slow", "other corpus"}
        assert {names[key] for key in cold & names.keys()} == {"default", "docs", "old and slow"}
        assert {mixed.span_id, slow.span_id} <= kept, "a trace stays together, by its longest rule"
        assert (report.moved, report.deleted, report.archived) == (4, 1, 0)
        assert workspace.events.trace(spans["old"].trace_id) == []
        again = workspace.traces.archive()
        assert (again.moved, again.deleted) == (0, 0)
        later = time.time_ns() + 100 * DAY_NS
        assert workspace.traces.archive(now_ns=later).deleted > 0
        assert workspace.events.count(0) == 0


def test_the_shortest_rule_of_a_prompt_counts(tmp_path: Path) -> None:
    bench = bench_at(tmp_path)
    (tmp_path / "prompts").mkdir(exist_ok=True)
    (tmp_path / "prompts" / "terms.md").write_text("---\ndescription: x\n---\nSay it.\n")
    with bench.open() as workspace:
        parts = replace(workspace.traces.parts, prompt_names=lambda: {"prompt_t": "terms"})
        workspace.events.append([span(days_ago=4, prompt="prompt_t"), span(days_ago=4)]).result()
        assert replace(workspace.traces, parts=parts).archive().moved == 1


def test_what_was_kept_for_long_enough_can_stay_as_files(tmp_path: Path) -> None:
    rules = '[traces.keep]\nhot = "1d"\ncold = "10d"\nthen = "archive"\n'
    rules += '[traces.keep.service.slow]\ncold = "90d"\n'
    with bench_at(tmp_path, rules).open() as workspace:
        day = 20.0
        old = [span(days_ago=day), span(days_ago=day)]
        long = span(days_ago=day, service="slow")
        alone = span(days_ago=40)
        workspace.events.append([*old, long, alone]).result()
        report = workspace.traces.archive()
        assert (report.moved, report.archived, report.deleted) == (4, 3, 0)
        assert workspace.events.trace(old[0].trace_id) == []
        assert len(workspace.events.trace(long.trace_id)) == 1
        stats = workspace.traces.stats()
        assert (stats.cold, stats.archived) == (1, 3)
        assert workspace.traces.archive().archived == 0
        assert sweep(workspace.events.cold) == 0


def test_what_is_held_is_neither_moved_nor_deleted(tmp_path: Path) -> None:
    with bench_at(tmp_path).open() as workspace:
        anna = workspace.traces.parts.keyring.subject("anna")
        one, hers, other = span(days_ago=50), span(days_ago=50, subject=anna), span(days_ago=50)
        cold = span(days_ago=12)
        workspace.events.append([one, hers, child(hers), other, cold]).result()
        held = workspace.traces.hold(trace=one.trace_id, reason="case 17")
        user = workspace.traces.hold(user="anna", reason="case 18")
        report = workspace.traces.archive()
        assert (report.moved, report.deleted, report.held) == (2, 1, 3)
        assert {item.span_id for item in workspace.events.hot.all()} >= {one.span_id, hers.span_id}
        assert workspace.events.trace(other.trace_id) == []
        spell = workspace.traces.hold(since="13d", until="11d", reason="the outage")
        later = time.time_ns() + 300 * DAY_NS
        workspace.traces.archive(now_ns=later)
        assert len(workspace.events.trace(cold.trace_id)) == 1
        with pytest.raises(Withheld, match="case 18"):
            workspace.forget("subject:anna")
        for hold in (held, user, spell):
            assert workspace.traces.release(hold.id).released_by
        assert workspace.traces.holds().holds == ()
        assert len(workspace.traces.holds(released=True).holds) == 3
        assert "anna" not in json.dumps(to_plain(workspace.traces.holds(released=True)))
        workspace.traces.archive(now_ns=later)
        assert workspace.events.count(0) == 0
        with pytest.raises(NotFoundError):
            workspace.traces.release("hold_x")
        for wrong in ({}, {"trace": one.trace_id}, {"since": "1d", "until": "2d", "reason": "x"}):
            with pytest.raises(UsageError):
                workspace.traces.hold(**wrong)


@pytest.mark.parametrize(
    "engine", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.soak])]
)
def test_a_user_is_forgotten_hot_and_cold(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    postgres = str(request.getfixturevalue("postgres_url")) if engine == "postgresql" else None
    canary = "CANARY-4711 of the boathouse"
    with bench_at(tmp_path, ledger=postgres).open() as workspace:
        anna, ben = map(workspace.traces.parts.keyring.subject, ("anna", "ben"))
        said = {"input": canary, "gen_ai.request.model": "m-1"}
        hot, cold = (span(days_ago=ago, subject=anna, attributes=said) for ago in (0, 9))
        below = replace(child(cold), error=f"could not say {canary}", attributes={"notes": [canary]})
        late = replace(child(cold), end_ns=hot.end_ns, attributes={"deep": {"er": canary}})
        other = span(days_ago=9, subject=ben, attributes={"input": "Only herons."})
        workspace.events.append([hot, cold, below, late, other]).result()
        assert workspace.traces.archive().moved == 3
        state = tmp_path / ".headrace"
        places = {"blobs", "events"} if postgres is None else {"blobs", "table event_spans"}
        seen = sightings.seen(state, canary, postgres=postgres)
        assert {"blobs"} <= seen
        assert len(seen) >= len(places)
        workspace.consents.set("anna", training=True)
        assert len(workspace.traces.select("training").traces) == 2
        preview = workspace.forget("subject:anna", dry_run=True)
        assert {item.store: item.items for item in preview.found} == {"events": 4}
        report = workspace.forget("subject:anna")
        assert report.certificate is not None
        assert report.scan.hits == 0
        assert report.unproven == ()
        assert sightings.seen(state, canary, postgres=postgres) == set()
        kept = workspace.events.trace(cold.trace_id)
        assert [item.span_id for item in kept] == [
            item.span_id
            for item in sorted([cold, below, late], key=lambda s: (s.start_ns, s.end_ns, s.span_id))
        ]
        assert kept[0].attributes.get("gen_ai.request.model", "m-1") == "m-1"
        assert [item.attributes["input"] for item in workspace.events.trace(other.trace_id)] == [
            "Only herons."
        ]
        assert sweep(workspace.events.cold) == 0


def test_a_forgotten_document_is_gone_from_cold_calls(tmp_path: Path) -> None:
    bench = bench_at(tmp_path)
    bench.write("letter.md", "# A letter\n\nQuentin Marlowe hid the zanzibar ledger under the floor.")
    bench.write("mill.md", "# The mill\n\nThe mill stands by the river.")
    bench.sync()
    with bench.open() as workspace:
        trace = workspace.ask("Where is the zanzibar ledger of Quentin Marlowe?").trace_id
        later = time.time_ns() + 3 * DAY_NS
        assert workspace.traces.archive(now_ns=later).moved > 0
        state = tmp_path / ".headrace"
        assert "blobs" in sightings.seen(state, "zanzibar ledger under the floor")
        report = workspace.forget("docs/letter.md")
        assert report.certificate is not None
        assert sightings.seen(state, "zanzibar ledger under the floor") == set()
        assert sightings.seen(state, "letter.md") == set()
        assert workspace.events.trace(trace)


def test_a_server_moves_them_by_itself_and_a_failure_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "headrace.server.daily")
    with bench_at(tmp_path).open() as workspace:
        workspace.events.append([span(days_ago=9)]).result()
        archive_once(workspace)
        assert "1 spans were moved" in caplog.text
        with leases.held(workspace.ledger, LEASE):
            archive_once(workspace)
        assert "Another process" in caplog.text


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ('[traces.keep]\nhot = "soon"\n', "not a length of time"),
        ('[traces.keep]\nhot = "12h"\n', "whole days"),
        ('[traces.keep]\nhot = "20d"\ncold = "10d"\n', "ends before"),
        ('[traces.keep]\nwarm = "20d"\n', "not a known key"),
        ('[traces.keep.service.x]\ncold = "1d"\n', "ends before"),
        ('[traces.keep]\nthen = "burn"\n', "not a choice"),
        ("[traces]\nanonymous_training = 1\n", "true or false"),
    ],
)
def test_rules_that_cannot_be_are_refused(tmp_path: Path, rules: str, complaint: str) -> None:
    bench_at(tmp_path, rules)
    with pytest.raises(ConfigError, match=complaint):
        load_config(tmp_path)


def test_anonymous_traces_serve_training_only_if_configured(tmp_path: Path) -> None:
    for rules, expected in (("", 0), ("[traces]\nanonymous_training = true\n", 1)):
        with bench_at(tmp_path, rules).open() as workspace:
            if not expected:
                workspace.events.append([span()]).result()
            assert len(workspace.traces.select("training").traces) == expected
            assert len(workspace.traces.select("eval").traces) == 1
