"""Asks the model for what no store has: in waves, within a budget, each wave durable before the next."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from headrace.errors import BudgetReached, NotSent, ProviderError, UsageError
from headrace.infer.completions.base import ChatModel
from headrace.infer.completions.ladder import Outcome, climb
from headrace.infer.completions.spending import CallSpending
from headrace.infer.embedders.circuit import Circuit
from headrace.infer.embedders.refusals import REFUSED_STATUS
from headrace.infer.prompts.render import render
from headrace.infer.providers.portal import portal
from headrace.ingest.steps.base import Step
from headrace.ingest.steps.labels import LabelFinder
from headrace.ingest.steps.tasks import Task, reader_of, with_step
from headrace.ledger.steps.letters import StepLetter
from headrace.ledger.steps.outputs import StepOutput

_OUTPUT_TOKENS = 256
"""Estimate of what a call writes where its prompt sets no `max_tokens`."""
_ONE_SIDED = frozenset({"timeout", "malformed", "too_large"})
"""Causes that are about one input where the provider answers others, else about the provider."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """What came of asking, by key."""

    outputs: dict[str, StepOutput] = field(default_factory=dict)
    letters: dict[str, StepLetter] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    """Key to the reason why it was not decided."""
    decision: NotSent | None = None
    """What someone has to decide before the rest is asked."""
    calls: int = 0
    requests: int = 0
    attempts: list[Mapping[str, Any]] = field(default_factory=list)
    """Every one, as the ledger would keep it."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a call may take."""

    input_tokens: int
    output_tokens: int

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.input_tokens + self.output_tokens


def estimate(step: Step, task: Task) -> Estimate:
    """About four bytes a token; what is written, by `max_tokens` of the prompt."""
    try:
        messages = render(step.prompt, with_step(step, task.variables, step.labels[: step.spec.candidates]))
        size = sum(len(message["content"].encode("utf-8", "replace")) for message in messages)
        tokens = -(-size // 4) + 8 * len(messages)
    except UsageError:
        return Estimate(input_tokens=0, output_tokens=0)  # it will not be sent
    limit = step.prompt.parameters.get("max_tokens")
    written = len(task.text) // 4 if step.kind == "clean" else _OUTPUT_TOKENS
    return Estimate(
        input_tokens=tokens,
        output_tokens=min(written, limit) if isinstance(limit, int) else written,
    )


class Asker:
    """The calls of one run, with all its models."""

    def __init__(self, spending: CallSpending, finder: LabelFinder | None) -> None:
        self.spending = spending
        self._finder = finder
        self._circuits: dict[str, Circuit] = {}
        self._answered: defaultdict[str, bool] = defaultdict(bool)

    def waves(self, step: Step, model: ChatModel, tasks: Sequence[Task]) -> Iterator[Asked]:
        """Ask for each task once; gives what came of each wave, and at last of what was doubtful."""
        size = max(16, 4 * model.most_at_once)
        doubtful: list[tuple[Task, Outcome]] = []
        for start in range(0, len(tasks), size):
            yield self._wave(step, model, tasks[start : start + size], doubtful)
        if doubtful:
            last = Asked()
            for task, outcome in doubtful:
                if self._answered[model.name]:
                    error = outcome.error
                    slow = error is not None and error.details.get("cause") == "timeout"
                    last.letters[task.key] = _letter(
                        step, model, task, outcome, "timeout" if slow else "rejected"
                    )
                else:
                    last.waiting[task.key] = outcome.detail
            yield last

    def _wave(
        self, step: Step, model: ChatModel, tasks: Sequence[Task], doubtful: list[tuple[Task, Outcome]]
    ) -> Asked:
        asked = Asked()
        try:
            labels = self._labels(step, tasks)
        except ProviderError as error:
            asked.waiting = {task.key: error.message for task in tasks}
            asked.decision = error if isinstance(error, NotSent) else None
            return asked

        async def all_of_them() -> list[Outcome | UsageError]:
            return await asyncio.gather(
                *(self._one(step, model, task, shown) for task, shown in zip(tasks, labels, strict=True))
            )

        for task, outcome in zip(tasks, portal().run(all_of_them()), strict=True):
            if isinstance(outcome, UsageError):
                asked.letters[task.key] = _letter(
                    step, model, task, Outcome(attempts=(), detail=outcome.message), "unrendered"
                )
            else:
                self._sort(step, model, task, outcome, asked, doubtful)
        return asked

    def _labels(self, step: Step, tasks: Sequence[Task]) -> list[tuple[str, ...]]:
        if not step.retrieves:
            return [step.labels] * len(tasks)
        assert self._finder is not None
        return self._finder.nearest([task.text for task in tasks], step.labels, step.spec.candidates)

    async def _one(
        self, step: Step, model: ChatModel, task: Task, labels: Sequence[str]
    ) -> Outcome | UsageError:
        circuit = self._circuits.setdefault(model.name, Circuit(model.name))
        refusal = circuit.refusal()
        if refusal is not None:
            return Outcome(attempts=(), error=refusal, detail=refusal.message)
        try:
            messages = render(step.prompt, with_step(step, task.variables, labels))
        except UsageError as error:
            return error
        guess = estimate(step, task)
        held = guess.tokens, model.price.micro(guess.input_tokens, guess.output_tokens)
        if not self.spending.hold(*held):
            reached = BudgetReached(str(self.spending.budget))
            reached.hint = (
                "What steps wrote is kept. Sync again for another such run, or raise `step_tokens` or "
                f"`step_money` in [corpus.NAME.budget]. Step {step.name!r} goes on there."
            )
            return Outcome(attempts=(), error=reached, detail=reached.message)
        outcome = await climb(model, messages, step.parameters(), read=reader_of(step, task, labels))
        read, wrote = _used(outcome, guess)
        self.spending.settle(held, read, wrote, model.price)
        if outcome.attempts:
            circuit.succeeded()
            self._answered[model.name] = True
        if outcome.error is not None:
            circuit.failed(outcome.error)
        return outcome

    def _sort(
        self,
        step: Step,
        model: ChatModel,
        task: Task,
        outcome: Outcome,
        asked: Asked,
        doubtful: list[tuple[Task, Outcome]],
    ) -> None:
        error = outcome.error
        sent = not isinstance(error, NotSent) and (
            error is None or error.details.get("cause") != "circuit_open"
        )
        if sent:
            asked.calls += 1
            asked.requests += len(outcome.attempts) + (error is not None)
            read, wrote = _used(outcome, estimate(step, task))
            asked.input_tokens += read
            asked.output_tokens += wrote
            cost = model.price.micro(read, wrote)
            asked.cost_micro = None if cost is None or asked.cost_micro is None else asked.cost_micro + cost
        asked.attempts += _attempts(outcome)
        if outcome.is_valid:
            asked.outputs[task.key] = _output(step, model, task, outcome)
        elif error is None:
            asked.letters[task.key] = _letter(step, model, task, outcome, str(outcome.reason))
        elif error.details.get("status") in REFUSED_STATUS:
            asked.letters[task.key] = _letter(step, model, task, outcome, "rejected")
        elif error.details.get("cause") in _ONE_SIDED:
            doubtful.append((task, outcome))
        else:
            asked.waiting[task.key] = error.message
            asked.decision = asked.decision or (error if isinstance(error, NotSent) else None)


def _used(outcome: Outcome, guess: Estimate) -> tuple[int, int]:
    """Tokens of all attempts, estimated where the provider does not say."""
    number = len(outcome.attempts)
    read = guess.input_tokens * number if outcome.input_tokens is None else outcome.input_tokens
    wrote = guess.output_tokens * number if outcome.output_tokens is None else outcome.output_tokens
    return read, wrote


def _output(step: Step, model: ChatModel, task: Task, outcome: Outcome) -> StepOutput:
    return StepOutput(
        key=task.key,
        prompt_name=step.prompt.name,
        prompt_digest=step.prompt.digest,
        model=model.identity,
        answered_by=outcome.model,
        schema_digest=step.schema.digest,
        parameters=_json(step.parameters()),
        output=_json(outcome.value),
        repair=outcome.repair,
        attempts=len(outcome.attempts),
        input_tokens=outcome.input_tokens,
        output_tokens=outcome.output_tokens,
    )


def _letter(step: Step, model: ChatModel, task: Task, outcome: Outcome, reason: str) -> StepLetter:
    return StepLetter(
        uri=task.uri,
        step=step.name,
        key=task.key,
        revision=task.revision,
        reason=reason,
        detail=outcome.detail,
        attempts=_json(_attempts(outcome)),
        prompt_digest=step.prompt.digest,
        model=model.identity,
    )


def _attempts(outcome: Outcome) -> list[Mapping[str, Any]]:
    return [
        {**asdict(attempt), "problems": [dict(problem) for problem in asdict(attempt)["problems"]]}
        for attempt in outcome.attempts
    ]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True)
