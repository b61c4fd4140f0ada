"""Traces are found, shown as far as one may read them, selected by consent, exported; hot and cold alike."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from headrace.cli.main import run
from headrace.errors import NotFoundError, UsageError
from headrace.records.call import SpanEvent
from headrace.records.wire import to_plain
from headrace.workspace import Workspace
from tests.doors.server.test_error_shape import serving_here
from tests.observe.traces.spans import child, span
from tests.workbench import Workbench

SERVICE = "shop"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace in which one document is for staff only."""
    bench = Workbench(tmp_path_factory.mktemp("traces"))
    bench.configure(extra='[corpus.docs.access]\n"docs/staff/*" = ["staff"]\n"**" = ["public"]\n')
    bench.write("herons.md", "# Herons\n\nHerons nest in the old mill every spring.")
    bench.write("staff/pay.md", "# Pay\n\nThe zanzibar bonus is paid in June.")
    bench.sync()
    with bench.open() as workspace:
        yield workspace


@pytest.fixture(scope="module")
def stored(opened: Workspace) -> dict[str, SpanEvent]:
    """Traces of an application, some of which are cold."""
    anna = opened.traces.parts.keyring.subject("anna")
    ben = opened.traces.parts.keyring.subject("ben")
    root = span(name="agent run", kind="agent", service=SERVICE, subject=anna, session="s-1", ms=3000)
    spans = {
        "agent": root,
        "tool": child(root, name="tool pay", kind="tool", status="error", error="Timeout: no answer"),
        "model": child(
            root,
            name="chat m-2",
            kind="chat",
            model="m-2",
            input_tokens=100,
            output_tokens=7,
            cost_micro=2_500,
            currency="EUR",
        ),
        "old": span(days_ago=20, service=SERVICE, subject=ben, prompt="prompt_x", release="rel_1"),
        "older": span(days_ago=40, service=SERVICE, attributes={"input": "A Zebra crossing at 100%"}),
    }
    opened.events.append(list(spans.values())).result()
    assert opened.traces.archive().moved == 2
    return spans


def ids(report: Any) -> list[str]:
    """The ids of a list."""
    return [line.trace_id for line in report.traces]


def test_traces_are_listed_newest_first_each_once_by_pages(
    opened: Workspace, stored: dict[str, SpanEvent]
) -> None:
    whole = opened.traces.list(service=SERVICE)
    assert ids(whole) == [stored[name].trace_id for name in ("agent", "old", "older")]
    assert whole.next is None
    found, after = [], None
    while True:
        page = opened.traces.list(service=SERVICE, limit=1, after=after)
        found += ids(page)
        after = page.next
        if after is None:
            break
    assert found == ids(whole)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"model": "m-2"}, ["agent"]),
        ({"kind": "tool"}, ["agent"]),
        ({"status": "error"}, ["agent"]),
        ({"user": "anna"}, ["agent"]),
        ({"user": "ben"}, ["old"]),
        ({"session": "s-1"}, ["agent"]),
        ({"prompt": "prompt_x"}, ["old"]),
        ({"release": "rel_1"}, ["old"]),
        ({"since": "30d"}, ["agent", "old"]),
        ({"since": "30d", "until": "10d"}, ["old"]),
        ({"slower": "2s"}, ["agent"]),
        ({"dearer": 0.002}, ["agent"]),
        ({"dearer": 0.01}, []),
        ({"text": "zebra"}, ["older"]),
        ({"text": "AT 100%"}, ["older"]),
        ({"text": "100_"}, []),
        ({"text": "Timeout"}, ["agent"]),
    ],
)
def test_each_condition_narrows(
    opened: Workspace, stored: dict[str, SpanEvent], conditions: dict[str, Any], expected: list[str]
) -> None:
    found = opened.traces.list(service=SERVICE, **conditions)
    if conditions.keys() & {"kind", "model", "status", "dearer", "text"}:  # on spans without a service, too
        found = opened.traces.list(**conditions)
    mine = {item.trace_id for item in stored.values()}
    assert [trace for trace in ids(found) if trace in mine] == [stored[name].trace_id for name in expected]


def test_a_condition_that_is_none_is_refused(opened: Workspace) -> None:
    wrongs: list[dict[str, Any]] = [
        {"colour": "red"},
        {"since": "soon"},
        {"slower": "long"},
        {"status": "bad"},
    ]
    for wrong in wrongs:
        with pytest.raises(UsageError):
            opened.traces.list(**wrong)
    for number in (0, 1001):
        with pytest.raises(UsageError, match="limit"):
            opened.traces.list(limit=number)
    with pytest.raises(UsageError, match="place"):
        opened.traces.list(after="x")


def test_a_line_counts_tokens_and_cost_once(opened: Workspace, stored: dict[str, SpanEvent]) -> None:
    (line,) = opened.traces.list(user="anna").traces
    assert (line.spans, line.errors, line.input_tokens, line.output_tokens) == (3, 1, 100, 7)
    assert (line.cost_micro, line.currency, line.ms) == (2_500, "EUR", 3000.0)
    assert (line.name, line.kind, line.session, line.models) == ("agent run", "agent", "s-1", ("m-1", "m-2"))
    root = stored["agent"]
    opened.events.append([replace(child(root), name="repeats", input_tokens=100, output_tokens=7)]).result()
    sums = opened.traces.stats(service=SERVICE)
    assert (sums.hot, sums.cold) == (4, 2)
    assert sums.spans == 6
    assert sums.traces == 3
    assert sums.cost_micro == {"EUR": 2_500}
    assert sums.kinds == {"call": 2, "agent": 2, "tool": 1, "chat": 1}
    assert sums.errors == 1
    assert sums.cold_bytes > 0


def test_a_trace_is_drawn_as_a_tree(opened: Workspace, stored: dict[str, SpanEvent]) -> None:
    report = opened.traces.show(stored["agent"].trace_id)
    assert (report.spans[0].name, report.spans[0].depth) == ("agent run", 0)
    assert {(item.name, item.depth) for item in report.spans[1:]} >= {("tool pay", 1), ("chat m-2", 1)}
    failed = next(item for item in report.spans if item.kind == "tool")
    assert failed.error == "Timeout: no answer"
    assert report.hidden == 0
    assert not report.closed
    cold = opened.traces.show(stored["old"].trace_id.upper())
    assert (cold.spans[0].input, cold.spans[0].output) == ("What about herons?", "They nest.")
    with pytest.raises(NotFoundError):
        opened.traces.show("f" * 32)
    with pytest.raises(UsageError):
        opened.traces.show("nonsense")


def test_a_large_trace_is_summarised(opened: Workspace) -> None:
    root = span(name="loop", kind="agent", ms=5000)
    steps = [child(root, name=f"step {number}", start_ns=root.start_ns + number) for number in range(300)]
    deep = child(steps[7], name="deep", status="error")
    opened.events.append([root, *steps, deep]).result()
    report = opened.traces.show(root.trace_id)
    assert len(report.spans) <= 102
    assert report.hidden == 302 - len(report.spans)
    assert report.spans[0].hidden + len([item for item in report.spans if item.depth == 1]) == 300
    assert {"loop", "step 7", "deep"} <= {item.name for item in report.spans}
    whole = opened.traces.show(root.trace_id, whole=True)
    assert (len(whole.spans), whole.hidden) == (302, 0)


def test_texts_of_closed_documents_are_not_shown(opened: Workspace) -> None:
    answer = opened.ask("When is the zanzibar bonus paid?", access=["public", "staff"])
    assert any(item.document == "docs/staff/pay.md" for item in answer.citations)
    for access in (None, ["public", "staff"]):
        report = opened.traces.show(answer.trace_id, access=access)
        assert not report.closed
        assert "zanzibar" in json.dumps(to_plain(report))
        assert "docs/docs/staff/pay.md" in {
            chunk.document for item in report.spans for chunk in item.chunks if chunk.score is not None
        }
    report = opened.traces.show(answer.trace_id, access=["public"])
    assert report.closed
    assert "zanzibar" not in json.dumps(to_plain(report))
    assert "pay.md" not in json.dumps(to_plain(report))
    lists = [
        opened.traces.list(kind="ask", questions=True, access=labels)
        for labels in (["public"], ["staff", "public"])
    ]
    asked = [{line.trace_id: line.question for line in found.traces}[answer.trace_id] for found in lists]
    assert asked == [None, "When is the zanzibar bonus paid?"]
    for labels, seen in ((["public"], False), (["staff", "public"], True)):
        assert (answer.trace_id in ids(opened.traces.readable(access=labels, text="zanzibar"))) is seen


def test_what_users_were_unhappy_with_is_listed_with_the_reason(
    opened: Workspace, stored: dict[str, SpanEvent]
) -> None:
    bad, good = stored["old"].trace_id, stored["agent"].trace_id
    opened.signals.add(bad, "thumbs", "down")
    opened.signals.add(good, "thumbs", "up")
    found = opened.traces.list(bad=True)
    assert ids(found) == [bad]
    line = found.traces[0]
    assert line.p_bad is not None
    assert line.p_bad > 0.5
    assert line.why[0] == "thumbs_down"
    assert line.question == "What about herons?"
    assert ids(opened.traces.list(bad=True, since="10d")) == []
    assert ids(opened.traces.list(bad=True, at_least=0.0)) == [good, bad]
    first = opened.traces.list(bad=True, at_least=0.0, limit=1)
    assert ids(opened.traces.list(bad=True, at_least=0.0, limit=1, after=first.next)) == [bad]
    (signal,) = opened.traces.show(bad).signals
    assert (signal.kind, signal.value) == ("thumbs", "down")


def test_opt_outs_count_at_once_hot_and_cold(opened: Workspace, stored: dict[str, SpanEvent]) -> None:
    agent, old, older = (stored[name].trace_id for name in ("agent", "old", "older"))

    def chosen(purpose: Any) -> list[str]:
        return list(opened.traces.select(purpose, service=SERVICE).traces)

    assert chosen("eval") == [agent, old, older]
    assert chosen("training") == []
    opened.consents.set("ben", training=True, reason="asked")
    opened.consents.set("anna", eval=False)
    assert chosen("eval") == [old, older]
    assert chosen("training") == [old]
    assert opened.traces.may_serve("training", [agent, old, older, "f" * 32]) == {old}
    opened.consents.set("ben", training=False)
    assert chosen("training") == []
    assert opened.traces.select("training", service=SERVICE).refused == 3
    found = opened.traces.select("eval", service=SERVICE, limit=1)
    assert found.next is not None
    rest = opened.traces.select("eval", service=SERVICE, limit=5, after=found.next)
    assert [*found.traces, *rest.traces] == [old, older]
    report = opened.consents.show("ben")
    assert report.allows == {"eval": True, "training": False}
    assert [item.allowed for item in report.history] == [False, True]
    assert "ben" not in json.dumps(to_plain(report)).replace(report.subject, "")
    assert len(opened.consents.list().decisions) == 3
    with pytest.raises(UsageError):
        opened.consents.set("ben")
    opened.consents.set("anna", eval=True)


def test_whole_traces_are_exported(opened: Workspace, stored: dict[str, SpanEvent], tmp_path: Path) -> None:
    lines, rows = tmp_path / "t.jsonl", tmp_path / "t.parquet"
    report = opened.traces.export(lines, service=SERVICE)
    opened.traces.export(rows, service=SERVICE)
    found = [json.loads(line) for line in lines.read_text().splitlines()]
    assert (report.traces, report.spans) == (3, len(found))
    assert {item["span_id"] for item in found} >= {item.span_id for item in stored.values()}
    assert pq.read_table(rows).num_rows == len(found)
    old = next(item for item in found if item["span_id"] == stored["old"].span_id)
    assert old["attributes"]["output"] == "They nest."
    assert opened.traces.export(lines, purpose="training", service=SERVICE).traces == 0
    with pytest.raises(UsageError):
        opened.traces.export(tmp_path / "t.txt")


def test_tail_gives_traces_as_they_end(opened: Workspace) -> None:
    tail = opened.traces.tail(seconds=0.01, kind="tailed")
    first = span(kind="other")
    opened.events.append([first]).result()
    wanted = [span(kind="tailed", days_ago=-1 / 86_400) for _ in range(2)]
    timer = threading.Timer(0.1, lambda: opened.events.append(wanted).result())
    timer.start()
    found = {next(tail).trace_id, next(tail).trace_id}
    timer.join()
    assert found == {item.trace_id for item in wanted}


def test_the_doors(
    opened: Workspace, stored: dict[str, SpanEvent], capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["-w", str(opened.root)]

    def said(*words: str, code: int = 0) -> str:
        assert run([*words, *where]) == code
        return capsys.readouterr().out

    trace = stored["agent"].trace_id
    assert trace in said("trace", "list", "--service", SERVICE)
    assert "tool pay" in said("trace", "show", trace)
    assert stored["older"].trace_id in said("trace", "search", "zebra")
    assert json.loads(said("trace", "stats", "--json"))["cold"] == 2
    held = json.loads(said("trace", "hold", "add", "--trace", trace, "--reason", "case 17", "--json"))
    assert "case 17" in said("trace", "hold", "list")
    assert "released" in said("trace", "hold", "release", held["id"])
    assert "Nothing is held" in said("trace", "hold", "list")
    assert "yes" in said("consent", "set", "cleo", "--training", "yes", "--reason", "form 3")
    assert "form 3" in said("consent", "show", "cleo")
    assert "form 3" in said("consent", "list")
    assert "may serve eval" in said("trace", "select", "eval")
    assert "0 spans moved" in said("trace", "archive")
    said("consent", "set", "cleo", "--eval", "perhaps", code=2)
    with serving_here(opened) as http:
        _over_http(http, trace)


def _over_http(http: httpx.Client, trace: str) -> None:
    def got(path: str, **parameters: Any) -> Any:
        answer = http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert trace in {line["trace_id"] for line in got("/api/traces", service=SERVICE)["traces"]}
    assert got("/api/traces", text="zebra")["traces"]
    assert got(f"/api/traces/{trace}")["trace"]["trace_id"] == trace
    assert got("/api/traces/stats")["cold"] == 2
    assert trace in got("/api/traces/select", purpose="eval", service=SERVICE)["traces"]
    assert got("/api/traces/holds", released=True)["holds"][0]["reason"] == "case 17"
    held = http.post("/api/traces/holds", json={"user": "anna", "reason": "case 18"}).json()
    assert http.post(f"/api/traces/holds/{held['id']}/release").json()["released"]
    assert http.post("/api/traces/archive").json()["moved"] == 0
    assert http.post("/api/consents/dora", json={"training": True}).json()["allows"]["training"]
    assert got("/api/consents/dora")["allows"] == {"eval": True, "training": True}
    assert got("/api/consents")["decisions"]
    assert http.get("/api/traces", params={"since": "soon"}).status_code == 400
    assert http.get(f"/api/traces/{'f' * 32}").status_code == 404
