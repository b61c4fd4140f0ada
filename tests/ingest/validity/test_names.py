"""What of a name is its version, and what makes it a record of its own time."""

from __future__ import annotations

import pytest

from headrace.ingest.validity.versions import begins_us, is_named, of_title, of_uri, order_of

YEAR_2025_US = 1_735_689_600_000_000


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("policy-2024.md", "policy-2025.md"),
        ("policies/2024/travel.md", "policies/2025/travel.md"),
        ("guide_v1.md", "guide_v2.md"),
        ("guide-v1.9.pdf", "guide-v1.10.md"),
        ("guide version 2.docx", "guide version 3.docx"),
        ("terms-2025-03-01.md", "terms-2025-09-15.md"),
        ("terms-20250301.md", "terms-2025-09-15.md"),
        ("Policy2024.pdf", "policy-2025.pdf"),
        ("policy-2025-v1.md", "policy-2025-v2.md"),
        ("https://example.org/docs/v1/api.html", "https://example.org/docs/v2/api.html"),
    ],
)
def test_versions_of_one_thing_share_a_stem_and_have_an_order(older: str, newer: str) -> None:
    first, second = of_uri(older), of_uri(newer)
    assert first is not None
    assert second is not None
    assert first.stem == second.stem
    assert order_of(first.version) < order_of(second.version)


@pytest.mark.parametrize(
    "name",
    [
        "quarterly-2026-q1.md",
        "figures-q2-2026.md",
        "figures-2026-h1.md",
        "load-test-2026-06.pdf",
        "june-2026-figures.md",
        "week-12-2026.md",
        "annual-report-2025.pdf",
        "minutes-2026-03-01.md",
        "postmortem-inc-0117-2026.pdf",
        "release-notes-2026.html",
        "invoices/2026/acme.pdf",
        "runbook-index-rollback.md",
        "chapter-12.md",
        "tickets.jsonl#2024",
        "2025.md",
    ],
)
def test_a_record_of_its_own_time_has_no_version(name: str) -> None:
    assert of_uri(name) is None


def test_other_things_and_other_kinds_of_version_have_other_stems() -> None:
    names = [
        "a/policy-2025.md",
        "b/policy-2025.md",
        "a/policy-v2.md",
        "a/terms-2025.md",
        "a/policy-2025.de.md",
    ]
    found = [of_uri(name) for name in names]
    assert len({item.stem for item in found if item is not None}) == len(names)


def test_titles_are_versions_within_one_folder_only() -> None:
    here = of_title("Travel policy 2025", "policies/a1.html")
    assert here == of_title("Travel Policy, 2025", "policies/b2.html")
    assert here != of_title("Travel policy 2025", "tenants/b2.html")
    assert of_title(None, "a.md") is of_title("Travel policy", "a.md") is None


def test_a_date_in_a_name_says_since_when() -> None:
    dated, numbered = of_uri("policy-2025.md"), of_uri("policy-v2025.md")
    assert dated is not None
    assert numbered is not None
    assert begins_us(*dated) == YEAR_2025_US
    assert begins_us(*numbered) is None
    assert begins_us("dated terms", "2025.2.31") is None


@pytest.mark.parametrize(
    ("version", "query", "named"),
    [
        ("2025", "traces under the 2025 policy", True),
        ("2025", "traces under the policy", False),
        ("2025", "ticket 20251", False),
        ("2", "what does v2 of the guide say", True),
        ("2.1", "version 2.1", True),
        ("2025.3.1", "the terms of 2025-03-01", True),
        ("2025+2", "the policy of 2025", False),
    ],
)
def test_a_query_may_name_a_version(version: str, query: str, named: bool) -> None:
    assert is_named(version, query) is named
