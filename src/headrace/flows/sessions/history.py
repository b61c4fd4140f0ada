"""What goes into a prompt of a session that is longer than its budget, by the policy of `[sessions]`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.errors import HeadraceError
from headrace.observe.sessions.fitting import Count, Fitted, chosen, cost, fit
from headrace.records.sessions import History, HistoryUse, Overflow, Summary, Turn

if TYPE_CHECKING:
    from headrace.flows.sessions.conversation import Conversation

_PART = 4
"""One part in so many of the budget goes to a summary, or to older turns that fit the question."""
TOLD = "Summary of the conversation so far: "
"""What stands before a summary."""
_SPEAKING = ("user", "assistant", "system")


def history_of(talk: Conversation, question: str, *, count: Count) -> History:
    """The history of a session for one question. What fails of a policy is told, and the rest is trimmed."""
    config = talk.parts.sessions.config
    limit = config.budget
    turns = [turn for turn in talk.turns if turn.role in _SPEAKING]
    fitted = fit(turns, limit, count)
    if not fitted.older:
        return _history(talk, fitted, limit, "trim" if fitted.cut else config.overflow)
    try:
        if config.overflow == "summarise":
            return _summarised(talk, turns, limit, count)
        if config.overflow == "retrieve":
            return _retrieved(talk, turns, question, limit, count)
    except HeadraceError as error:
        failed = f"history: {config.overflow} failed ({error.message}); older turns were left out"
        return _history(talk, fitted, limit, "trim", warnings=[failed])
    return _history(talk, fitted, limit, "trim")


def _summarised(talk: Conversation, turns: Sequence[Turn], limit: int, count: Count) -> History:
    """The newest summary with all turns behind it, where that fits; else a new one is written."""
    from headrace.flows.sessions.summarising import summarise
    from headrace.observe.sessions.memory import summaries

    assert talk.row is not None
    known = summaries(talk.parts.sessions, talk.row, access=talk.access)
    for summary in reversed(known):
        later = [turn for turn in turns if turn.seq > summary.last_seq]
        left = limit - cost(TOLD + summary.text, count)
        fitted = fit(later, left, count)
        if not fitted.older and not fitted.cut and left >= 0:
            return _told(talk, turns, fitted, limit, summary, count)
    room = limit // _PART
    # Half of what is left, so that the next turns fit without another summary.
    fitted = fit(turns, (limit - room) // 2, count)
    last = fitted.older[-1].seq if fitted.older else turns[0].seq
    before = next((item for item in reversed(known) if item.last_seq < last), None)
    summary = summarise(talk, turns, up_to=last, before=before, room=room, count=count)
    later = [turn for turn in fitted.kept if turn.seq > summary.last_seq]
    return _told(
        talk, turns, fit(later, limit - cost(TOLD + summary.text, count), count), limit, summary, count
    )


def _told(
    talk: Conversation,
    turns: Sequence[Turn],
    fitted: Fitted,
    limit: int,
    summary: Summary,
    count: Count,
) -> History:
    text = TOLD + summary.text
    told = sum(turn.seq <= summary.last_seq for turn in turns)
    return _history(
        talk,
        fitted,
        limit,
        "summarise",
        first=[{"role": "system", "content": text}],
        tokens=cost(text, count),
        summarised=told,
        trace=summary.trace_id,
        trimmed=len(turns) - told - len(fitted.kept),
    )


def _retrieved(talk: Conversation, turns: Sequence[Turn], question: str, limit: int, count: Count) -> History:
    """The newest turns, and of those before them the ones most like the question."""
    from headrace.flows.sessions.recalling import scores

    fitted = fit(turns, limit - limit // _PART, count)
    found = chosen(fitted.older, scores(talk, fitted.older, question), limit - fitted.tokens, count)
    both = Fitted(
        kept=[*found.kept, *fitted.kept],
        older=found.older,
        tokens=found.tokens + fitted.tokens,
        cut=fitted.cut,
    )
    return _history(talk, both, limit, "retrieve", retrieved=len(found.kept))


def _history(
    talk: Conversation,
    fitted: Fitted,
    limit: int,
    policy: Overflow,
    *,
    first: Sequence[dict[str, str]] = (),
    tokens: int = 0,
    summarised: int = 0,
    retrieved: int = 0,
    trimmed: int | None = None,
    trace: str | None = None,
    warnings: Sequence[str] = (),
) -> History:
    use = HistoryUse(
        session=talk.id,
        seq=talk.row.turns if talk.row else 0,
        policy=policy,
        budget=limit,
        tokens=fitted.tokens + tokens,
        kept=len(fitted.kept) - retrieved,
        trimmed=(len(fitted.older) if trimmed is None else trimmed) + talk.unread,
        summarised=summarised,
        retrieved=retrieved,
        cut=fitted.cut,
        withheld=talk.withheld,
        summary=trace,
    )
    return History(
        messages=[*first, *({"role": turn.role, "content": turn.content} for turn in fitted.kept)],
        use=use,
        warnings=[*warnings, *_said(use)],
    )


def _said(use: HistoryUse) -> list[str]:
    """What was not given word for word, in words."""
    said = []
    if use.summarised:
        said.append(f"history: {_older(use.summarised)} told by a summary")
    if use.retrieved:
        said.append(f"history: {_older(use.retrieved)} looked up")
    if use.trimmed:
        said.append(f"history: {_older(use.trimmed)} left out to fit into {use.budget} tokens")
    if use.cut:
        said.append("history: the last turn was cut to fit")
    if use.withheld:
        turns = "1 turn quotes" if use.withheld == 1 else f"{use.withheld} turns quote"
        said.append(f"history: {turns} documents that may not be seen")
    return said


def _older(number: int) -> str:
    return "1 older turn was" if number == 1 else f"{number} older turns were"
