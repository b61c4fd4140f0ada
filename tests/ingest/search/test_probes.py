"""Known-answer probes: what they ask, what counts as found, their history and floor."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ingest.search.probes import Probe, choose, is_found, telling_sentence
from tests.doors.cli.program import run_program
from tests.workbench import Workbench

BIRDS = ("heron", "crane", "bittern", "egret", "stork", "ibis", "spoonbill", "coot", "rail", "grebe")


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(tmp_path)
    for number, bird in enumerate(BIRDS):
        body = (
            f"The page says what all pages say. The {bird} has {number} habits that only a {bird} would have."
        )
        bench.write(f"{number}.md", f"# On the {bird}\n\n{body}\n")
    return bench


def test_a_sync_that_changed_something_is_followed_by_probes(bench: Workbench) -> None:
    report = bench.sync()
    assert report.warnings == ()
    with bench.open() as workspace:
        (made,) = workspace.index.probe(history=True).rounds
        assert made.probes == made.found == made.titles[1] + made.sentences[1] == 10
        assert (made.recall, made.documents, made.floor, made.corpus) == (1.0, 10, 0.8, "docs")
        assert made.generation == report.generation
        status = workspace.status()
        assert (status.corpora[0].recall, status.corpora[0].probe_floor) == (1.0, 0.8)
        assert status.calls_today == 0
        assert workspace.sync().documents.unchanged == 10
        assert len(workspace.index.probe(history=True).rounds) == 1
        bench.write("new.md", "# On the swan\n\nThe swan is new here, and white, and seldom alone.\n")
        workspace.sync()
        grown = workspace.index.probe(history=True).rounds
    assert [item.documents for item in grown] == [11, 10]


def test_too_little_found_is_a_warning_and_shows_in_status(bench: Workbench) -> None:
    config = bench.root / "headrace.toml"
    given = config.read_text()
    for number in range(30):
        bench.write(f"same{number}.md", "The same words stand in each of these many pages, one and all.\n")
    config.write_text(given.replace('["docs"]', '["docs"]\nprobe_floor = 1.0\nprobes = 100'))
    report = bench.sync()
    assert report.warnings == (), "a sentence that other documents say too is found in any of them"
    # Sentences of the same words in another order: neither words nor hashed vectors tell them apart.
    for number, order in zip(
        range(30), itertools.permutations(("and", "it", "is", "to", "be")), strict=False
    ):
        bench.write(f"same{number}.md", f"The heron stands {' '.join(order)} there.\n")
    report = bench.sync()
    (warning,) = report.warnings
    assert "the floor is 100%" in warning
    assert "headrace index probe" in warning
    done = run_program("status", cwd=bench.root)
    assert "of known answers found, the floor is 100%" in done.stdout
    shown = run_program("index", "probe", "-n", "100", cwd=bench.root)
    assert shown.returncode == 1
    assert "missed" in shown.stdout
    as_json = json.loads(run_program("index", "probe", "--history", "--json", cwd=bench.root).stdout)
    assert len(as_json["rounds"]) == 3


@pytest.mark.parametrize(("key", "rounds"), [("probes = 0", 0), ("probes = 3", 1)])
def test_how_many_is_configured(bench: Workbench, key: str, rounds: int) -> None:
    config = bench.root / "headrace.toml"
    config.write_text(config.read_text().replace('["docs"]', f'["docs"]\n{key}'))
    bench.sync()
    with bench.open() as workspace:
        made = workspace.index.probe(history=True).rounds
    assert len(made) == rounds
    assert all(item.probes == 3 for item in made)


def test_what_only_some_may_see_is_probed_with_their_labels(bench: Workbench) -> None:
    config = bench.root / "headrace.toml"
    text = config.read_text() + '\n[corpus.docs.access]\n"docs/[0-4].md" = ["staff"]\n'
    config.write_text(text.replace('["docs"]', '["docs"]\ndefault_labels = []'))
    bench.sync()
    with bench.open() as workspace:
        (made,) = workspace.index.probe(history=True).rounds
    assert (made.probes, made.recall) == (5, 1.0)


def test_before_the_first_sync_there_is_nothing_to_ask(bench: Workbench) -> None:
    with bench.open() as workspace:
        assert workspace.index.probe().rounds == ()
    assert "headrace sync" in run_program("index", "probe", cwd=bench.root).stdout


def test_the_same_seed_asks_the_same() -> None:
    rows = [{"document": f"{n}.md", "text": f"Page {n} tells of the {bird}."} for n, bird in enumerate(BIRDS)]
    titles = {"1.md": "One", "2.md": "Two"}
    chosen = choose(rows, titles, count=5, seed="a")
    assert chosen == choose(rows, titles, count=5, seed="a")
    assert chosen != choose(rows, titles, count=5, seed="b")
    assert len({probe.document for probe in chosen}) == 5
    assert {probe.query for probe in choose(rows, {}, count=99, seed="c")} == {
        row["text"][:-1] for row in rows
    }


def test_the_rarest_sentence_is_asked() -> None:
    text = "It is the way of the page. Seven bitterns boom beside the quarry mill. It is the way it is here."
    often = Counter({"it": 9, "is": 9, "the": 9, "way": 9, "of": 9, "page": 9, "here": 9})
    assert telling_sentence(text, often, 10) == "Seven bitterns boom beside the quarry mill"
    assert telling_sentence("Short.", {}, 1) == "Short."


@given(st.text(max_size=400), st.integers(1, 50))
def test_any_text_gives_a_part_of_it_or_nothing(text: str, total: int) -> None:
    found = telling_sentence(text, Counter(text.lower().split()), total)
    assert found in text
    assert found == found.strip()
    assert math.isfinite(len(found))


def test_a_title_must_find_its_own_document() -> None:
    sentence = Probe(document="a.md", kind="sentence", query="as it stands")
    title = Probe(document="a.md", kind="title", query="as it stands")
    assert is_found(title, ["b.md", "a.md"], ["x", "y"])
    assert not is_found(title, ["b.md"], ["as it stands"])
    assert is_found(sentence, ["b.md"], ["it says: as it stands."])
    assert not is_found(sentence, ["b.md"], ["as it lies"])
