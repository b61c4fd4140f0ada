"""One spelling for each address, and the limits of a source."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ingest.sources.base import WebConfig
from headrace.ingest.sources.scope import Scope, is_public
from headrace.ingest.sources.urls import normal_url

BASE = "http://example.org/a/b?q=1"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("HTTP://Example.ORG:80", "http://example.org/"),
        ("https://example.org:443/x#part", "https://example.org/x"),
        ("c", "http://example.org/a/c"),
        ("../../../c", "http://example.org/c"),
        ("http://example.org/a/./b/../c/", "http://example.org/a/c/"),
        ("?b=2&a=1", "http://example.org/a/b?b=2&a=1"),
        ("//other.org/x", "http://other.org/x"),
        ("/%7euser/%c3%bc%2F", "http://example.org/~user/%C3%BC%2F"),
        ("/ü b%", "http://example.org/%C3%BC%20b%25"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://example.org./", "http://example.org/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        (" \n/x\t ", "http://example.org/x"),
        ("mailto:a@example.org", None),
        ("javascript:alert(1)", None),
        ("http://user:secret@example.org/", None),
        ("http://example.org:99999/", None),
        ("http://[::1", None),
        ("http://exa mple.org/", None),
        ("/" + "x" * 3000, None),
    ],
)
def test_normal_form(reference: str, expected: str | None) -> None:
    assert normal_url(reference, base=BASE) == expected


@given(text=st.text(max_size=60))
def test_any_reference_is_normal_after_one_step_or_refused(text: str) -> None:
    url = normal_url(text, base=BASE)
    if url is not None:
        assert normal_url(url) == url
        assert url.isascii()


def scope(url: str = "http://example.org/", **options: object) -> Scope:
    return Scope(WebConfig(url=url, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "url", "allowed"),
    [
        ({}, "https://example.org/x", True),
        ({}, "http://www.example.org/", False),
        ({}, "http://example.org:8080/", False),
        ({}, "http://example.org.evil.net/", False),
        ({"domains": ("*.example.org",)}, "http://a.b.example.org/", True),
        ({"domains": ("*.example.org",)}, "http://badexample.org/", False),
        ({"domains": ("example.org", "other.net:8080")}, "http://other.net:8080/", True),
        ({"domains": ("example.org", "other.net:8080")}, "http://other.net/", False),
        ({"domains": ("10.0.0.5", "example.org")}, "http://10.0.0.5/", False),
        ({"domains": ("10.0.0.5",), "allow_private": True}, "http://10.0.0.5/", True),
        ({"url": "http://127.0.0.1:8000/"}, "http://127.0.0.1:8000/x", True),
        ({"url": "http://127.0.0.1:8000/"}, "http://127.0.0.1:5432/", False),
        ({"url": "http://127.0.0.1:8000/"}, "http://127.0.0.1/", False),
        ({"url": "http://127.0.0.1:8000/"}, "http://127.0.0.2:8000/", False),
    ],
)
def test_hosts_that_may_be_contacted(options: dict[str, object], url: str, allowed: bool) -> None:
    assert (scope(**options).objection(url) == "") is allowed  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "0.0.0.0", "224.0.0.1", "100.64.0.1"),
        *(
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ),
    ],
)
def test_private_addresses_in_every_disguise(address: str) -> None:
    found = ip_address(address)
    assert not is_public(found)
    assert not scope().admits("example.org", found)
    assert not scope("http://127.0.0.9/").admits("example.org", found)
    assert scope(allow_private=True).admits("example.org", found)


def test_a_seed_on_this_machine_admits_itself_alone() -> None:
    local = scope("http://localhost:8000/", domains=("localhost:8000", "example.org"))
    assert local.admits("localhost", ip_address("127.0.0.1"))
    assert not local.admits("example.org", ip_address("127.0.0.1"))
    assert local.admits("example.org", ip_address("93.184.215.14"))


def test_include_and_exclude_patterns() -> None:
    limited = scope(include=("/docs/*",), exclude=("*/print/*", "*?draft=1"))
    assert limited.wants("http://example.org/docs/a/b")
    assert not limited.wants("http://example.org/blog/a")
    assert not limited.wants("http://example.org/docs/print/a")
    assert limited.excludes("http://example.org/docs/a?draft=1")
