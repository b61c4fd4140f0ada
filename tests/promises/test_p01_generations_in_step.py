"""P1: every generation that is kept in step equals a build of its recipe from nothing, after any history."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headrace.errors import UsageError
from headrace.records.generations import GenerationReport
from tests.workbench import Workbench

SOAK = bool(os.environ.get("HEADRACE_SOAK"))
NAMES = ["one.md", "two.md", "a/three.md", "a/four.md"]
TEXTS = [
    "Traces are kept for ninety days.\n\nThe retention policy was changed in spring.",
    "# Heading\n\n" + "An index rollback takes one command, and it is not stale. " * 6,
    "The same sentence. The same sentence. The same sentence.",
]
TOKENS = ["16", "32", "64"]


class SwitchHistory(RuleBasedStateMachine):
    """Edits, syncs, builds, cutovers and rollbacks in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="headrace-p01-"))
        self.bench = Workbench(self.folder / "in-step")
        self.in_step = False

    @initialize(texts=st.lists(st.sampled_from(TEXTS), min_size=2, max_size=4))
    def begin(self, texts: Sequence[str]) -> None:
        for name, text in zip(NAMES, texts, strict=False):
            self.bench.write(name, text)
        self._sync()

    @rule(name=st.sampled_from(NAMES), text=st.sampled_from(TEXTS), number=st.integers(0, 3))
    def edit(self, name: str, text: str, number: int) -> None:
        self.bench.write(name, f"{text}\n\nNumber {number}.")
        self.in_step = False

    @precondition(lambda self: len(self._files()) > 1)
    @rule(place=st.integers(0, 3))
    def delete(self, place: int) -> None:
        files = self._files()
        files[place % len(files)].unlink()
        self.in_step = False

    @rule(place=st.integers(0, 3))
    def rename(self, place: int) -> None:
        files = self._files()
        old = files[place % len(files)]
        old.rename(old.with_name(f"renamed-{old.name[-12:]}"))
        self.in_step = False

    @rule()
    def sync(self) -> None:
        self._sync()

    @rule(tokens=st.sampled_from(TOKENS))
    def build(self, tokens: str) -> None:
        with self.bench.open() as workspace:
            serving = next(item for item in workspace.index.list().generations if item.serves)
            chunker = workspace.index.show(serving.generation).recipe["chunker"]
            if str(chunker["chunk_tokens"]) != tokens:
                workspace.index.build(recipe={"chunk_tokens": tokens, "chunk_overlap": "0"})

    @rule()
    def cut_over(self) -> None:
        self._switch("cutover")

    @rule()
    def roll_back(self) -> None:
        self._switch("rollback")

    @rule(tokens=st.sampled_from([32, 48]))
    def configure(self, tokens: int) -> None:
        self.bench.configure(chunk_tokens=tokens)
        self._sync()

    @invariant()
    def each_equals_a_build_from_nothing(self) -> None:
        if not self.in_step:
            return
        for generation in self._written():
            assert generation.digest == self._fresh(generation), generation

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _files(self) -> list[Path]:
        return sorted((self.bench.root / "docs").rglob("*.md"))

    def _sync(self) -> None:
        self.bench.sync(confirm_deletes=True)
        self.in_step = True

    def _switch(self, name: str) -> None:
        with self.bench.open() as workspace:
            before = {item.generation for item in workspace.index.list().generations if item.serves}
            try:
                report = getattr(workspace.index, name)(force=True, reason="a test")
            except UsageError:
                return
            after = {item.generation for item in workspace.index.list().generations if item.serves}
        assert (before, after) == ({report.former}, {report.generation})

    def _written(self) -> list[GenerationReport]:
        with self.bench.open() as workspace:
            found = workspace.index.list().generations
            recipes = {item.generation: workspace.index.show(item.generation).recipe for item in found}
        self.tokens = {name: recipe["chunker"]["chunk_tokens"] for name, recipe in recipes.items()}
        return [item for item in found if item.written and item.state != "building"]

    def _fresh(self, generation: GenerationReport) -> str:
        fresh = Workbench(self.folder / "fresh")
        try:
            fresh.configure(chunk_tokens=self.tokens[generation.generation])
            shutil.copytree(self.bench.root / "docs", fresh.root / "docs", dirs_exist_ok=True)
            return fresh.sync().digest
        finally:
            shutil.rmtree(fresh.root)


SwitchHistory.TestCase.settings = settings(
    max_examples=60 if SOAK else 4,
    stateful_step_count=20 if SOAK else 7,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestSwitchHistory = pytest.mark.soak(SwitchHistory.TestCase) if SOAK else SwitchHistory.TestCase
