"""Who may ask: this machine, under its own names, and no page of another site."""

from __future__ import annotations

import httpx
import pytest

from tests.doors.server.test_error_shape import assert_shape

EVERYWHERE = ["/", "/page/page.js", "/healthz", "/api/status", "/openapi.json", "/mcp", "/nothing"]


@pytest.mark.parametrize("route", EVERYWHERE)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8321", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1"],
)
def test_other_names_are_refused(http: httpx.Client, route: str, host: str) -> None:
    facts = assert_shape(http.get(route, headers={"host": host}), 421, "HostRefused")
    assert "localhost" in facts["message"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8321", "127.0.0.1", "127.8.9.10:1", "[::1]:8321"])
def test_names_of_this_machine_are_answered(http: httpx.Client, host: str) -> None:
    assert http.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("route", ["/api/search", "/api/ask", "/mcp"])
@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1", "null"])
def test_pages_of_other_sites_cannot_post(http: httpx.Client, route: str, origin: str) -> None:
    answer = http.post(route, json={"query": "x"}, headers={"origin": origin})
    assert_shape(answer, 403, "OriginRefused")


def test_the_own_page_can_post(http: httpx.Client, address: str) -> None:
    answer = http.post("/api/search", json={"query": "backups"}, headers={"origin": address})
    assert answer.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_images_and_links_elsewhere_cannot_spend_calls(http: httpx.Client, site: str) -> None:
    answer = http.get("/api/ask", params={"q": "x"}, headers={"sec-fetch-site": site})
    assert_shape(answer, 403, "OriginRefused")


def test_a_link_elsewhere_may_lead_to_the_page(http: httpx.Client) -> None:
    assert http.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_other_origin_is_ever_allowed(http: httpx.Client, method: str) -> None:
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = http.request(method, "/api/search", headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("route", EVERYWHERE)
def test_security_headers_are_on_every_answer(http: httpx.Client, route: str) -> None:
    headers = http.get(route).headers
    policy = headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not any("unsafe" in rule or "http" in rule or "*" in rule for rule in policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers
