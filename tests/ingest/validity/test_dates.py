"""What front matter and other metadata say of how long a document holds."""

from __future__ import annotations

import pytest

from headrace.ingest.validity.dates import NOTHING, declared, moment_us, replacements
from headrace.records.document import Scalar
from headrace.records.times import rfc3339

DAY_US = 86_400_000_000
NEW_YEAR_US = 1_767_225_600_000_000
"""2026-01-01."""


@pytest.mark.parametrize("key", ["valid_from", "effective_date", "Effective-Date", "not_before"])
def test_since_when(key: str) -> None:
    assert declared({key: "2026-01-01"}).valid_from_us == NEW_YEAR_US


@pytest.mark.parametrize("key", ["valid_to", "valid_until", "expires", "Expires"])
def test_until_when_a_day_is_included_and_a_time_is_the_end(key: str) -> None:
    assert declared({key: "2025-12-31"}).valid_to_us == NEW_YEAR_US
    assert declared({key: "2026-01-01T01:00:00+01:00"}).valid_to_us == NEW_YEAR_US


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (True, ""),
        ("yes", ""),
        ("moved to the wiki", "moved to the wiki"),
        (False, None),
        ("no", None),
        (None, None),
    ],
)
def test_deprecated_with_or_without_a_reason(value: Scalar, reason: str | None) -> None:
    assert declared({"deprecated": value}).deprecated == reason


@pytest.mark.parametrize("value", ["soon", "2026-13-01", 2026, "", None, "0000-01-01", "9999-12-31T99:00"])
def test_what_is_no_date_is_passed_over(value: Scalar) -> None:
    assert moment_us(value) is None
    assert declared({"expires": value, "valid_to": "2025-12-31"}).valid_to_us == NEW_YEAR_US


def test_a_document_that_says_nothing() -> None:
    assert declared({"title": "Terms", "year": 2025}) == NOTHING


def test_a_replacement_stands_beside_the_document_or_is_named_from_the_root() -> None:
    assert replacements("docs/a/old.md", "new.md") == ("docs/a/new.md", "new.md")
    assert replacements("docs/a/old.md", "../b/new.md")[0] == "docs/b/new.md"
    assert "docs/new.md" in replacements("docs/a/old.md", "docs/new.md")


def test_times_are_shown_in_utc_whatever_they_are() -> None:
    assert rfc3339(NEW_YEAR_US + DAY_US) == "2026-01-02T00:00:00Z"
    assert rfc3339(2**63 - 1).startswith("9999-")
