"""`workspace.steps`: the operations on LLM steps, one call each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.flows.steps.parts import StepParts
    from headrace.records.steps import (
        StepAccuracy,
        StepDeadLetters,
        StepList,
        StepReport,
        StepRetry,
        StepTest,
    )


@dataclass(frozen=True, slots=True)
class StepOperations:
    """What can be done with LLM steps, beside syncing."""

    parts: StepParts

    def list(self, corpus: str | None = None) -> StepList:
        """Every step with its model, prompt, schema and documents. Raises NotFoundError, ConfigError."""
        from headrace.flows.steps.listing import list_steps

        return list_steps(self.parts, corpus)

    def show(self, step: str, *, corpus: str | None = None) -> StepReport:
        """One step. Raises NotFoundError, ConfigError."""
        from headrace.flows.steps.listing import show_step

        return show_step(self.parts, step, corpus)

    def test(self, step: str, path: str | os.PathLike[str], *, corpus: str | None = None) -> StepTest:
        """Run a step on one file and show its output and attempts; nothing is stored.

        Raises NotFoundError, UsageError, ParseError.
        """
        from headrace.flows.steps.testing import test_file

        return test_file(self.parts, step, path, corpus)

    def test_text(self, step: str, text: str, *, name: str, corpus: str | None = None) -> StepTest:
        """The same for a text given as the content of a file called `name`."""
        from headrace.flows.steps.testing import test_content

        return test_content(self.parts, step, text.encode(), name=name, corpus=corpus)

    def dead_letters(self, corpus: str | None = None, *, step: str | None = None) -> StepDeadLetters:
        """List what steps failed at, with the raw outputs. Raises NotFoundError."""
        from headrace.flows.steps.letters import dead_letters

        return dead_letters(self.parts, corpus, step)

    def retry(self, corpus: str | None = None, *, step: str | None = None) -> StepRetry:
        """Ask again for what failed, in a sync of its corpus. Raises NotFoundError, ConfigError."""
        from headrace.flows.steps.letters import retry

        return retry(self.parts, corpus, step)

    def accuracy(
        self, step: str, sample: str | os.PathLike[str], *, corpus: str | None = None
    ) -> StepAccuracy:
        """Hold what a step wrote against a labelled sample, a file of JSON lines. Raises UsageError."""
        from headrace.flows.steps.accuracy import accuracy, read_sample

        return accuracy(self.parts, step, read_sample(sample), corpus)

    def accuracy_of(
        self, step: str, sample: Sequence[Mapping[str, Any]], *, corpus: str | None = None
    ) -> StepAccuracy:
        """The same for `{"document", "expected"}` mappings."""
        from headrace.flows.steps.accuracy import accuracy, labelled

        rows = [labelled(row, where=f"entry {number}") for number, row in enumerate(sample, start=1)]
        return accuracy(self.parts, step, rows, corpus)
