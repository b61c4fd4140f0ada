"""Steps in a sync: documents go through them between their gates and their chunks."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.ingest.steps.asking import Asked
from headrace.ingest.steps.base import Step
from headrace.ingest.steps.outputs import Opened, Outputs
from headrace.ingest.steps.store import Known
from headrace.ingest.steps.tasks import StepInput, Task, tasks_of
from headrace.ingest.steps.work import Stepped, Work


class Stepping(Outputs):
    """The steps of a corpus over batches of documents; counts what they did.

    Outputs come from the ledger where the same was asked before. What fails for good is a dead letter and
    takes the fallback; what may not be asked now, or finds no provider, waits. No document is ever lost.
    """

    def run(self, given: Sequence[StepInput]) -> list[Stepped]:
        """Take documents through every step, asking for what is not stored."""
        return self._run(given, asks=True)

    def plan(self, given: Sequence[StepInput]) -> list[Stepped]:
        """The same with what is stored: nothing is asked or written, and calls are counted."""
        return self._run(given, asks=False)

    def columns(self) -> set[str]:
        """Metadata fields that prompts name, and that no step writes."""
        named = {name for opened in self.steps for name in opened.step.columns or ()}
        return named - {name for opened in self.steps for name in opened.step.writes}

    def _run(self, given: Sequence[StepInput], *, asks: bool) -> list[Stepped]:
        work = [Work(item) for item in given]
        for opened in self.steps:
            self._step(opened, work, asks=asks)
        return [item.done() for item in work]

    def _step(self, opened: Opened, work: Sequence[Work], *, asks: bool) -> None:
        step, asked = opened.step, opened.asked
        ready: list[tuple[Work, list[Task]]] = []
        for item in work:
            tasks = tasks_of(step, item.given, asked)
            blocker = item.blocked_by(step)
            if blocker is None:
                ready.append((item, tasks))
            else:
                self._wait(step, item, f"waits for step {blocker!r}", ())
                if not asks:
                    self.count_planned(opened, tasks)
        tasks = [task for _, own in ready for task in own]
        known, result = self.resolve(opened, tasks, asks=asks)
        for item, own in ready:
            self._write(step, item, own, known, result)

    def _write(self, step: Step, item: Work, tasks: Sequence[Task], known: Known, result: Asked) -> None:
        """Bring one document to what its outputs say."""
        keys = [task.key for task in tasks]
        waiting = next((result.waiting[key] for key in keys if key in result.waiting), None)
        if waiting is not None:
            self._wait(step, item, waiting, keys)
            return
        found = {key: row for key in keys if (row := result.outputs.get(key) or known.outputs.get(key))}
        failed = next((key for key in keys if key not in found), None)
        letter = None
        if failed is not None:
            letter = result.letters.get(failed) or known.letters[failed][0]
        item.write(step, tasks, {key: row.value for key, row in found.items()}, letter)

    def _wait(self, step: Step, item: Work, reason: str, keys: Sequence[str]) -> None:
        item.wait(step, reason, keys)
        self.wait(step, item.given.uri)
