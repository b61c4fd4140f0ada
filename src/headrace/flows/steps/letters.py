"""Dead letters of steps: list them, ask for them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.flows.steps.listing import unknown_step
from headrace.flows.steps.parts import StepParts
from headrace.ledger.steps import letters as rows
from headrace.records.steps import StepAttempt, StepDeadLetter, StepDeadLetters, StepRetry


def dead_letters(parts: StepParts, corpus: str | None, step: str | None) -> StepDeadLetters:
    """Every dead letter, or those of one step. Raises NotFoundError for a corpus."""
    return StepDeadLetters(letters=_letters(parts, parts.corpora(corpus), step))


def retry(parts: StepParts, corpus: str | None, step: str | None) -> StepRetry:
    """Sync each corpus that has dead letters, asking for them again. Raises NotFoundError, ConfigError."""
    names = parts.corpora(corpus)
    before = _letters(parts, names, step)
    if step is not None and not before:
        known = [item.step.name for name in names for item in parts.opened(name)]
        if step not in known:
            raise unknown_step(step, known, "NAME" if corpus is None else corpus)
    for name in dict.fromkeys(letter.corpus for letter in before):
        asked = frozenset(letter.step for letter in before if letter.corpus == name)
        parts.retry(name, asked)
    left = _letters(parts, names, step)
    known_before = {_place(letter) for letter in before}
    still = sum(_place(letter) in known_before for letter in left)
    return StepRetry(tried=len(before), healed=len(before) - still, letters=left)


def attempt_of(given: Mapping[str, Any]) -> StepAttempt:
    """An attempt as the ledger keeps it."""
    return StepAttempt(
        kind=given["kind"],
        text=given["text"],
        finish_reason=given["finish_reason"],
        problems=tuple(given["problems"]),
        milliseconds=given["milliseconds"],
    )


def _letters(parts: StepParts, corpora: Sequence[str], step: str | None) -> tuple[StepDeadLetter, ...]:
    with parts.ledger.read() as conn:
        return tuple(
            StepDeadLetter(
                corpus=corpus,
                document=row.uri,
                step=row.step,
                revision=row.revision,
                reason=row.reason,
                detail=row.detail,
                attempts=tuple(attempt_of(given) for given in row.tried),
                model=row.model,
                prompt_digest=row.prompt_digest,
                first_at_us=row.first_at_us,
                last_at_us=row.last_at_us,
                tries=row.tries,
            )
            for corpus in corpora
            for row in rows.of_corpus(conn, corpus)
            if step is None or row.step == step
        )


def _place(letter: StepDeadLetter) -> tuple[str, str, str]:
    return letter.corpus, letter.document, letter.step
