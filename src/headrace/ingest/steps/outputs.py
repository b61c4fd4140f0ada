"""What a run asks models for: from the ledger where the same was asked before, else in durable waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headrace.errors import NotSent
from headrace.infer.completions.base import ChatModel
from headrace.ingest.steps.asking import Asked, Asker, estimate
from headrace.ingest.steps.base import Step
from headrace.ingest.steps.store import Known, StepStore
from headrace.ingest.steps.tasks import Task
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


class Outputs:
    """The outputs of the steps of one run; counts what they took."""

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

    def resolve(self, opened: Opened, tasks: Sequence[Task], *, asks: bool) -> tuple[Known, Asked]:
        """What there is of these tasks, and what came of asking for the rest; else calls are counted."""
        known = self._store.load(tasks, again=opened.step.name in self._retry)
        missing = list({task.key: task for task in tasks if not known.has(task.key)}.values())
        if asks:
            result = self._ask(opened, missing, known, tasks)
            self._count(opened, reused=len(tasks) - len(missing))
            return known, result
        new = [task for task in missing if task.key not in self._planned]
        self._planned.update(task.key for task in new)
        self.count_planned(opened, new)
        self._count(opened, reused=len(tasks) - len(new))
        return known, Asked(waiting={task.key: "not asked yet" for task in missing})

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

    def wait(self, step: Step, uri: str) -> None:
        """Note a document that goes on without an output of a step."""
        self.waiting.add(uri)
        count = self.counts[step.name]
        self.counts[step.name] = replace(count, waiting=count.waiting + 1)

    def count_planned(self, opened: Opened, tasks: Sequence[Task]) -> None:
        """Count what tasks would take."""
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

    def _count(self, opened: Opened, *, cost_micro: int | None = 0, **more: int) -> None:
        name = opened.step.name
        before = self.counts[name]
        cost = None if before.cost_micro is None or cost_micro is None else before.cost_micro + cost_micro
        added: dict[str, Any] = {key: getattr(before, key) + value for key, value in more.items()}
        self.counts[name] = replace(
            before, cost_micro=cost, currency=opened.model.price.currency if cost else "", **added
        )


def _add(total: Asked, wave: Asked) -> None:
    total.outputs |= wave.outputs
    total.letters |= wave.letters
    total.waiting |= wave.waiting
    total.decision = total.decision or wave.decision
