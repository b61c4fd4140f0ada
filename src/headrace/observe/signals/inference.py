"""Retry, rephrase, follow-up and abandonment, found in the order of the questions of a session."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from headrace.observe.signals.parts import Similarity
from headrace.observe.signals.shown import Shown

WITHIN_SECONDS = 300
"""A question that comes later belongs to something else."""
ABANDONED_SECONDS = 1800
"""A session that was silent for so long is over."""
RETRY_FROM = 0.95
"""Questions at least so alike are the same one, asked again…"""
REPHRASE_FROM = 0.5
"""…and from here on the same in other words."""
_SATISFIED = frozenset({"copy", "code_applied", "follow_up", "citation_click", "thumbs"})
"""After one of these an answer was not abandoned: somebody did something with it or said so."""
_WORDS = re.compile(r"\w+")
_STOP = frozenset(
    """
    a an and are as at be by can did do does for from how i in is it me my of on or please so tell that the
    this to was we what when where which who why will with you your
    """.split()  # noqa: SIM905 - a list of words reads as one
)


class Inferred(NamedTuple):
    """A signal that the rules find."""

    trace_id: str
    """The answer it speaks of: the earlier one of two."""
    kind: str
    value: str | None
    """The trace of the later question."""
    at_ns: int


def likeness(first: str, second: str) -> float:
    """How alike two questions are, 0 to 1: the larger of word overlap and common pieces of the letters.

    Word overlap is Dice's coefficient over words that carry meaning, so that order and small words do not
    count; the common pieces see spelling mistakes and endings.
    """
    one, two = _meaning(first), _meaning(second)
    if not one or not two:
        return 1.0 if " ".join(first.split()).lower() == " ".join(second.split()).lower() else 0.0
    dice = 2 * len(one & two) / (len(one) + len(two))
    letters = SequenceMatcher(None, first.lower(), second.lower(), autojunk=False).ratio()
    # Short questions share many letters by chance: only a close spelling counts.
    return max(dice, letters if letters >= 0.75 else 0.0)


def infer_signals(
    session: Sequence[Shown],
    *,
    seen: Mapping[str, Collection[str]],
    now_ns: int,
    similarity: Similarity = likeness,
) -> list[Inferred]:
    """What the questions of one session, in any order, say of its answers.

    For each answer the next question within WITHIN_SECONDS decides: at least RETRY_FROM alike is a `retry`,
    at least REPHRASE_FROM a `rephrase`, anything else a `follow_up`. A refused answer after which nothing
    came within ABANDONED_SECONDS, and with which nobody did anything (`seen`: trace to kinds of its
    signals), is an `abandonment`; before that time is over nothing is said.
    """
    ordered = sorted(session, key=lambda item: (item.started_ns, item.trace_id))
    found = []
    for place, answer in enumerate(ordered):
        later = ordered[place + 1] if place + 1 < len(ordered) else None
        wait_ns = (now_ns if later is None else later.started_ns) - answer.ended_ns
        if later is not None and wait_ns <= WITHIN_SECONDS * 1_000_000_000:
            alike = similarity(answer.question, later.question)
            kind = "retry" if alike >= RETRY_FROM else "rephrase" if alike >= REPHRASE_FROM else "follow_up"
            found.append(Inferred(answer.trace_id, kind, later.trace_id, later.started_ns))
        elif (
            wait_ns > ABANDONED_SECONDS * 1_000_000_000
            and answer.refused
            and not _SATISFIED & set(seen.get(answer.trace_id, ()))
        ):
            at_ns = answer.ended_ns + ABANDONED_SECONDS * 1_000_000_000
            found.append(Inferred(answer.trace_id, "abandonment", None, at_ns))
    return found


def _meaning(question: str) -> set[str]:
    return {word for word in _WORDS.findall(question.lower()) if word not in _STOP}
