"""Models that gates ask: the questions of a corpus, answered like steps, and kept like their outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.errors import ConfigError, HeadraceError
from headrace.infer.prompts.file import load_prompt, parse_prompt
from headrace.infer.providers.config import ModelConfig
from headrace.infer.schemas.file import make_schema
from headrace.ingest.gates.context import Asked, Part, Question
from headrace.ingest.steps import asking
from headrace.ingest.steps.base import Step, StepSpec
from headrace.ingest.steps.opening import model_of
from headrace.ingest.steps.outputs import Opened, Outputs
from headrace.ingest.steps.pieces import Piece, pieces
from headrace.ingest.steps.store import Known
from headrace.ingest.steps.tasks import Task
from headrace.ledger.identity import digest
from headrace.ledger.steps.states import PREFIX, State, StepState

_VARIABLES = ("text", "title", "schema")


def open_question(question: Question, *, root: Path, models: Mapping[str, ModelConfig]) -> Step:
    """Read what a gate asks. Raises ConfigError, which names the gate."""
    name = PREFIX + question.gate
    try:
        if question.prompt is None:
            prompt = parse_prompt(question.gate, question.built_in)
        else:
            prompt = load_prompt(root / "prompts", question.prompt)
        if "text" not in prompt.variables:
            raise ConfigError(f"prompt {prompt.name!r} does not use `text`, which it is to judge.")
        for variable in prompt.variables:
            if variable not in _VARIABLES:
                problem = f"prompt {prompt.name!r} uses {variable!r}, which a gate does not give."
                raise ConfigError(problem, allowed=_VARIABLES)
        return Step(
            spec=StepSpec(
                name=name,
                kind="extract",
                prompt=prompt.name,
                schema=question.gate,
                model=question.model,
                max_characters=question.max_characters,
            ),
            model=model_of(question.model, models),
            prompt=prompt,
            schema=make_schema(question.gate, question.schema),
        )
    except HeadraceError as error:
        said = ConfigError(f"Gate {question.gate!r}: {error.message}", key=f"gates.{question.gate}")
        said.hint = error.hint
        raise said from error


class Judging(Outputs):
    """What the models of gates say of the documents of a run; counts what that took."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._states: dict[str, list[StepState]] = {}

    def judge(self, gate: str, *, asks: bool) -> StepJudge:
        """The model of one gate; without `asks` it says what is stored, and calls are counted."""
        return StepJudge(self, next(item for item in self.steps if item.step.name == PREFIX + gate), asks)

    def states(self, uri: str) -> tuple[StepState, ...]:
        """What came of asking about a document since this was asked last."""
        return tuple(self._states.pop(uri, ()))

    def note(self, step: Step, uri: str, state: State, reason: str, tasks: Sequence[Task]) -> None:
        """Keep how a question about a document stands."""
        if state == "waiting":
            self.wait(step, uri)
        keys = tuple(dict.fromkeys(task.key for task in tasks))
        row = StepState(uri=uri, step=step.name, state=state, reason=reason[:500], keys=keys, fields=())
        others = [other for other in self._states.get(uri, ()) if other.step != step.name]
        self._states[uri] = [*others, row]


@dataclass(frozen=True, slots=True)
class StepJudge:
    """A model with a question."""

    run: Judging
    opened: Opened
    asks: bool

    @property
    def components(self) -> Mapping[str, Any]:
        """What decides an answer beside the text."""
        return {"asks": self.opened.asked}

    def __call__(self, texts: Sequence[Asked]) -> list[list[Part]]:
        """The parts of each text with what the model says of them."""
        asked = [self._tasks(given) for given in texts]
        known, result = self.run.resolve(
            self.opened, [task for tasks in asked for task in tasks], asks=self.asks
        )
        return [self._parts(given, tasks, known, result) for given, tasks in zip(texts, asked, strict=True)]

    def _tasks(self, given: Asked) -> list[Task]:
        step = self.opened.step
        made = []
        for piece in pieces(given.text, step.spec.max_characters):
            shown = given.text[piece.start : piece.end]
            known = {"text": shown, "title": given.title}
            variables = {name: known[name] for name in step.prompt.variables if name in known}
            key = digest("step", [self.opened.asked, shown, variables])
            made.append(
                Task(
                    uri=given.document,
                    revision=given.revision,
                    key=key,
                    variables=variables,
                    text=shown,
                    piece=piece,
                )
            )
        return made

    def _parts(self, given: Asked, tasks: Sequence[Task], known: Known, result: asking.Asked) -> list[Part]:
        parts: list[Part] = []
        state: State = "written"
        reason = ""
        for task in tasks:
            output = result.outputs.get(task.key) or known.outputs.get(task.key)
            why = ""
            if output is None and task.key in result.waiting:
                state, why = "waiting", result.waiting[task.key]
            elif output is None:
                letter = result.letters.get(task.key) or known.letters[task.key][0]
                why = f"{letter.reason}: {letter.detail}"
                state = "failed" if state == "written" else state
            reason = reason or why
            span = task.piece or Piece(0, len(given.text))
            parts.append(Part(*span, None if output is None else output.value, why))
        self.run.note(self.opened.step, given.document, state, reason, tasks)
        return parts
