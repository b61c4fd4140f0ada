"""P1: scores are the same whatever the way by which the documents came, kills included."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ledger import qualities
from headrace.ledger.qualities import KeptQuality
from tests.workbench import Workbench, was_killed

PAGE = "# {0}\n\nThe mill of {0} stands by the river, and its wheel turns as long as there is water.\n"
COPY = (
    "A text that several pages have in common, word by word, since it was copied from one into the others.\n"
)
LINK = "\nMore of it is told [elsewhere]({0}.md).\n"
NAMES = ("alder", "birch", "cedar", "elm")
TEXTS = [PAGE, PAGE + COPY, COPY, PAGE + LINK.format("alder"), COPY + LINK.format("birch")]
Steps = list[list[tuple[str, int | None]]]


def kept(bench: Workbench) -> dict[str, KeptQuality]:
    """What the ledger keeps of the quality of each document."""
    with bench.open() as workspace, workspace.ledger.read() as conn:
        generation = workspace.releases.generation(conn, "docs")
        assert generation is not None
        return {row.uri: row for row in qualities.load(conn, generation)}


def write(bench: Workbench, steps: list[tuple[str, int | None]]) -> None:
    """Write or remove pages; a page's time is that of its text, so that copying a folder keeps it."""
    for name, which in steps:
        path = bench.root / "docs" / f"{name}.md"
        if which is None:
            path.unlink(missing_ok=True)
        else:
            bench.write(path.name, TEXTS[which].format(name))
            os.utime(path, (1_700_000_000 + which, 1_700_000_000 + which))


@settings(max_examples=5)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(NAMES), st.one_of(st.none(), st.integers(0, len(TEXTS) - 1))),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_scores_after_any_history_are_those_of_a_fresh_build(
    tmp_path_factory: pytest.TempPathFactory, history: Steps
) -> None:
    bench = Workbench(tmp_path_factory.mktemp("history"))
    bench.write("always.md", PAGE.format("always"))
    os.utime(bench.root / "docs" / "always.md", (1_600_000_000, 1_600_000_000))
    for steps in history:
        write(bench, steps)
        bench.sync(confirm_deletes=True)
    fresh = Workbench(tmp_path_factory.mktemp("fresh"))
    shutil.copytree(bench.root / "docs", fresh.root / "docs", dirs_exist_ok=True)
    assert bench.sync().digest == fresh.sync().digest
    assert kept(bench) == kept(fresh)


@pytest.mark.parametrize(
    ("engine", "failpoint"),
    [
        ("sqlite", "sync.after_publish"),
        ("sqlite", "quality.recorded"),
        pytest.param("postgresql", "quality.recorded", marks=pytest.mark.postgres),
    ],
)
def test_a_kill_before_scores_are_complete_is_made_good(
    tmp_path: Path, request: pytest.FixtureRequest, engine: str, failpoint: str
) -> None:
    bench = Workbench(tmp_path)
    bench.configure(ledger=request.getfixturevalue("postgres_url") if engine == "postgresql" else None)
    write(bench, [("alder", 2), ("birch", 4), ("cedar", 3)])
    assert was_killed(bench.sync_in_process(failpoints=failpoint))
    bench.sync()
    found = kept(bench)
    assert {uri: (row.copied, row.in_links) for uri, row in found.items()} == {
        "docs/alder.md": (pytest.approx(0.7, abs=0.2), 1),
        "docs/birch.md": (0.0, 0),
        "docs/cedar.md": (0.0, 0),
    }


def test_documents_that_part_ways_in_their_labels_are_no_longer_compared(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    write(bench, [("alder", 2), ("birch", 4), ("cedar", 3)])
    bench.sync()
    assert kept(bench)["docs/alder.md"].copied
    assert kept(bench)["docs/alder.md"].in_links == 1
    bench.configure(extra='[corpus.docs.access]\n"docs/alder.md" = ["staff"]\n"**" = ["public"]\n')
    report = bench.sync()
    assert report.relabelled
    assert report.embeddings.computed == 0
    assert kept(bench)["docs/alder.md"].copied == 0
    assert kept(bench)["docs/alder.md"].in_links is None
