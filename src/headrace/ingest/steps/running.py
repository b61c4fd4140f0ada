"""Steps in a sync: documents go through them between their gates and their chunks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.errors import NotSent
from headrace.infer.completions.base import ChatModel
from headrace.ingest.steps.asking import Asked, Asker, estimate
from headrace.ingest.steps.base import Step
from headrace.ingest.steps.tasks import StepInput, Task, tasks_of, with_document
from headrace.ingest.steps.writing import with_fields, with_text, written_fields
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.steps import letters as letter_rows
from headrace.ledger.steps import outputs as output_rows
from headrace.ledger.steps.letters import StepLetter
from headrace.ledger.steps.outputs import StepOutput, Use
from headrace.ledger.steps.states import StepState
from headrace.records.document import ParsedDocument
from headrace.records.steps import StepCount

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger, Write

_STORED = declare("steps.outputs_stored")


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


class _Known(NamedTuple):
    """What stores hold of some keys."""

    outputs: dict[str, StepOutput]
    letters: dict[str, list[StepLetter]]


@dataclass(slots=True)
class _Work:
    """One document on its way through the steps."""

    given: StepInput
    derived: list[Derived] = field(default_factory=list)
    states: list[StepState] = field(default_factory=list)
    waits: list[Step] = field(default_factory=list)

    def blocked_by(self, step: Step) -> str | None:
        """The name of an earlier step whose output this one would read."""
        for other in self.waits:
            reads = step.prompt.variables
            if other.into == "text" and "text" in reads:
                return other.name
            if "metadata" in reads and (step.columns is None or set(step.columns) & set(other.writes)):
                return other.name
        return None

    def note(self, step: Step, state: Any, reason: str, keys: Sequence[str], fields: Iterable[str]) -> None:
        self.states.append(
            StepState(
                uri=self.given.uri,
                step=step.name,
                state=state,
                reason=reason,
                keys=tuple(dict.fromkeys(keys)),
                fields=tuple(fields),
            )
        )


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
        self._corpus = corpus
        self._ledger = ledger
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
        work = [_Work(item) for item in given]
        for opened in self.steps:
            self._step(opened, work, asks=asks)
        return [
            Stepped(document=item.given.document, derived=tuple(item.derived), states=tuple(item.states))
            for item in work
        ]

    def _step(self, opened: Opened, work: Sequence[_Work], *, asks: bool) -> None:
        step, asked = opened.step, opened.asked
        ready: list[tuple[_Work, list[Task]]] = []
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
        known = self._load(step, tasks)
        missing = list({task.key: task for task in tasks if not _has(known, task.key)}.values())
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

    def _load(self, step: Step, tasks: Sequence[Task]) -> _Known:
        keys = {task.key for task in tasks}
        if not keys or self._ledger is None:
            return _Known({}, {})
        with self._ledger.read() as conn:
            found = output_rows.load(conn, keys)
            again = step.name in self._retry
            return _Known(found, {} if again else letter_rows.by_key(conn, keys - found.keys()))

    def _ask(self, opened: Opened, missing: Sequence[Task], known: _Known, tasks: Sequence[Task]) -> Asked:
        """Ask wave by wave; each is durable, with its uses, before the next is asked."""
        step, total = opened.step, Asked()
        by_key: dict[str, list[Task]] = {}
        for task in tasks:
            by_key.setdefault(task.key, []).append(task)
        for wave in self._asker.waves(step, opened.model, missing):
            new = [letter_of(letter, task) for key, letter in wave.letters.items() for task in by_key[key]]
            used = [Use(task.uri, key) for key in wave.outputs for task in by_key[key]]
            if self._ledger is None:
                self.attempts += wave.attempts
            elif wave.outputs or new:
                self._ledger.write(lambda tx, wave=wave, used=used, new=new: self._store(tx, wave, used, new))  # type: ignore[misc]  # bound now
                fire(_STORED)
            _add(total, wave)
            self._count(
                opened,
                calls=wave.calls,
                requests=wave.requests,
                failed=len({letter.uri for letter in new}),
                repaired=sum(row.repair is not None for row in wave.outputs.values()),
                input_tokens=wave.input_tokens,
                output_tokens=wave.output_tokens,
                cost_micro=wave.cost_micro,
            )
        self.decision = self.decision or total.decision
        if total.waiting and total.decision is None:
            self.outage = self.outage or next(iter(total.waiting.values()))
        self._note_uses(step, known, by_key)
        return total

    def _store(self, tx: Write, wave: Asked, used: Sequence[Use], new: Sequence[StepLetter]) -> None:
        letter_rows.drop(tx, wave.outputs.keys())
        letter_rows.put(tx, self._corpus, new)
        output_rows.put(tx, self._corpus, list(wave.outputs.values()), used)

    def _note_uses(self, step: Step, known: _Known, by_key: Mapping[str, Sequence[Task]]) -> None:
        """Say that these documents use what was stored for others, dead letters included."""
        if self._ledger is None:
            return
        used = {Use(task.uri, key) for key in known.outputs for task in by_key[key]}
        letters = []
        for key, rows in known.letters.items():
            have = {(row.uri, row.step) for row in rows}
            letters += [
                letter_of(rows[0], task)._replace(step=step.name)
                for task in by_key[key]
                if (task.uri, step.name) not in have
            ]
        with self._ledger.read() as conn:
            unknown = output_rows.unknown(conn, self._corpus, used)
        if not unknown and not letters:
            return

        def work(tx: Write) -> None:
            output_rows.use(tx, self._corpus, unknown)
            letter_rows.put(tx, self._corpus, letters)

        self._ledger.write(work)

    def _write(self, step: Step, item: _Work, tasks: Sequence[Task], known: _Known, result: Asked) -> None:
        """Bring one document to what its outputs say."""
        keys = [task.key for task in tasks]
        waiting = next((result.waiting[key] for key in keys if key in result.waiting), None)
        if waiting is not None:
            self._wait(step, item, waiting, keys)
            return
        outputs = {
            key: row for key in keys if (row := result.outputs.get(key) or known.outputs.get(key)) is not None
        }
        failed = [key for key in keys if key not in outputs]
        wrote = _apply(step, item, tasks, {key: row.value for key, row in outputs.items()})
        if not failed:
            item.note(step, "written", _cut(step, item, tasks), keys, wrote)
            return
        fallback = dict(step.spec.fallback) if step.into == "metadata" else {}
        item.given = with_document(item.given, with_fields(item.given.document, fallback))
        letter = result.letters.get(failed[0]) or known.letters[failed[0]][0]
        item.note(step, "failed", f"{letter.reason}: {letter.detail}"[:500], keys, [*wrote, *fallback])

    def _wait(self, step: Step, item: _Work, reason: str, keys: Sequence[str]) -> None:
        item.waits.append(step)
        self.waiting.add(item.given.uri)
        item.note(step, "waiting", reason[:500], keys, ())
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


def letter_of(letter: StepLetter, task: Task) -> StepLetter:
    """The letter of another document that asks the same."""
    return letter._replace(uri=task.uri, revision=task.revision)


def _has(known: _Known, key: str) -> bool:
    return key in known.outputs or key in known.letters


def _apply(step: Step, item: _Work, tasks: Sequence[Task], values: Mapping[str, Any]) -> list[str]:
    """Write what there is into the document; returns the fields, `text` or `chunks`."""
    if not values:
        return []
    document = item.given.document
    if step.into == "text":
        spans = [task.piece for task in tasks if task.piece is not None]
        by = [str(values.get(task.key, task.text)) for task in tasks]
        item.given = with_document(item.given, with_text(document, spans, by))
        return ["text"]
    value = values[tasks[0].key]
    if step.into == "chunks":
        item.derived.append(Derived(step.name, _as_text(value)))
        return ["chunks"]
    fields = written_fields(step, value)
    item.given = with_document(item.given, with_fields(document, fields))
    return sorted(fields)


def _as_text(value: Any) -> str:
    """A summary with a schema reads as lines of its fields."""
    if isinstance(value, str):
        return value
    lines = ((name, part) for name, part in value.items() if part not in (None, "", []))
    return "\n".join(
        f"{name}: {', '.join(map(str, part)) if isinstance(part, list) else part}" for name, part in lines
    )


def _cut(step: Step, item: _Work, tasks: Sequence[Task]) -> str:
    """What a written state says: where a text was too long to be shown whole."""
    if not tasks:
        return "the document has no text"
    length = len(item.given.document.text)
    if step.kind == "clean" or len(tasks[0].text) == length:
        return ""
    return f"saw the first {len(tasks[0].text):,} of {length:,} characters"


def _add(total: Asked, wave: Asked) -> None:
    total.outputs |= wave.outputs
    total.letters |= wave.letters
    total.waiting |= wave.waiting
    total.decision = total.decision or wave.decision
