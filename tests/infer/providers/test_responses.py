"""Waits that providers ask for."""

from __future__ import annotations

import email.utils
import time

import pytest

from headrace.infer.providers.responses import parse_duration, wait_asked
from headrace.infer.providers.secrets import excerpt, scrub


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20ms", 0.02),
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("2", 2.0),
        ("-1", 0.0),
        (" 3 ", 3.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "1s later", "s"])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


def test_retry_after_may_be_a_date() -> None:
    moment = email.utils.formatdate(time.time() + 30, usegmt=True)
    wait = wait_asked({"retry-after": moment})
    assert wait is not None
    assert 25 < wait <= 30


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "nonsense"}, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"x-ratelimit-reset-requests": "2s", "x-ratelimit-reset-tokens": "1m"}, 60.0),
        (
            {
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "2s",
                "x-ratelimit-remaining-tokens": "100",
                "x-ratelimit-reset-tokens": "1m",
            },
            2.0,
        ),
    ],
)
def test_the_exhausted_limit_counts(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_asked(headers) == seconds


@pytest.mark.parametrize("text", ["Bearer abc.def-123", "key sk-proj-abcdefgh1234", "sk-abcdefgh****wxyz"])
def test_what_looks_like_a_key_is_scrubbed(text: str) -> None:
    assert "***" in scrub(text, None)
    assert "abc" not in scrub(text, None)


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt("a\n\n b", None) == "a b"
    assert len(excerpt("x" * 1000, None)) == 301
