"""Keys of callers: what each opens, whose documents it sees, how much it may use, and that it can end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from headrace.flows.keys.entry import Rates
from headrace.workspace import Workspace
from tests.doors.cli.program import run_program
from tests.doors.server.serving import client, serving, small_workspace
from tests.doors.server.test_error_shape import assert_shape
from tests.fakes.model_server import Act, ModelServer
from tests.workbench import Workbench

_MODELS = """
[models.up]
base_url = "{url}"
model = "good"
price_per_million_input_tokens = 1.0
price_per_million_output_tokens = 1.0
max_retries = 0
"""
CHAT = {"model": "up", "messages": [{"role": "user", "content": "Hello?"}]}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ROUTES: dict[str, tuple[set[str], str, Any]] = {
    "/v1/chat/completions": ({"chat"}, "POST", CHAT),
    "/v1/embeddings": ({"embeddings"}, "POST", {"model": "hash", "input": "mill"}),
    "/v1/models": ({"chat", "embeddings"}, "GET", None),
    "/v1/models/up": ({"chat", "embeddings"}, "GET", None),
    "/api/search": ({"search", "api"}, "POST", {"query": "backups"}),
    "/api/ask": ({"search", "api"}, "POST", {"question": "How long are backups kept?"}),
    "/api/why/on-call.md": ({"search", "api"}, "GET", None),
    "/api/history/on-call.md": ({"search", "api"}, "GET", None),
    "/api/status": ({"api"}, "GET", None),
    "/api/dead-letters": ({"api"}, "GET", None),
    "/api/keys": ({"keys"}, "GET", None),
    "/mcp": ({"mcp"}, "POST", LIST),
    "/v1/traces": ({"traces"}, "POST", {}),
}
SCOPES = ("chat", "embeddings", "search", "api", "mcp", "metrics", "keys", "traces")


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer(Act(text="An answer.")) as server:
        yield server


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Workbench:
    bench = small_workspace(tmp_path_factory.mktemp("keyed"), extra=_MODELS.format(url=model.base_url))
    bench.sync()
    return bench


@pytest.fixture(scope="module")
def workspace(bench: Workbench) -> Iterator[Workspace]:
    with bench.open() as opened:
        yield opened


@pytest.fixture(scope="module")
def secrets(workspace: Workspace) -> dict[str, str]:
    """A key for each scope."""
    return {scope: workspace.keys.create(f"only-{scope}", scopes=[scope]).secret for scope in SCOPES}


@pytest.fixture(scope="module")
def http(bench: Workbench, secrets: dict[str, str]) -> Iterator[httpx.Client]:
    with serving(bench.root) as address, client(address) as opened:
        yield opened


def send(http: httpx.Client, route: str, secret: str | None) -> httpx.Response:
    _, method, body = ROUTES[route]
    headers = {"accept": "application/json, text/event-stream"}
    if secret is not None:
        headers["authorization"] = f"Bearer {secret}"
    return http.request(method, route, json=body, headers=headers)


@pytest.mark.parametrize("route", ROUTES)
def test_a_key_opens_what_its_scope_says_and_nothing_else(
    http: httpx.Client, secrets: dict[str, str], route: str
) -> None:
    opening = ROUTES[route][0]
    found = {scope: send(http, route, secret).status_code for scope, secret in secrets.items()}
    assert found == {scope: 200 if scope in opening else 403 for scope in SCOPES}
    for wrong in (None, "hr_", "hr_unknown", "sk-other"):
        answer = send(http, route, wrong)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


def test_without_a_key_the_page_and_the_health_of_the_server_are_seen(http: httpx.Client) -> None:
    assert [http.get(path).status_code for path in ("/", "/page/page.js", "/healthz", "/readyz")] == [200] * 4
    assert http.get("/nothing").status_code == 401
    assert_shape(http.post("/api/search", json={"query": "backups"}), 401, "KeyNeeded")


def test_labels_come_from_the_key(http: httpx.Client, workspace: Workspace) -> None:
    wide = workspace.keys.create("wide", scopes=["search", "mcp"], access=["finance", "public"]).secret
    narrow = workspace.keys.create("narrow", scopes=["search", "mcp"], access=["public"]).secret

    def search(secret: str, access: list[str]) -> httpx.Response:
        body = {"query": "salary bands of the finance team", "access": access}
        return http.post("/api/search", json=body, headers={"authorization": f"Bearer {secret}"})

    assert "confidential" in search(wide, []).text
    assert "confidential" not in search(wide, ["public"]).text
    assert "confidential" not in search(narrow, []).text
    assert_shape(search(narrow, ["finance"]), 403, "KeyForbids")
    for secret, seen in ((wide, True), (narrow, False)):
        asked = {"name": "search", "arguments": {"query": "salary bands of the finance team"}}
        answer = http.post(
            "/mcp",
            json={**LIST, "method": "tools/call", "params": asked},
            headers={"authorization": f"Bearer {secret}", "accept": "application/json, text/event-stream"},
        )
        assert ("confidential" in answer.text) is seen
    where = "/api/history/salaries.md"
    assert http.get(where, headers={"authorization": f"Bearer {narrow}"}).status_code == 404
    assert http.get(where, headers={"authorization": f"Bearer {wide}"}).status_code == 200


def test_a_revoked_key_is_out_with_its_next_request(http: httpx.Client, workspace: Workspace) -> None:
    secret = workspace.keys.create("short", scopes=["api"]).secret
    headers = {"authorization": f"Bearer {secret}"}
    assert http.get("/api/status", headers=headers).status_code == 200
    workspace.keys.revoke("short")
    answer = http.get("/api/status", headers=headers)
    assert "revoked" in assert_shape(answer, 401, "KeyNeeded")["message"]


def test_openai_clients_are_told_in_their_own_words(http: httpx.Client, workspace: Workspace) -> None:
    def chat(secret: str) -> openai.types.chat.ChatCompletion:
        opened = openai.OpenAI(base_url=f"{str(http.base_url).rstrip('/')}/v1", api_key=secret, max_retries=0)
        with opened:
            return opened.chat.completions.create(model="up", messages=[{"role": "user", "content": "Hi"}])

    with pytest.raises(openai.AuthenticationError):
        chat("hr_nobody")
    with pytest.raises(openai.PermissionDeniedError):
        chat(workspace.keys.create("vectors", scopes=["embeddings"]).secret)
    slow = workspace.keys.create("slow", per_minute=2).secret
    assert [chat(slow).choices[0].message.content for _ in range(2)] == ["An answer."] * 2
    with pytest.raises(openai.RateLimitError) as refused:
        chat(slow)
    assert refused.value.code == "rate_limit_exceeded"
    assert 1 <= int(refused.value.response.headers["retry-after"]) <= 30
    # 18 tokens a call: the third would begin beyond the budget.
    poor = workspace.keys.create("poor", budgets_per_day=["30 tokens", "5 USD"]).secret
    assert [chat(poor).choices[0].message.content for _ in range(2)] == ["An answer."] * 2
    with pytest.raises(openai.RateLimitError) as spent:
        chat(poor)
    assert spent.value.code == "insufficient_quota"
    bare = workspace.keys.create("bare", budgets_per_day=["0.000018 USD"]).secret
    chat(bare)
    with pytest.raises(openai.RateLimitError, match="USD"):
        chat(bare)
    used = {key.name: key.today for key in workspace.keys.list().items}
    assert (used["poor"].calls, used["poor"].tokens, used["poor"].cost_micro) == (2, 36, 36)


def test_a_stream_counts_too_and_the_call_names_its_key(http: httpx.Client, workspace: Workspace) -> None:
    made = workspace.keys.create("streams")
    answer = http.post(
        "/v1/chat/completions",
        json={**CHAT, "stream": True},
        headers={"authorization": f"Bearer {made.secret}", "x-headrace-access": ""},
    )
    (span,) = workspace.events.trace(answer.headers["x-headrace-trace-id"])
    assert span.attributes["key"] == made.key.id
    (used,) = [key.today for key in workspace.keys.list().items if key.name == "streams"]
    assert used.calls == 1
    assert used.tokens == 18


def test_a_secret_is_nowhere_in_clear(
    bench: Workbench, secrets: dict[str, str], workspace: Workspace
) -> None:
    assert all(secret.startswith("hr_") for secret in secrets.values())
    written = [path.read_bytes() for path in (bench.root / ".headrace").rglob("*") if path.is_file()]
    assert not [secret for secret in secrets.values() for data in written if secret.encode() in data]
    assert not [name for name in secrets.values() if name in json.dumps(repr(workspace.keys.list()))]


def test_the_program_makes_lists_and_ends_keys_and_serves_others_only_with_one(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    where = ("--workspace", tmp_path)
    refused = run_program("serve", "--host", "0.0.0.0", "--port", "0", "--json", *where)
    assert refused.returncode == 2
    assert "headrace key create" in json.loads(refused.stdout)["error"]["hint"]
    options = ("--scope", "api", "--access", "staff", "--per-minute", "60", "--budget-per-day", "5 USD")
    made = json.loads(run_program("key", "create", "shop", *options, "--json", *where).stdout)
    assert (made["key"]["scopes"], made["key"]["access"], made["key"]["micro_per_day"]) == (
        ["api"],
        ["staff"],
        5_000_000,
    )
    assert run_program("key", "create", "shop", *where).returncode == 2
    headers = {"authorization": f"Bearer {made['secret']}"}
    with (
        serving(bench.root, "--host", "0.0.0.0", "--allow-host", "door.example") as address,
        client(address.replace("0.0.0.0", "127.0.0.1")) as http,
    ):
        for host, status in (("door.example", 200), ("evil.example", 421)):
            assert http.get("/api/status", headers={**headers, "host": host}).status_code == status
        assert run_program("key", "revoke", "shop", "--json", *where).returncode == 0
        assert http.get("/api/status", headers=headers).status_code == 401
    listed = run_program("key", "list", *where).stdout
    assert "shop" in listed
    assert "revoked" in listed
    assert made["secret"] not in listed


def test_a_rate_fills_up_again() -> None:
    now = time.monotonic()
    rates = Rates(clock=lambda: now)
    assert [rates.wait("a", 60) for _ in range(60)] == [0.0] * 60
    assert rates.wait("a", 60) == pytest.approx(1.0)
    assert rates.wait("b", 60) == 0
    now += 1.01
    assert rates.wait("a", 60) == 0
    assert rates.wait("a", 60) > 0


def test_a_key_opens_the_sessions_that_it_began(http: httpx.Client, secrets: dict[str, str]) -> None:
    def headers(scope: str) -> dict[str, str]:
        return {"authorization": f"Bearer {secrets[scope]}"}

    for scope, session in (("search", "of-search"), ("api", "of-api")):
        asked = {"question": "How long are backups kept?", "session": session, "user": "kim"}
        assert http.post("/api/ask", json=asked, headers=headers(scope)).json()["session"] == session
    taken = {"question": "And then?", "session": "of-search", "user": "kim"}
    assert http.post("/api/ask", json=taken, headers=headers("api")).status_code == 404
    assert http.get("/api/sessions/of-search", headers=headers("api")).status_code == 404
    assert len(http.get("/api/sessions/of-api", headers=headers("api")).json()["items"]) == 2
    listed = http.get("/api/sessions", params={"user": "kim"}, headers=headers("api")).json()["sessions"]
    assert [item["id"] for item in listed] == ["of-api"]
