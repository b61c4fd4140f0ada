"""Filters over declared fields: compared by their type, refused where they could only mislead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.errors import FilterError
from headrace.workspace import Workspace
from tests.workbench import Workbench

DECLARED = """
[corpus.docs.metadata]
year = { type = "integer" }
score = { type = "number" }
draft = { type = "boolean" }
day = { type = "date" }
at = { type = "datetime" }
tags = { type = "list" }
team = { type = "string" }
note = { type = "string", filterable = false }
"""

DOCUMENTS = {
    "a.md": "---\nyear: 2020\nscore: 0.5\ndraft: true\nday: 2020-01-31\nat: 2020-01-31T10:00:00+02:00\n"
    "tags: [tea, 'green, \"fresh\"']\nteam: '7'\nnote: x\n---\nThe heron of a.",
    "b.md": "---\nyear: '2021'\nscore: 2\ndraft: false\nday: 2021-02-01\nat: 2021-01-01\n"
    "tags: coffee, tea leaf\nteam: ops\n---\nThe heron of b.",
    "c.md": "---\nfree: 1\n---\nThe heron of c.",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Three herons."""
    bench = Workbench(tmp_path_factory.mktemp("typed"))
    bench.configure(extra=DECLARED)
    for name, text in DOCUMENTS.items():
        bench.write(name, text)
    bench.sync()
    with bench.open() as opened:
        yield opened


def _found(workspace: Workspace, expression: str) -> str:
    hits = workspace.search("heron", filter=expression).hits
    return "".join(sorted({hit.document[5] for hit in hits}))


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("year >= 2020", "ab"),
        ("year = 2021", "b"),
        ("year in (2020, 2019)", "a"),
        ("not year exists", "c"),
        ("score < 1.5", "a"),
        ("draft = true", "a"),
        ("draft != true", "bc"),
        ("draft in (true, false)", "ab"),
        ("day < '2021-01-01'", "a"),
        ("day = '20210201'", "b"),
        ("day ^= '2021-'", "b"),
        ("at < '2020-01-31T08:00:01Z'", "a"),
        ("at >= '2020-01-31T10:00:00+02:00'", "ab"),
        ("at = '2021-01-01'", "b"),
        ("tags = 'tea'", "a"),
        ("tags != 'tea'", "bc"),
        ("tags in ('coffee', 'tea')", "ab"),
        ("tags = 'green, \"fresh\"'", "a"),
        ("tags = 'fresh'", ""),
        ("tags exists", "ab"),
        ("team = '7'", "a"),
        ("team ^= 'o'", "b"),
        ("free = 1 and year exists or free exists", "c"),
        ("title exists or media_type = 'text/markdown'", "abc"),
    ],
)
def test_what_a_filter_finds(workspace: Workspace, expression: str, found: str) -> None:
    assert _found(workspace, expression) == found


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("year >= 'abc'", "'year' is declared integer: write a number such as 2020 at character 9"),
        ("year = '2020'", "'year' is declared integer"),
        ("year ^= '2'", "'year' is declared integer: allowed are = != < <= > >=, `in` and `exists`"),
        ("draft = 'true'", "'draft' is declared boolean: write true or false"),
        ("draft > true", "'draft' is declared boolean: allowed are = !="),
        ("day > 'soon'", "'day' is declared date: write '2026-03-01'"),
        ("day in ('2020-01-01', 3)", "'day' is declared date"),
        ("at > 2020", "'at' is declared datetime"),
        ("tags > 'a'", "'tags' is declared list: allowed are = !="),
        ("team = 7", "'team' is declared string: write 'text'"),
        ("note = 'x'", "'note' is declared not filterable"),
        ("note exists", "'note' is declared not filterable"),
    ],
)
def test_another_type_is_refused_with_the_declared_one(
    workspace: Workspace, expression: str, said: str
) -> None:
    with pytest.raises(FilterError) as caught:
        workspace.search("heron", filter=expression)
    assert said in caught.value.message


def test_a_field_that_is_not_declared_is_warned_about(workspace: Workspace) -> None:
    found = workspace.search("heron", filter="yeer = 2020 or free = 1")
    assert found.warnings == (
        "'yeer' is not declared in this corpus (did you mean 'year'?)",
        "'free' is not declared in this corpus",
    )
    assert {hit.document for hit in found.hits} == {"docs/c.md"}
    assert workspace.search("heron", filter="year = 2020").warnings == ()


def test_values_have_their_type_in_hits(workspace: Workspace) -> None:
    hit = workspace.search("heron", filter="year = 2020").hits[0]
    assert hit.metadata == {
        "at": "2020-01-31T08:00:00.000000Z",
        "day": "2020-01-31",
        "draft": True,
        "media_type": "text/markdown",
        "note": "x",
        "score": 0.5,
        "tags": ["tea", 'green, "fresh"'],
        "team": "7",
        "year": 2020,
    }


def test_without_a_schema_nothing_is_warned_about_or_refused(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("a.md", DOCUMENTS["a.md"])
    bench.sync()
    with bench.open() as opened:
        found = opened.search("heron", filter="year >= 'abc' or team = 7 and draft = 'true'")
    assert (bool(found.hits), found.warnings) == (True, ())
    assert "tags" not in found.hits[0].metadata
