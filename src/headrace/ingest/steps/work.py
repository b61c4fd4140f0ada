"""One document on its way through the steps, and what it becomes by their outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from headrace.ingest.steps.base import Step
from headrace.ingest.steps.tasks import StepInput, Task, fields_of, with_document
from headrace.ingest.steps.writing import with_fields, with_text
from headrace.ledger.steps.letters import StepLetter
from headrace.ledger.steps.states import State, StepState
from headrace.records.document import ParsedDocument


class Derived(NamedTuple):
    """A text that a step wrote beside the document."""

    step: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """A document after its steps."""

    document: ParsedDocument
    derived: tuple[Derived, ...] = ()
    states: tuple[StepState, ...] = ()


@dataclass(slots=True)
class Work:
    """A document between its steps."""

    given: StepInput
    derived: list[Derived] = field(default_factory=list)
    states: list[StepState] = field(default_factory=list)
    waits: list[Step] = field(default_factory=list)

    def done(self) -> Stepped:
        """What came out."""
        return Stepped(document=self.given.document, derived=tuple(self.derived), states=tuple(self.states))

    def blocked_by(self, step: Step) -> str | None:
        """The name of an earlier step that waits and whose output this one would read."""
        for other in self.waits:
            reads = step.prompt.variables
            if other.into == "text" and "text" in reads:
                return other.name
            if "metadata" in reads and (step.columns is None or set(step.columns) & set(other.writes)):
                return other.name
        return None

    def wait(self, step: Step, reason: str, keys: Sequence[str]) -> None:
        """Leave a step for a later sync."""
        self.waits.append(step)
        self._note(step, "waiting", reason, keys, ())

    def write(
        self,
        step: Step,
        tasks: Sequence[Task],
        values: Mapping[str, Any],
        letter: StepLetter | None,
    ) -> None:
        """Take the outputs there are, by key; `letter` tells of one that there is not."""
        keys = [task.key for task in tasks]
        wrote = self._apply(step, tasks, values) if values else []
        if letter is None:
            self._note(step, "written", self._shown(step, tasks), keys, wrote)
            return
        fallback = dict(step.spec.fallback)
        self.given = with_document(self.given, with_fields(self.given.document, fallback))
        self._note(step, "failed", f"{letter.reason}: {letter.detail}", keys, [*wrote, *fallback])

    def _apply(self, step: Step, tasks: Sequence[Task], values: Mapping[str, Any]) -> list[str]:
        """Returns the fields that were written, `text` or `chunks`."""
        document = self.given.document
        if step.into == "text":
            spans = [task.piece for task in tasks if task.piece is not None]
            by = [str(values.get(task.key, task.text)) for task in tasks]
            self.given = with_document(self.given, with_text(document, spans, by))
            return ["text"]
        value = values[tasks[0].key]
        if step.into == "chunks":
            self.derived.append(Derived(step.name, as_text(value)))
            return ["chunks"]
        fields = fields_of(step, value)
        self.given = with_document(self.given, with_fields(document, fields))
        return sorted(fields)

    def _shown(self, step: Step, tasks: Sequence[Task]) -> str:
        """What a written state says: where a text was too long to be shown whole."""
        if not tasks:
            return "the document has no text"
        length = len(self.given.document.text)
        if step.kind == "clean" or len(tasks[0].text) == length:
            return ""
        return f"saw the first {len(tasks[0].text):,} of {length:,} characters"

    def _note(
        self, step: Step, state: State, reason: str, keys: Sequence[str], fields: Iterable[str]
    ) -> None:
        self.states.append(
            StepState(
                uri=self.given.uri,
                step=step.name,
                state=state,
                reason=reason[:500],
                keys=tuple(dict.fromkeys(keys)),
                fields=tuple(fields),
            )
        )


def as_text(value: Any) -> str:
    """An output as text; one with a schema reads as lines of its fields."""
    if isinstance(value, str):
        return value
    lines = ((name, part) for name, part in value.items() if part not in (None, "", []))
    return "\n".join(
        f"{name}: {', '.join(map(str, part)) if isinstance(part, list) else part}" for name, part in lines
    )
