"""Dead letters: list and show them, replay them after something was put right, close them by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from headrace.errors import HeadraceError, NotFoundError, UsageError
from headrace.flows.calling.prompts import PromptSource, with_model
from headrace.infer.gateway.base import CallRequest
from headrace.infer.gateway.gateway import Gateway
from headrace.infer.gateway.letters import request_facts
from headrace.infer.gateway.outcome import CallOutcome
from headrace.ledger import call_letters
from headrace.ledger.call_letters import LetterRow
from headrace.ledger.ledger import Ledger
from headrace.records.calls import (
    CallLetter,
    CallLetterDetail,
    CallLetters,
    ReplayItem,
    ReplayReport,
    SettledLetters,
)
from headrace.records.times import rfc3339

_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterParts:
    """What dead letters are worked on with."""

    gateway: Gateway
    ledger: Ledger
    prompts: PromptSource
    actor: str


def list_letters(
    ledger: Ledger, *, prompt: str | None = None, state: call_letters.State | None = "open"
) -> CallLetters:
    """Dead letters, oldest first."""
    with ledger.read() as conn:
        rows = call_letters.list(conn, state=state, prompt=prompt)
    return CallLetters(
        items=[
            CallLetter(
                id=row.id,
                prompt=row.prompt,
                reason=row.reason,
                at=rfc3339(row.at_us),
                schema=row.schema,
                model=row.model,
                trace_id=row.trace_id,
                state=row.state,
            )
            for row in rows
        ]
    )


def show_letter(parts: LetterParts, letter: str) -> CallLetterDetail:
    """One dead letter, opened. Raises NotFoundError."""
    row = _row(parts.ledger, letter)
    request, attempts = parts.gateway.letters.open(row) if row.body is not None else (None, [])
    return CallLetterDetail(
        id=row.id,
        prompt=row.prompt,
        reason=row.reason,
        at=rfc3339(row.at_us),
        schema=row.schema,
        model=row.model,
        trace_id=row.trace_id,
        state=row.state,
        settled_at=None if row.settled_at_us is None else rfc3339(row.settled_at_us),
        settled_by=row.settled_by,
        settled_trace=row.settled_trace,
        request=request_facts(request) if request else None,
        attempts=attempts,
    )


def close_letters(
    parts: LetterParts, letters: Sequence[str], state: Literal["resolved", "discarded"]
) -> SettledLetters:
    """Close letters by hand; what was kept of them goes. Raises NotFoundError, UsageError."""
    for letter in letters:
        _open_row(parts.ledger, letter)
    parts.ledger.write(
        lambda tx: [call_letters.settle(tx, letter, state, actor=parts.actor) for letter in letters]
    )
    return SettledLetters(state=state, ids=list(letters))


async def replay(
    parts: LetterParts, rows: Sequence[LetterRow], *, model: str | None, prompt: str | None
) -> ReplayReport:
    """Try letters again, several at once; one that fails keeps no other from being tried."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(row: LetterRow) -> ReplayItem:
        async with places:
            return await _replay(parts, row, model=model, prompt=prompt)

    items = await asyncio.gather(*(one(row) for row in rows))
    costs = [item.cost for item in items if item.cost is not None]
    return ReplayReport(
        resolved=sum(item.resolved for item in items),
        failing=sum(not item.resolved for item in items),
        tokens=sum(item.tokens for item in items),
        cost=sum(costs) if costs else None,
        items=items,
    )


def chosen(
    ledger: Ledger, letters: Sequence[str], *, everything: bool, of_prompt: str | None
) -> list[LetterRow]:
    """The open letters that are meant. Raises NotFoundError, and UsageError when none are named."""
    if not letters and not everything and of_prompt is None:
        raise UsageError(
            "Nothing says which dead letters to replay.",
            hint="Name ids, or give --all or --of-prompt NAME.",
        )
    if letters:
        return [_open_row(ledger, letter) for letter in letters]
    with ledger.read() as conn:
        found = call_letters.list(conn, prompt=of_prompt, limit=100_000)
        rows = [call_letters.get(conn, row.id) for row in found]
    return [row for row in rows if row is not None]


async def _replay(parts: LetterParts, row: LetterRow, *, model: str | None, prompt: str | None) -> ReplayItem:
    try:
        former, attempts = parts.gateway.letters.open(row)
        request = _again(parts.prompts, former, row, model=model, prompt=prompt)
        outcome = None
        if model is None and prompt is None:
            outcome = await parts.gateway.recheck(request, attempts, replays=row)
        how = "stored" if outcome is not None else "called"
        outcome = outcome or await parts.gateway.call(request, replays=row)
    except HeadraceError as error:
        return ReplayItem(
            id=row.id,
            resolved=False,
            how="error",
            trace_id=None,
            record=None,
            reason=error.message,
            tokens=0,
            cost=None,
        )
    if outcome.valid:
        await asyncio.wrap_future(
            parts.ledger.submit(
                lambda tx: call_letters.settle(
                    tx, row.id, "resolved", actor=parts.actor, trace=outcome.trace_id
                )
            )
        )
    return _item(row.id, outcome, how)


def _again(
    prompts: PromptSource, former: CallRequest, row: LetterRow, *, model: str | None, prompt: str | None
) -> CallRequest:
    """The request of a letter with the prompt, schema and model as they are now, in the same trace."""
    name = prompt or (former.prompt.name if former.prompt else None)
    if former.prompt and former.prompt.label and prompt is None:
        name = f"{name}@{former.prompt.label}"
    if name is None:
        request = with_model(former, model) if model else former
    else:
        made = prompts.request(name, former.variables, model=model)
        request = replace(
            made,
            retrieved=former.retrieved,
            access=former.access,
            session=former.session,
            subject=former.subject,
            release=former.release,
        )
    return replace(request, trace_id=row.trace_id, parent_span_id=row.span_id)


def _item(letter: str, outcome: CallOutcome, how: str) -> ReplayItem:
    return ReplayItem(
        id=letter,
        resolved=outcome.valid,
        how=how if outcome.valid else "failing",
        trace_id=outcome.trace_id,
        record=outcome.record,
        reason=outcome.reason,
        tokens=outcome.usage.input_tokens + outcome.usage.output_tokens,
        cost=outcome.usage.cost_micro,
    )


def _row(ledger: Ledger, letter: str) -> LetterRow:
    with ledger.read() as conn:
        row = call_letters.get(conn, letter)
        known = [] if row else [other.id for other in call_letters.list(conn, limit=5)]
    if row is None:
        raise NotFoundError("dead letter", letter, known=known, hint="See `headrace dead-letter list`.")
    return row


def _open_row(ledger: Ledger, letter: str) -> LetterRow:
    row = _row(ledger, letter)
    if row.state != "open" or row.body is None:
        raise UsageError(
            f"Dead letter {letter!r} is {row.state}; nothing of it is left to work on.",
            hint="See `headrace dead-letter list`.",
        )
    return row
