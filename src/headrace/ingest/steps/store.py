"""What steps wrote before: outputs and dead letters of the ledger, with the documents that use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from headrace.ingest.steps.asking import Asked
from headrace.ingest.steps.tasks import Task
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.steps import letters as letter_rows
from headrace.ledger.steps import outputs as output_rows
from headrace.ledger.steps.letters import StepLetter
from headrace.ledger.steps.outputs import StepOutput, Use

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger, Write

_STORED = declare("steps.outputs_stored")

Tasks = Mapping[str, Sequence[Task]]
"""By key: documents that ask the same."""


class Known(NamedTuple):
    """What there is of some keys."""

    outputs: Mapping[str, StepOutput]
    letters: Mapping[str, Sequence[StepLetter]]

    def has(self, key: str) -> bool:
        """Whether nothing has to be asked."""
        return key in self.outputs or key in self.letters


class StepStore:
    """Outputs of one corpus; without a ledger it holds nothing and keeps nothing."""

    def __init__(self, corpus: str, ledger: Ledger | None) -> None:
        self._corpus = corpus
        self._ledger = ledger

    @property
    def keeps(self) -> bool:
        """Whether there is a ledger."""
        return self._ledger is not None

    def load(self, tasks: Sequence[Task], *, again: bool) -> Known:
        """What there is; `again` leaves dead letters out, so that they are asked for."""
        keys = {task.key for task in tasks}
        if not keys or self._ledger is None:
            return Known({}, {})
        with self._ledger.read() as conn:
            found = output_rows.load(conn, keys)
            return Known(found, {} if again else letter_rows.by_key(conn, keys - found.keys()))

    def keep(self, wave: Asked, tasks: Tasks) -> int:
        """Make a wave durable with its uses; returns how many documents got a dead letter."""
        letters = [letter_of(letter, task) for key, letter in wave.letters.items() for task in tasks[key]]
        used = [Use(task.uri, key) for key in wave.outputs for task in tasks[key]]

        def work(tx: Write) -> None:
            letter_rows.drop(tx, wave.outputs.keys())
            letter_rows.put(tx, self._corpus, letters)
            output_rows.put(tx, self._corpus, list(wave.outputs.values()), used)

        if self._ledger is not None and (used or letters):
            self._ledger.write(work)
            fire(_STORED)
        return len({letter.uri for letter in letters})

    def note_uses(self, step: str, known: Known, tasks: Tasks) -> None:
        """Say that these documents use what was stored for others, dead letters included."""
        if self._ledger is None:
            return
        used = {Use(task.uri, key) for key in known.outputs for task in tasks[key]}
        letters = []
        for key, rows in known.letters.items():
            have = {(row.uri, row.step) for row in rows}
            letters += [
                letter_of(rows[0], task)._replace(step=step)
                for task in tasks[key]
                if (task.uri, step) not in have
            ]
        with self._ledger.read() as conn:
            unknown = output_rows.unknown(conn, self._corpus, used)
        if not unknown and not letters:
            return

        def work(tx: Write) -> None:
            output_rows.use(tx, self._corpus, unknown)
            letter_rows.put(tx, self._corpus, letters)

        self._ledger.write(work)


def letter_of(letter: StepLetter, task: Task) -> StepLetter:
    """The letter of another document that asks the same."""
    return letter._replace(uri=task.uri, revision=task.revision)
