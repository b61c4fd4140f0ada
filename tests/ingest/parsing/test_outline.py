"""Headings and front matter of Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ingest.parsing.outline import find_headings, read_front_matter


def outline(text: str) -> list[tuple[int, int, str]]:
    return [(found.start, found.level, found.text) for found in find_headings(text)]


def test_atx_and_setext() -> None:
    text = "# One\n\ntext\n\nTwo\n===\n\nThree\nlines\n---\n\n#### Four ####\n#no\n####### no\n"
    assert [(level, words) for _, level, words in outline(text)] == [
        (1, "One"),
        (1, "Two"),
        (2, "Three lines"),
        (4, "Four"),
    ]
    assert [text[start:].split("\n")[0] for start, _, _ in outline(text)] == [
        "# One",
        "Two",
        "Three",
        "#### Four ####",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "```\n# no\n```\n",
        "~~~~ sh\n# no\n~~~\n# no\n~~~~\n",
        "```\n# never closed\n",
        "<!--\n# no\n-->\n",
        "<pre>\n# no\n</PRE>\n",
        "    # indented code\n",
        "text\n\n---\n\ntext\n",
        "| a |\n---\n",
        "- item\n---\n",
        "#\n",
    ],
)
def test_no_headings_here(text: str) -> None:
    assert outline(text) == []


def test_headings_go_on_after_a_fence() -> None:
    assert [words for _, _, words in outline("```\n# no\n```\n# yes\n")] == ["yes"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("# **Bold** and `code`", "Bold and code"),
        ("# A [link](https://example.org) here", "A link here"),
        ("# Anchored {#anchor}", "Anchored"),
        ("# snake_case_name", "snake_case_name"),
        ("# 2 \\* 3", "2 * 3"),
        ("# C#", "C#"),
        ("# Windows\r", "Windows"),
    ],
)
def test_words_of_a_heading(line: str, words: str) -> None:
    assert [found for _, _, found in outline(line + "\n")] == [words]


def test_front_matter_scalars() -> None:
    text = (
        "---\ntitle: Retention\nyear: 2025\ndraft: no\ndate: 2025-03-01\ntags: [a, b]\n"
        "owner: Data team\n---\n# Body\n"
    )
    front = read_front_matter(text)
    assert front.fields == {
        "title": "Retention",
        "year": 2025,
        "draft": False,
        "date": "2025-03-01",
        "tags": ["a", "b"],
        "owner": "Data team",
    }
    assert text[front.end :] == "# Body\n"


@pytest.mark.parametrize(
    "source",
    ["a: [1\n", "just words\n", "a: &x 1\nb: *x\n", "a: " + "[" * 5000 + "\n", "when: 2025-99-99\n"],
)
def test_front_matter_that_is_not_read_is_reported(source: str) -> None:
    front = read_front_matter(f"---\n{source}---\nbody\n")
    assert front.fields == {}
    assert len(front.warnings) == 1


def test_a_rule_is_no_front_matter() -> None:
    assert read_front_matter("---\n\nnever closed\n").end == 0


@given(st.text(alphabet="#=-`~<!> \t\r\nab|[]()*_", max_size=300))
def test_offsets_are_lines_in_order(text: str) -> None:
    starts = [start for start, _, _ in outline(text)]
    assert starts == sorted(set(starts))
    assert all(start == 0 or text[start - 1] == "\n" for start in starts)


@pytest.mark.parametrize(
    "line", ["# " + " " * 500_000 + "x", "```\n" * 100_000, "<!--\n" * 100_000, "a\n---\n" * 80_000]
)
def test_awkward_texts_are_read_in_one_pass(line: str) -> None:
    assert len(find_headings(line)) <= 80_000
