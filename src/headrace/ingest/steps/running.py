"""Steps in a sync: documents go through them between their gates and their chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headrace.errors import NotSent
from headrace.infer.completions.base import ChatModel
from headrace.ingest.steps.asking import Asked, Asker, estimate
from headrace.ingest.steps.base import Step
from headrace.ingest.steps.store import Known, StepStore
from headrace.ingest.steps.tasks import StepInput, Task, tasks_of
from headrace.ingest.steps.work import Stepped, Work
from headrace.records.steps import StepCount

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A step with the model that it calls."""

    step: Step
    model: ChatModel
    embedder: str
    """Fingerprint of what finds candidates among many labels."""

    @property
    def asked(self) -> list[Any]:
        """What decides its outputs beside their input."""
        return self.step.asks(self.model.identity, self.embedder)


class Stepping:
    """The steps of a corpus over batches of documents; counts what they did.

    Outputs come from the ledger where the same was asked before. What fails for good is a dead letter and
    takes the fallback; what may not be asked now, or finds no provider, waits. No document is ever lost.
    """

    def __init__(
        self,
        corpus: str,
        ledger: Ledger | None,
        steps: Sequence[Opened],
        asker: Asker,
        *,
        retry: frozenset[str] = frozenset(),
    ) -> None:
        """Without a ledger everything is asked and nothing is kept but the attempts.

        `retry` names steps whose dead letters are asked for again.
        """
        self.steps = steps
        self.counts: dict[str, StepCount] = {opened.step.name: StepCount() for opened in steps}
        self.decision: NotSent | None = None
        """What someone has to decide before the rest is asked."""
        self.outage = ""
        """Why outputs wait, where nobody has to decide."""
        self.waiting: set[str] = set()
        """Documents that are served without something."""
        self.attempts: list[Mapping[str, Any]] = []
        """Every request, where there is no ledger to keep them."""
        self.spending = asker.spending
        self._store = StepStore(corpus, ledger)
        self._asker = asker
        self._retry = retry
        self._planned: set[str] = set()

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
                    self._count_planned(opened, tasks)
        tasks = [task for _, own in ready for task in own]
        known = self._store.load(tasks, again=step.name in self._retry)
        missing = list({task.key: task for task in tasks if not known.has(task.key)}.values())
        if asks:
            result = self._ask(opened, missing, known, tasks)
            self._count(opened, reused=len(tasks) - len(missing))
        else:
            new = [task for task in missing if task.key not in self._planned]
            self._planned.update(task.key for task in new)
            self._count_planned(opened, new)
            self._count(opened, reused=len(tasks) - len(new))
            result = Asked(waiting={task.key: "not asked yet" for task in missing})
        for item, own in ready:
            self._write(step, item, own, known, result)

    def _ask(self, opened: Opened, missing: Sequence[Task], known: Known, tasks: Sequence[Task]) -> Asked:
        """Ask wave by wave; each is durable, with its uses, before the next is asked."""
        step, total = opened.step, Asked()
        by_key: dict[str, list[Task]] = {}
        for task in tasks:
            by_key.setdefault(task.key, []).append(task)
        for wave in self._asker.waves(step, opened.model, missing):
            failed = self._store.keep(wave, by_key)
            if not self._store.keeps:
                self.attempts += wave.attempts
            _add(total, wave)
            self._count(
                opened,
                calls=wave.calls,
                requests=wave.requests,
                failed=failed,
                repaired=sum(row.repair is not None for row in wave.outputs.values()),
                input_tokens=wave.input_tokens,
                output_tokens=wave.output_tokens,
                cost_micro=wave.cost_micro,
            )
        self.decision = self.decision or total.decision
        if total.waiting and total.decision is None:
            self.outage = self.outage or next(iter(total.waiting.values()))
        self._store.note_uses(step.name, known, by_key)
        return total

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
        self.waiting.add(item.given.uri)
        count = self.counts[step.name]
        self.counts[step.name] = replace(count, waiting=count.waiting + 1)

    def _count(self, opened: Opened, *, cost_micro: int | None = 0, **more: int) -> None:
        name = opened.step.name
        before = self.counts[name]
        cost = None if before.cost_micro is None or cost_micro is None else before.cost_micro + cost_micro
        added: dict[str, Any] = {key: getattr(before, key) + value for key, value in more.items()}
        self.counts[name] = replace(
            before, cost_micro=cost, currency=opened.model.price.currency if cost else "", **added
        )

    def _count_planned(self, opened: Opened, tasks: Sequence[Task]) -> None:
        guesses = [estimate(opened.step, task) for task in tasks]
        read = sum(guess.input_tokens for guess in guesses)
        wrote = sum(guess.output_tokens for guess in guesses)
        self._count(
            opened,
            calls=len(tasks),
            input_tokens=read,
            output_tokens=wrote,
            cost_micro=opened.model.price.micro(read, wrote),
        )


def _add(total: Asked, wave: Asked) -> None:
    total.outputs |= wave.outputs
    total.letters |= wave.letters
    total.waiting |= wave.waiting
    total.decision = total.decision or wave.decision
