"""Signals over HTTP, and those that a reader of the page gives, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from headrace.records.call import new_trace_id
from headrace.records.signals import Signal
from headrace.records.wire import to_plain
from tests.doors.server.browser import Browser, browser, missing
from tests.doors.server.serving import QUESTION, client, serving, small_workspace
from tests.workbench import Workbench

needs_browser = pytest.mark.skipif(missing() is not None, reason=f"no browser: {missing()}")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    bench = small_workspace(tmp_path_factory.mktemp("signals"))
    bench.sync()
    return bench


@pytest.fixture(scope="module")
def served(bench: Workbench) -> Iterator[str]:
    with serving(bench.root) as address:
        yield address


@pytest.fixture(scope="module")
def web(served: str) -> Iterator[httpx.Client]:
    with client(served) as opened:
        yield opened


def test_http_gives_what_python_gives_without_what_users_wrote(web: httpx.Client, bench: Workbench) -> None:
    trace = web.post("/api/ask", json={"question": QUESTION}).json()["trace_id"]
    body = {"trace": trace, "kind": "correction", "value": "40 days.", "user": "eve", "id": "one"}
    first = web.post("/api/signals", json=body).raise_for_status().json()
    again = web.post("/api/signals", json=body).raise_for_status().json()
    assert (first["new"], again["new"]) == (True, False)
    shown = web.get("/api/signals", params={"trace": trace, "user": "eve"}).raise_for_status().json()
    assert shown["signals"][0]["value"] is None
    judged = web.post("/api/signals/audits", json={"trace": trace, "verdict": "bad"}).json()
    assert (judged["verdict"], judged["question"]) == ("bad", None)
    with bench.open() as workspace:
        assert shown == to_plain(workspace.signals.list(trace=trace, user="eve", texts=False))
        assert workspace.signals.list(trace=trace).signals[0].value == "40 days."
        assert web.get("/api/signals/model").json() == to_plain(workspace.signals.model())
        assert web.get(f"/api/signals/bad/{trace}").json() == to_plain(workspace.signals.bad(trace))
    drawn = web.post("/api/signals/sample", json={"n": 5}).raise_for_status().json()["drawn"]
    assert web.get("/api/signals/audits").json()["audits"]
    assert drawn[0]["answer"] is None
    assert web.post("/api/signals/infer", json={}).raise_for_status().json()["found"] == {}
    assert web.post("/api/signals/erase", json={"user": "eve"}).json() == {"signals": 1, "audits": 0}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"trace": "0" * 32, "kind": "thumbs", "value": "sideways"}, 400),
        ({"trace": "nothing", "kind": "thumbs", "value": "up"}, 400),
        ({"trace": "0" * 32, "kind": "thumb", "value": "up"}, 400),
        ({"trace": "0" * 32, "kind": "thumbs", "value": "up", "cookie": 1}, 422),
    ],
)
def test_a_signal_that_cannot_be(web: httpx.Client, body: dict[str, object], status: int) -> None:
    reply = web.post("/api/signals", json=body)
    assert (reply.status_code, set(reply.json()["error"])) == (
        status,
        {"type", "message", "hint", "details"},
    )


def test_the_snippet_is_small_and_keeps_nothing_in_the_browser(web: httpx.Client) -> None:
    reply = web.get("/signals.js").raise_for_status()
    assert reply.headers["content-type"].startswith("text/javascript")
    assert len(reply.content) <= 2048
    assert not any(word in reply.text for word in ("cookie =", "localStorage", "sessionStorage", "http:"))
    assert web.post("/api/signals", json={"trace": new_trace_id(), "kind": "copy"}).json()["new"]


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def _await(look: Callable[[], list[Signal]]) -> list[Signal]:
    for _ in range(100):
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("no signal arrived")


def _asked(window: Browser, address: str) -> str:
    window.open("about:blank")
    window.open(f"{address}/")
    window.text(".corpus")
    window.type(QUESTION)
    window.type("Enter")
    window.text(".answer .prose")
    return str(window.run("return document.querySelector('.answer').dataset.headraceTrace"))


@needs_browser
def test_a_thumb_down_in_the_page_becomes_a_signal(window: Browser, served: str, bench: Workbench) -> None:
    trace = _asked(window, served)
    window.click("[data-headrace-thumb=down]")
    assert "Noted" in window.text(".said")
    assert (
        window.run("return document.querySelector('[data-headrace-thumb=down]').getAttribute('aria-pressed')")
        == "true"
    )
    window.click("[data-headrace-cite='1']")
    window.run(
        "getSelection().selectAllChildren(document.querySelector('.prose'));document.execCommand('copy')"
    )
    with bench.open() as workspace:

        def look() -> list[Signal]:
            found = list(workspace.signals.list(trace=trace).signals)
            return found if {item.kind for item in found} >= {"thumbs", "citation_click", "copy"} else []

        found = {item.kind: item for item in _await(look)}
        assert found["thumbs"].value == "down"
        assert (found["citation_click"].value, found["citation_click"].exposed) == (1, True)
        assert found["copy"].value > 10
        assert workspace.signals.bad(trace).weights["thumbs_down"] > 2
        time.sleep(1.1)
        window.open("about:blank")
        (dwell,) = _await(lambda: list(workspace.signals.list(trace=trace, kind="dwell").signals))
        assert 1 <= dwell.value < 60


@needs_browser
def test_under_do_not_track_only_what_is_said_on_purpose(
    window: Browser, served: str, bench: Workbench, tmp_path: Path
) -> None:
    source = "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })"
    added = window._post(
        "goog/cdp/execute",
        {"cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": source}},
    )
    trace = _asked(window, served)
    window.click("[data-headrace-cite='1']")
    window.run(
        "getSelection().selectAllChildren(document.querySelector('.prose'));document.execCommand('copy')"
    )
    time.sleep(1.1)
    window.click("[data-headrace-thumb=up]")
    window.open("about:blank")
    with bench.open() as workspace:
        _await(lambda: list(workspace.signals.list(trace=trace, kind="thumbs").signals))
        time.sleep(0.5)
        assert [item.kind for item in workspace.signals.list(trace=trace).signals] == ["thumbs"]
    window._post(
        "goog/cdp/execute",
        {"cmd": "Page.removeScriptToEvaluateOnNewDocument", "params": added},
    )
