"""Access rules: the first that matches decides, at any depth."""

from __future__ import annotations

import pytest

from headrace.ingest.sync.access import AccessRule, AccessRules, matches
from headrace.records.document import Content, SourceItem


@pytest.mark.parametrize(
    ("uri", "pattern", "expected"),
    [
        ("docs/hr/pay.md", "docs/hr/*", True),
        ("docs/hr/pay.md", "hr/*", True),
        ("docs/hr/eu/pay.md", "hr/**", True),
        ("docs/chr/pay.md", "hr/*", False),
        ("hr.md", "hr/*", False),
        ("docs/a.md", "*", True),
        ("docs/a.md", "*.md", True),
    ],
)
def test_patterns(uri: str, pattern: str, expected: bool) -> None:
    assert matches(uri, pattern) is expected


def _item(uri: str, labels: tuple[str, ...] | None = None) -> SourceItem:
    return SourceItem(uri=uri, stamp="1", read=lambda: Content(data=b""), labels=labels)


def test_the_first_rule_decides_and_a_document_s_own_labels_come_before_it() -> None:
    rules = AccessRules(
        corpus="c",
        rules=[AccessRule(pattern="hr/*", labels=("hr",)), AccessRule(pattern="*", labels=("public",))],
        default=(),
    )
    assert rules.of(_item("docs/hr/a.md"))[1] == ("hr",)
    assert rules.of(_item("docs/a.md"))[1] == ("public",)
    assert rules.of(_item("docs/hr/a.md", ("board",)))[1] == ("board",)


def test_a_change_of_labels_keeps_the_key() -> None:
    keys = {
        AccessRules(corpus="c", rules=[AccessRule(pattern="*", labels=labels)]).of(_item("a"))[0]
        for labels in (("one",), ("two", "three"))
    }
    assert len(keys) == 1
