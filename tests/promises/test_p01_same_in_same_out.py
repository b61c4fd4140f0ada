"""P1: the same sources, recipe and gates give the same generation digest, however it was built."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headrace.records.sync import SyncReport
from tests.workbench import Workbench

SOAK = bool(os.environ.get("HEADRACE_SOAK"))

NAMES = [f"{folder}{name}.md" for folder in ("", "a/", "b/c/") for name in ("one", "two", "three")]
SENTENCES = [
    "Traces are kept for ninety days.",
    "The retention policy was changed in spring.",
    "An index rollback takes one command.",
    "# Heading\n\nWhat stands below it.",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "The same sentence. The same sentence. The same sentence.",
    "Ünïcödé — 文字 🙂 and more words to fill a chunk with until it is long enough to be split in two parts.",
]

texts = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6).map("\n\n".join)


class EditHistory(RuleBasedStateMachine):
    """Edits of any kind, a sync after each: the result equals a build from nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="headrace-p01-"))
        self.bench = Workbench(self.folder / "incremental")
        self.history: list[dict[str, str]] = []
        self.tokens = 32
        self.report: SyncReport | None = None

    @property
    def files(self) -> dict[str, str]:
        docs = self.bench.root / "docs"
        return {
            str(path.relative_to(docs)): path.read_text(encoding="utf-8")
            for path in sorted(docs.rglob("*.md"))
        }

    @initialize(names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True), text=texts)
    def begin(self, names: Sequence[str], text: str) -> None:
        for number, name in enumerate(names):
            self.bench.write(name, f"{text}\n\nDocument {number}.")
        self._sync()

    @rule(name=st.sampled_from(NAMES), text=texts)
    def add_or_edit(self, name: str, text: str) -> None:
        self.bench.write(name, text)
        self._sync()

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def rename(self, data: st.DataObject, name: str) -> None:
        old = self._pick(data)
        if name in self.files:
            return
        target = self.bench.root / "docs" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (self.bench.root / "docs" / old).rename(target)
        self._sync()

    @precondition(lambda self: len(self.files) > 1)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        (self.bench.root / "docs" / self._pick(data)).unlink()
        self._sync()

    @precondition(lambda self: len(self.history) > 1)
    @rule(data=st.data())
    def revert(self, data: st.DataObject) -> None:
        wanted = data.draw(st.sampled_from(self.history))
        shutil.rmtree(self.bench.root / "docs")
        (self.bench.root / "docs").mkdir()
        for name, text in wanted.items():
            self.bench.write(name, text)
        self._sync()

    @rule(tokens=st.sampled_from([16, 32, 64]))
    def change_recipe(self, tokens: int) -> None:
        self.tokens = tokens
        self.bench.configure(chunk_tokens=tokens)
        self._sync()

    @invariant()
    def equals_a_build_from_nothing(self) -> None:
        if self.report is None:
            return
        fresh = Workbench(self.folder / "fresh")
        try:
            fresh.configure(chunk_tokens=self.tokens)
            for name, text in self.files.items():
                fresh.write(name, text)
            built = fresh.sync()
            assert built.digest == self.report.digest
            assert _content(fresh.rows()) == _content(self.bench.rows())
            assert built.chunks.total == self.report.chunks.total
        finally:
            shutil.rmtree(fresh.root)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _pick(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.files)))

    def _sync(self) -> None:
        with self.bench.open() as workspace:
            planned = workspace.plan(confirm_deletes=True)
            self.report = workspace.sync(confirm_deletes=True)
        assert planned.digest == self.report.digest
        assert planned.documents == self.report.documents
        assert planned.chunks == self.report.chunks
        assert planned.embeddings == self.report.embeddings
        self.history.append(self.files)


EditHistory.TestCase.settings = settings(
    max_examples=60 if SOAK else 6,
    stateful_step_count=20 if SOAK else 6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestEditHistory = pytest.mark.soak(EditHistory.TestCase) if SOAK else EditHistory.TestCase


def test_digest_does_not_depend_on_where_the_workspace_lies(tmp_path: Path) -> None:
    digests = set()
    for place in ("here", "there/deeper"):
        bench = Workbench(tmp_path / place)
        bench.write("policy.md", "Traces are kept for ninety days.")
        digests.add(bench.sync().digest)
    assert len(digests) == 1


def test_digest_is_the_same_on_sqlite_and_postgresql(tmp_path: Path, postgres_url: str) -> None:
    digests = {}
    content = {}
    for engine, ledger in (("sqlite", None), ("postgresql", postgres_url)):
        bench = Workbench(tmp_path / engine)
        bench.configure(ledger=ledger)
        for number, text in enumerate(SENTENCES):
            bench.write(f"{number}.md", text)
        bench.sync()
        bench.write("0.md", "Changed since.")
        (bench.root / "docs" / "1.md").rename(bench.root / "docs" / "moved.md")
        digests[engine] = bench.sync().digest
        content[engine] = _content(bench.rows())
    assert digests["sqlite"] == digests["postgresql"]
    assert content["sqlite"] == content["postgresql"]


def test_a_config_changed_and_changed_back_embeds_nothing_on_return(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("policy.md", "\n\n".join(SENTENCES))
    first = bench.sync()
    bench.configure(embedder="hash:32")
    other = bench.sync()
    bench.configure()
    back = bench.sync()
    assert other.embeddings.computed > 0
    assert back.embeddings.computed == 0
    assert (back.digest, back.generation) == (first.digest, first.generation)


def _content(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (
            row["document"],
            row["chunk_id"],
            row["revision"],
            row["start"],
            row["text"],
            row["metadata"],
            row["vector"],
        )
        for row in rows
    ]
