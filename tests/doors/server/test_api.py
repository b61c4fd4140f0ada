"""Each route gives what the same operation gives in Python, under the same names."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from headrace.records.wire import to_plain
from tests.doors.server.serving import HEADINGS, QUESTION, QUOTE, client, serving, small_workspace
from tests.workbench import Workbench

SEARCH_FIELDS = {"query", "generation", "trace_id", "hits", "warnings"}
HIT_FIELDS = {
    *("rank", "score", "chunk_id", "document", "revision", "text", "span", "page", "headings", "metadata"),
    *("modified_at", "age_days", "valid_to", "superseded_by", "marks", "aliases", "quality", "quality_parts"),
}
ANSWER_FIELDS = {
    *("answer", "citations", "trace_id", "release", "model", "prompt", "generation"),
    *("session", "warnings"),
}


def test_search_by_address(http: httpx.Client, synced: Workbench) -> None:
    found = http.get("/api/search", params={"q": "backups", "k": 2}).raise_for_status().json()
    with synced.open() as workspace:
        expected = to_plain(workspace.search("backups", k=2))
    assert set(found) == SEARCH_FIELDS
    assert {key for hit in found["hits"] for key in hit} == HIT_FIELDS
    assert found["hits"] == expected["hits"]
    assert len(found["hits"]) == 2
    assert found["generation"] == expected["generation"]


def test_search_by_body_is_the_same(http: httpx.Client) -> None:
    by_address = http.get("/api/search", params={"q": "backups", "k": 3}).json()
    by_body = http.post("/api/search", json={"query": "backups", "k": 3}).raise_for_status().json()
    assert by_body["hits"] == by_address["hits"]
    assert by_body["trace_id"] != by_address["trace_id"]


@pytest.mark.parametrize("route", ["search", "ask"])
def test_access_labels_open_documents(http: httpx.Client, route: str) -> None:
    def documents(labels: list[str]) -> set[str]:
        word = "query" if route == "search" else "question"
        body = {word: "salary bands of the finance team", "access": labels}
        found = http.post(f"/api/{route}", json=body).raise_for_status().json()
        return {item["document"] for item in found["hits" if route == "search" else "citations"]}

    assert "docs/salaries.md" not in documents([])
    assert "docs/salaries.md" in documents(["finance"])


def test_access_may_be_given_several_times_in_an_address(http: httpx.Client) -> None:
    found = http.get("/api/search?q=salary&access=staff&access=finance").raise_for_status().json()
    assert "docs/salaries.md" in {hit["document"] for hit in found["hits"]}


def test_filter_narrows(http: httpx.Client) -> None:
    asked = {"q": "kept", "filter": "title = 'On call'"}
    found = http.get("/api/search", params=asked).raise_for_status().json()
    assert {hit["document"] for hit in found["hits"]} == {"docs/on-call.md"}


@pytest.mark.parametrize("by", ["address", "body"])
def test_ask(http: httpx.Client, by: str) -> None:
    answer = _ask(http, by).raise_for_status().json()
    assert set(answer) == ANSWER_FIELDS
    assert QUOTE in answer["answer"]
    citation = next(item for item in answer["citations"] if QUOTE in item["quote"])
    assert citation["document"] == "docs/policies/retention.md"
    assert citation["headings"] == HEADINGS


def _ask(http: httpx.Client, by: str) -> httpx.Response:
    if by == "address":
        return http.get("/api/ask", params={"q": QUESTION})
    return http.post("/api/ask", json={"question": QUESTION})


def test_why_reaches_from_the_answer_to_the_file(http: httpx.Client) -> None:
    answer = _ask(http, "body").json()
    report = http.get(f"/api/why/{answer['trace_id']}").raise_for_status().json()
    assert set(report) == {"ref", "kind", "upstream", "downstream"}
    cited = [node for node in report["upstream"]["children"] if node["relation"] == "cites"]
    assert [node["ref"] for node in cited] == [item["chunk_id"] for item in answer["citations"]]
    assert "docs/docs/policies/retention.md" in _refs(report["upstream"])


def test_why_takes_a_document_with_slashes(http: httpx.Client) -> None:
    report = http.get("/api/why/docs/policies/retention.md").raise_for_status().json()
    assert report["kind"] == "document"


def test_at_names_what_served(http: httpx.Client) -> None:
    report = http.get("/api/at/now").raise_for_status().json()
    assert set(report) == {"time_us", "time", "refs"}
    assert report["refs"]
    assert http.get("/api/at/2001-01-01T00:00:00+00:00").json()["refs"] == []


def test_status_counts(http: httpx.Client) -> None:
    status = http.get("/api/status").raise_for_status().json()
    (corpus,) = status["corpora"]
    assert (corpus["corpus"], corpus["documents"], corpus["failures"]) == ("docs", 3, [])
    assert corpus["freshness_seconds"] >= 0


def test_health_and_readiness(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ready", "serving": ["docs"]}


def test_alive_but_not_ready_before_the_first_sync(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = small_workspace(tmp_path_factory.mktemp("unsynced")).root
    with serving(root) as address, client(address) as http:
        assert http.get("/healthz").status_code == 200
        ready = http.get("/readyz")
        found = http.get("/api/search", params={"q": "backups"})
    assert ready.status_code == 503
    assert ready.json()["error"]["type"] == "NotReady"
    assert "headrace sync" in ready.json()["error"]["hint"]
    assert found.json()["hits"] == []


def test_a_later_sync_is_served_without_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    bench = small_workspace(tmp_path_factory.mktemp("resynced"))
    bench.sync()
    with serving(bench.root) as address, client(address) as http:
        before = http.get("/api/search", params={"q": "zeppelin"}).json()
        bench.write("zeppelin.md", "# Zeppelins\n\nThe zeppelin hangar opens at nine.\n")
        bench.sync()
        after = http.get("/api/search", params={"q": "zeppelin"}).json()
    assert "docs/zeppelin.md" not in {hit["document"] for hit in before["hits"]}
    assert after["hits"][0]["document"] == "docs/zeppelin.md"


def test_openapi_describes_records_and_errors(http: httpx.Client) -> None:
    described = http.get("/openapi.json").raise_for_status().json()
    schemas = described["components"]["schemas"]
    assert set(schemas["SearchResult"]["properties"]) == SEARCH_FIELDS
    assert set(schemas["Hit"]["properties"]) == HIT_FIELDS
    assert set(schemas["Answer"]["properties"]) == ANSWER_FIELDS
    assert set(schemas["ErrorFacts"]["properties"]) == {"type", "message", "hint", "details"}
    assert "HTTPValidationError" not in schemas
    assert "once a key exists" in " ".join(described["info"]["description"].lower().split())
    for path, operations in described["paths"].items():
        for operation in operations.values():
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert "$ref" in schema.get("items", schema), path
            assert operation["description"], path


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_loads_scripts_from_elsewhere(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404


def _refs(node: dict[str, Any]) -> set[str]:
    return {node["ref"], *(ref for child in node["children"] for ref in _refs(child))}
