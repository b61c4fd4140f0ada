"""P1 where documents are compared: who is served depends on the documents, never on how they came."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ledger import documents, near_duplicates
from tests.workbench import Workbench

SOAK = bool(os.environ.get("HEADRACE_SOAK"))
NAMES = ["a.md", "b.md", "c.md", "hr/a.md", "hr/d.md", "official/e.md"]
RULES = ['"*" = ["staff"]', '"hr/*" = ["hr"]\n"*" = ["staff"]', '"hr/*" = ["staff"]\n"*" = ["staff"]']
WORDS = [
    f"{first}{second}" for first in ("mill", "wheel", "weir", "pond", "stone") for second in "abcdefghij"
]


def text_of(seed: int, changes: int) -> str:
    """Some 100 words by a seed; few changes make near duplicates, and chains of them."""
    words = random.Random(seed).choices(WORDS, k=100)
    for place in range(changes):
        words[place * 11 % 100] = f"changed{place}"
    return " ".join(words)


class Gate(NamedTuple):
    """How near duplicates are declared."""

    threshold: float
    authority: str
    on_failure: str

    def declared(self, rules: str) -> str:
        """The tables of headrace.toml."""
        return (
            f'\n[[corpus.docs.gates]]\nname = "near_duplicate"\nthreshold = {self.threshold}\n'
            f'authority = [{self.authority}]\non_failure = "{self.on_failure}"\n'
            f"\n[corpus.docs.access]\n{rules}\n"
        )


Names = st.sampled_from(NAMES)
Operations = st.one_of(
    st.tuples(
        st.just("write"), Names, st.integers(0, 1), st.sampled_from([0, 0, 1, 2, 4, 9]), st.integers(1, 3)
    ),
    st.tuples(st.just("touch"), Names, st.integers(1, 3)),
    st.tuples(st.just("delete"), Names),
    st.tuples(st.just("rename"), Names, Names),
    st.tuples(st.just("rules"), st.sampled_from(RULES)),
)
Gates = st.builds(
    Gate,
    st.sampled_from([0.5, 0.8]),
    st.sampled_from(["", '"official/*"', '"hr/*", "official/*"']),
    st.sampled_from(["quarantine", "quarantine", "tag", "drop", "warn"]),
)
Steps = st.lists(
    st.tuples(st.lists(Operations, min_size=1, max_size=4), st.none() | Gates), min_size=2, max_size=5
)


@given(steps=Steps, first=Gates)
@settings(max_examples=100 if SOAK else 5, deadline=None)
def test_any_history_serves_what_a_fresh_build_serves(
    steps: list[tuple[list[tuple[Any, ...]], Gate | None]], first: Gate
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Workbench(Path(folder) / "incremental")
        rules, gate = RULES[0], first
        for number, name in enumerate(NAMES[:4]):
            write(bench, name, number % 2, number // 2, 1)
        for operations, other in steps:
            gate = other or gate
            for operation in operations:
                rules = apply(bench, operation) or rules
            bench.configure(extra=gate.declared(rules))
            with bench.open() as workspace:
                planned = workspace.plan(confirm_deletes=True)
                report = workspace.sync(confirm_deletes=True)
                assert (planned.digest, report.failures) == (report.digest, ())
        fresh = Workbench(Path(folder) / "fresh")
        shutil.rmtree(fresh.root / "docs")
        shutil.copytree(bench.root / "docs", fresh.root / "docs")
        fresh.configure(extra=gate.declared(rules))
        assert fresh.sync().digest == report.digest
        assert standing(fresh) == standing(bench)


def write(bench: Workbench, name: str, seed: int, changes: int, modified: int) -> None:
    """Write a document that says when it changed."""
    path = bench.write(name, text_of(seed, changes))
    os.utime(path, (1e9 + modified, 1e9 + modified))


def apply(bench: Workbench, operation: tuple[Any, ...]) -> str | None:
    """Change the folder; gives the access rules where these change."""
    kind, *given_ = operation
    if kind == "rules":
        return str(given_[0])
    path = bench.root / "docs" / given_[0]
    if kind == "write":
        write(bench, *given_)
    elif kind == "touch" and path.exists():
        os.utime(path, (1e9 + given_[1], 1e9 + given_[1]))
    elif kind == "delete":
        path.unlink(missing_ok=True)
    elif kind == "rename" and path.exists():
        target = bench.root / "docs" / given_[1]
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    return None


def standing(bench: Workbench) -> tuple[dict[str, Any], dict[str, Any]]:
    """The documents that are served, and those that yield with what they yield to."""
    with bench.open() as workspace, workspace.ledger.read() as conn:
        generation = workspace.releases.generation(conn, "docs")
        assert generation is not None
        states = {
            state.uri: (state.digest, dict(state.metadata)) for state in documents.load(conn, generation)
        }
        rows = {
            uri: (row.content, row.labels, row.winner, row.similarity, row.fate, row.revision)
            for uri, row in near_duplicates.load(conn, generation).items()
        }
        assert states.keys() == {uri for uri, row in rows.items() if row[4] == "served"}
        return states, rows


def test_a_tagged_document_that_goes_while_its_winner_changes(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    write(bench, "a.md", 0, 0, 2)
    write(bench, "c.md", 0, 1, 1)
    bench.configure(extra=Gate(0.5, "", "tag").declared(RULES[0]))
    bench.sync()
    write(bench, "a.md", 1, 0, 3)
    (bench.root / "docs" / "c.md").unlink()
    report = bench.sync(confirm_deletes=True)
    assert (report.documents.deleted, report.failures) == (1, ())
    assert list(standing(bench)[0]) == ["docs/a.md"]
