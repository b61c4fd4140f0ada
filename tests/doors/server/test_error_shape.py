"""Whatever goes wrong, on whichever route, the answer has the one error shape."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from headrace.config.load import load_config
from headrace.errors import (
    DiskFull,
    FilterError,
    HeadraceError,
    LeaseHeld,
    MigrationFailed,
    MissingExtra,
    NotFoundError,
    RefConflict,
    RetryableError,
    StateConflict,
    StorageError,
    TerminalError,
    Unprotected,
    UsageError,
    Withheld,
)
from headrace.records.explain import WhyReport
from headrace.server.app import create_app
from headrace.server.guard import MAX_BODY_BYTES
from headrace.server.loopback import address_of, listen
from headrace.workspace import Workspace
from tests.doors.server.serving import QUESTION, client, small_workspace
from tests.fakes.openai_server import OpenAIServer, error
from tests.workbench import Workbench

ROUTES = {
    *("/api/search", "/api/ask", "/api/why/{ref}", "/api/at/{time}", "/api/status"),
    *("/api/hide", "/api/forget"),
    *("/api/index/backfill-metadata", "/api/index/drop-field", "/api/index/retype-field"),
    *("/api/index", "/api/index/{generation}", "/api/index/build", "/api/index/compare"),
    *("/api/index/cutover", "/api/index/rollback"),
    *("/api/index/verify", "/api/index/prune", "/api/index/optimize"),
    *("/api/deprecate", "/api/history/{document}"),
    *("/api/embeddings/dead-letters", "/api/embeddings/retry", "/api/embeddings/checks"),
    *("/api/embeddings/accept", "/api/probes"),
    *("/api/gates", "/api/gates/test", "/api/pii/scan", "/api/quality", "/api/rot"),
    *("/api/gates/report", "/api/gates/replay", "/api/gates/quarantine", "/api/gates/quarantine/item"),
    *("/api/gates/quarantine/release", "/api/gates/quarantine/reject", "/api/gates/quarantine/replay"),
    *("/api/steps", "/api/steps/{step}", "/api/steps/test", "/api/steps/dead-letters"),
    *("/api/steps/retry", "/api/steps/accuracy"),
    *("/api/schemas", "/api/schemas/{name}", "/api/schemas/{name}/diff"),
    *("/api/schemas/check", "/api/schemas/migrate", "/api/schemas/freeze", "/api/schemas/rewrite"),
    *("/api/records", "/api/records/{record}"),
    *("/api/keys", "/api/keys/{name}/revoke"),
    *("/api/evals", "/api/evals/compare", "/api/evals/import", "/api/evals/runs/{run}"),
    *("/api/evals/{suite}/run", "/api/evals/{suite}/gate"),
    *("/api/golden/{name}", "/api/golden/{name}/cases", "/api/golden/{name}/accept"),
    *("/api/golden/{name}/retire", "/api/golden/{name}/refresh", "/api/golden/{name}/cases/{key}"),
    *("/api/features", "/api/features/join", "/api/features/{view}/materialise"),
    *("/api/features/{view}", "/api/features/{view}/search", "/api/features/{view}/check"),
    *("/api/prompts", "/api/prompts/check", "/api/prompts/{name}"),
    *("/api/prompts/{name}/diff", "/api/prompts/{name}/label", "/api/prompts/{name}/log"),
    *("/api/prompts/{name}/render", "/api/prompts/{name}/rollback"),
    *("/api/call", "/api/calls/stats", "/api/dead-letters", "/api/dead-letters/{id}"),
    *("/api/dead-letters/replay", "/api/dead-letters/resolve", "/api/dead-letters/discard"),
    *("/api/vault", "/api/vault/reveal", "/api/vault/rotate", "/api/cache", "/api/cache/clear"),
    *("/api/sessions", "/api/sessions/{session}", "/api/sessions/{session}/turns"),
    *("/api/sessions/{session}/close", "/api/sessions/{session}/delete"),
    *("/api/profiles", "/api/profiles/{name}/{user}", "/api/profiles/{name}/{user}/history"),
    *("/api/signals", "/api/signals/infer", "/api/signals/model", "/api/signals/bad/{trace}"),
    *("/api/curation", "/api/curation/run", "/api/curation/report", "/api/curation/items/{item}"),
    *("/api/curation/accept", "/api/curation/reject", "/api/curation/skip", "/api/curation/merge"),
    *("/api/curation/assign", "/api/coverage", "/api/coverage/gaps", "/api/coverage/draft"),
    "/api/coverage/history",
    *("/api/signals/sample", "/api/signals/audits", "/api/signals/erase"),
    *("/api/traces", "/api/traces/{trace}", "/api/traces/stats", "/api/traces/select"),
    *("/api/traces/holds", "/api/traces/holds/{hold}/release", "/api/traces/archive"),
    "/api/traces/replay",
    *("/api/consents", "/api/consents/{user}"),
    *("/api/otlp", "/api/otlp/quarantine", "/api/otlp/quarantine/{item}", "/api/otlp/send"),
    *("/api/otlp/quarantine/retry", "/api/otlp/quarantine/discard"),
    *("/api/releases", "/api/releases/{release}", "/api/releases/check", "/api/releases/promote"),
    *("/api/releases/rollback", "/api/releases/log", "/api/releases/diff", "/api/releases/envs"),
    *("/api/releases/skew", "/api/loop/run"),
    *("/api/datasets", "/api/datasets/where/{ref}"),
    *("/api/datasets/{name}", "/api/datasets/{name}/check"),
    *("/api/datasets/{name}/commit", "/api/datasets/{name}/diff"),
    *("/api/datasets/{name}/export", "/api/datasets/{name}/log"),
    *("/api/datasets/{name}/profile", "/api/datasets/{name}/remove"),
    *("/api/datasets/{name}/restore", "/api/datasets/{name}/rows"),
    *("/api/datasets/{name}/split", "/api/datasets/{name}/tags/{tag}"),
    "/api/datasets/{name}/unstage",
    *("/api/trained-models", "/api/trained-models/data/{ref}"),
    "/api/trained-models/{name}",
    *("/healthz", "/readyz"),
}
UNDESCRIBED = {"/", "/page/page.js", "/openapi.json", "/mcp"}

FAULTS: dict[str, tuple[Exception, int]] = {
    "usage": (UsageError("no", hint="do"), 400),
    "filter": (FilterError("a b", "odd"), 400),
    "missing": (NotFoundError("trace", "x"), 404),
    "extra": (MissingExtra("MCP", extra="mcp"), 501),
    "lease": (LeaseHeld("corpus docs", holder="another process", expires_us=1), 409),
    "moved": (StateConflict("Session", "s", expected=1, found=2), 409),
    "migration": (MigrationFailed("no way back"), 409),
    "conflict": (RefConflict("environment/production", expected="a", found="b"), 409),
    "withheld": (Withheld("12 deletions", hint="confirm"), 409),
    "unprotected": (Unprotected(["PERSON"]), 409),
    "later": (RetryableError("busy", retry_after_seconds=7.2), 502),
    "never": (TerminalError("wrong key"), 502),
    "storage": (StorageError("the file /secret/place is gone"), 500),
    "full": (DiskFull("/secret/place"), 500),
    "bug": (ZeroDivisionError("the secret number"), 500),
}


class Faulty(Workspace):
    """A workspace whose `why` fails as it is told to."""

    def why(self, ref: str, *, access: Sequence[str] | None = None) -> WhyReport:
        """Fail."""
        raise FAULTS[ref][0]


@pytest.fixture(scope="module")
def faulty(synced: Workbench) -> Iterator[httpx.Client]:
    """A client of a server over it."""
    with Faulty(load_config(synced.root)) as workspace, serving_here(workspace) as opened:
        yield opened


@contextmanager
def serving_here(workspace: Workspace) -> Iterator[httpx.Client]:
    """Serve an opened workspace from a thread of this process; gives a client of it."""
    config = uvicorn.Config(create_app(workspace), log_level="critical", ws="none")
    server = uvicorn.Server(config)
    with listen("127.0.0.1", 0) as taken:
        thread = threading.Thread(target=lambda: server.run(sockets=[taken]))
        thread.start()
        with client(address_of(taken)) as opened:
            yield opened
        server.should_exit = True
        thread.join(timeout=30)
    assert not thread.is_alive()


def assert_shape(answer: httpx.Response, status: int, kind: str) -> dict[str, str]:
    """Check the shape and give the facts back."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert list(body) == ["error"]
    assert set(body["error"]) == {"type", "message", "hint", "details"}
    assert body["error"]["type"] == kind
    assert body["error"]["message"]
    assert all(isinstance(value, str) for value in body["error"]["details"].values())
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    facts: dict[str, str] = body["error"]
    return facts


def test_the_routes_below_are_all_there_are(http: httpx.Client) -> None:
    described = {path.replace(":path", "") for path in http.get("/openapi.json").json()["paths"]}
    assert described == ROUTES


@pytest.mark.parametrize("route", sorted(ROUTES | UNDESCRIBED))
def test_wrong_method(http: httpx.Client, route: str) -> None:
    answer = http.patch(
        route.replace("{ref}", "x").replace("{time}", "now").replace("{generation}", "docs/1")
    )
    facts = assert_shape(answer, 405, "HttpError")
    assert "PATCH" in facts["message"]


@pytest.mark.parametrize(
    "route", ["/nothing", "/api", "/api/", "/api/search/", "/page/", "/page/x.js", "/v1"]
)
def test_no_such_route(http: httpx.Client, route: str) -> None:
    assert route in assert_shape(http.get(route), 404, "NotFoundError")["message"]


@pytest.mark.parametrize("route", ["/page/..%2fapp.py", "/page/%2e%2e/app.py", "/page/%2fetc%2fpasswd"])
def test_the_page_folder_cannot_be_left(http: httpx.Client, route: str) -> None:
    assert_shape(http.get(route), 404, "NotFoundError")


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/search", "'q' in the query"),
        ("/api/search?q=", "'q' in the query"),
        ("/api/search?q=x&k=0", "'k' in the query"),
        ("/api/search?q=x&k=201", "'k' in the query"),
        ("/api/search?q=x&k=many", "'k' in the query"),
        ("/api/search?q=x&fliter=y", "'fliter' in the query"),
        ("/api/ask", "'q' in the query"),
        ("/api/ask?q=x&question=y", "'question' in the query"),
    ],
)
def test_parameters_that_do_not_fit(http: httpx.Client, path: str, named: str) -> None:
    assert named in assert_shape(http.get(path), 422, "InvalidRequest")["message"]


@pytest.mark.parametrize("route", ["/api/search", "/api/ask"])
@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "the body"),
        (b"{", "the body"),
        (b"[1]", "the body"),
        (b"{}", "field required"),
        (b'{"query": 7, "question": 7}', "valid string"),
        (b'{"query": "x", "question": "x"}', "not permitted"),
    ],
)
def test_bodies_that_do_not_fit(http: httpx.Client, route: str, content: bytes, named: str) -> None:
    answer = http.post(route, content=content, headers={"content-type": "application/json"})
    assert named in assert_shape(answer, 422, "InvalidRequest")["message"]


def test_a_form_is_told_to_be_json(http: httpx.Client) -> None:
    answer = http.post("/api/search", data={"query": "x"})
    assert "JSON object" in assert_shape(answer, 422, "InvalidRequest")["message"]


def test_values_sent_are_not_sent_back(http: httpx.Client) -> None:
    answer = http.post("/api/search", json={"query": "x", "k": "my secret"})
    assert_shape(answer, 422, "InvalidRequest")
    assert "my secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/api/search?q=%20", 400, "UsageError"),
        ("/api/search?q=x&filter=???", 400, "FilterError"),
        ("/api/search?q=x&corpus=nope", 404, "NotFoundError"),
        ("/api/ask?q=x&corpus=nope", 404, "NotFoundError"),
        ("/api/why/nothing/here.md", 404, "NotFoundError"),
        ("/api/at/yesteryear", 400, "UsageError"),
    ],
)
def test_what_the_operations_refuse(http: httpx.Client, path: str, status: int, kind: str) -> None:
    assert_shape(http.get(path), status, kind)


@pytest.mark.parametrize("name", FAULTS)
def test_each_kind_of_error_has_its_status(faulty: httpx.Client, name: str) -> None:
    error, status = FAULTS[name]
    kind = error.type if isinstance(error, HeadraceError) else "Unexpected"
    answer = faulty.get(f"/api/why/{name}")
    assert_shape(answer, status, kind)
    assert "secret" not in answer.text
    if name == "later":
        assert answer.headers["retry-after"] == "7"


def test_a_server_that_failed_goes_on(faulty: httpx.Client) -> None:
    # The server closes the connection of a request that failed inside; the next one opens its own.
    with client(str(faulty.base_url)) as fresh:
        assert fresh.get("/api/why/bug").status_code == 500
    with client(str(faulty.base_url)) as fresh:
        assert fresh.get("/api/search", params={"q": "backups"}).json()["hits"]


def test_an_upstream_that_refuses(tmp_path: Path) -> None:
    model = '\n[ask]\nmodel = "far"\n[models.far]\nbase_url = "{url}"\nmodel = "x"\n'
    with OpenAIServer() as upstream:
        upstream.misbehave(error(401, message="wrong key"))
        bench = small_workspace(tmp_path, extra=model.format(url=upstream.base_url))
        bench.sync()
        with bench.open() as workspace, serving_here(workspace) as http:
            answer = http.post("/api/ask", json={"question": QUESTION})
    assert_shape(answer, 502, "TerminalError")


def test_mcp_without_its_packages(synced: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with synced.open() as workspace, serving_here(workspace) as http:
        answer = http.post("/mcp", json={})
        assert http.get("/healthz").status_code == 200
    assert "headrace[mcp]" in assert_shape(answer, 501, "MissingExtra")["hint"]


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("route", ["/api/search", "/mcp"])
def test_a_body_that_is_too_large(http: httpx.Client, route: str, announced: bool) -> None:
    body = b'{"query": "' + b"x" * MAX_BODY_BYTES + b'"}'
    headers = {"content-type": "application/json"}
    answer = http.post(route, content=body if announced else iter([body[:9], body[9:]]), headers=headers)
    assert_shape(answer, 413, "BodyTooLarge")
