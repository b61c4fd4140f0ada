"""What log records add to the span they belong to: messages, evaluations, and what users said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from headrace.observe.traces.receiving import names
from headrace.observe.traces.receiving.jsontext import container, text_of
from headrace.observe.traces.receiving.messages import message_of

Log = Mapping[str, Any]

_UP = frozenset(
    {"up", "thumbs_up", "thumbs-up", "positive", "good", "like", "liked", "yes", "true", "helpful"}
)
_DOWN = frozenset(
    {
        "down",
        "thumbs_down",
        "thumbs-down",
        "negative",
        "bad",
        "dislike",
        "disliked",
        "no",
        "false",
        "unhelpful",
    }
)
_FEEDBACK = frozenset({"thumbs", "user_feedback", "user-feedback", "feedback", "user.feedback", "thumb"})
_RATINGS = frozenset({"rating", "user_rating", "user-rating", "stars", "csat"})
_CORRECTIONS = frozenset({"correction", "user_correction"})


class Feedback(NamedTuple):
    """What a user said of an answer, as a signal takes it."""

    trace_id: str
    span_id: str
    kind: str
    """thumbs, rating or correction."""
    value: Any
    comment: str | None
    user: str | None
    """A keyed hash."""
    at_us: int
    id: str
    """The same for the same log record."""


def event_name(body: Log) -> str:
    """The name of the event that a log record is, in its field or in an attribute."""
    return str(body.get("event") or body.get("attributes", {}).get("event.name") or "")


def details_of(logs: Sequence[Log]) -> dict[str, Any]:
    """Attributes that log records add to their span, as the current conventions name them."""
    found: dict[str, Any] = {}
    asked: list[Any] = []
    wrote: list[Any] = []
    for log in logs:
        event, facts = event_name(log), log.get("attributes", {})
        body = log.get("body")
        content = container(body) if isinstance(body, str) else body
        if event == names.DETAILS_EVENT:
            found |= facts
            found |= content if isinstance(content, Mapping) else {}
        elif event in names.MESSAGE_EVENTS:
            asked += _message(content, body, names.MESSAGE_EVENTS[event])
        elif event == names.CHOICE_EVENT:
            wrote += _message(content, body, "assistant")
        if "gen_ai.system" in facts:
            found.setdefault("gen_ai.system", facts["gen_ai.system"])
    if asked:
        found.setdefault(names.INPUT_MESSAGES[0], asked)
    if wrote:
        found.setdefault(names.OUTPUT_MESSAGES[0], wrote)
    return {name: value for name, value in found.items() if name != "event.name"}


def evaluations_of(logs: Sequence[Log]) -> list[dict[str, Any]]:
    """The verdicts of evaluators on a span."""
    found = []
    for log in logs:
        if event_name(log) != names.EVALUATION_EVENT:
            continue
        facts = log.get("attributes", {})
        kept = {
            "name": facts.get("gen_ai.evaluation.name"),
            "score": facts.get("gen_ai.evaluation.score.value"),
            "label": facts.get("gen_ai.evaluation.score.label"),
            "explanation": facts.get("gen_ai.evaluation.explanation"),
            "error": facts.get("error.type"),
        }
        found.append({name: value for name, value in kept.items() if value is not None})
    return found


def feedback_of(trace_id: str, span_id: str, log: Log, *, identity: str) -> Feedback | None:
    """What a user said, if an evaluation has the name of such a thing; else None."""
    if event_name(log) != names.EVALUATION_EVENT:
        return None
    facts = log.get("attributes", {})
    said = _signal(
        str(facts.get("gen_ai.evaluation.name") or "").lower(),
        facts.get("gen_ai.evaluation.score.value"),
        facts.get("gen_ai.evaluation.score.label"),
    )
    if said is None:
        return None
    users = [facts[name] for name in names.USERS if facts.get(name)]
    explanation = facts.get("gen_ai.evaluation.explanation")
    return Feedback(
        trace_id=trace_id,
        span_id=span_id,
        kind=said[0],
        value=said[1],
        comment=None if explanation is None else text_of(explanation),
        user=users[0] if users else None,
        at_us=int(log.get("time", 0)) // 1000,
        id=identity,
    )


def _signal(name: str, score: Any, label: Any) -> tuple[str, Any] | None:
    number = score if isinstance(score, int | float) and not isinstance(score, bool) else None
    word = label.strip().lower() if isinstance(label, str) else ""
    if name in _FEEDBACK:
        if word in _UP or word in _DOWN:
            return "thumbs", "up" if word in _UP else "down"
        if number in (0, 1, -1):
            return "thumbs", "up" if number == 1 else "down"
    if name in _RATINGS and number is not None and math.isfinite(number) and number in (1, 2, 3, 4, 5):
        return "rating", int(number)
    if name in _CORRECTIONS and isinstance(label, str) and label.strip():
        return "correction", label
    return None


def _message(content: Any, body: Any, role: str) -> list[dict[str, Any]]:
    if isinstance(content, Mapping):
        reason = content.get("finish_reason")
        made = message_of(content, role=role)
        if reason and made:
            made[0]["finish_reason"] = reason
        return made
    return [] if body is None else [{"role": role, "content": text_of(body)}]
