"""The kinds of signals, and what value each takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from headrace.errors import UsageError

MAX_TEXT_CHARACTERS = 20_000
SUBJECT = "subject"
"""Kind of the keyed hash that stands for a user."""
_TRACE = re.compile(r"[0-9a-f]{32}")
_SPAN = re.compile(r"[0-9a-f]{16}")
_CHUNK = re.compile(r"chunk_[a-z2-7]{26}")
_DAY_SECONDS = 86_400

Check = Callable[[Any], Any]
"""Gives a value as it is stored; raises ValueError for one that does not fit."""


class Kind(NamedTuple):
    """One kind of signal."""

    explicit: bool
    """Whether a user says it, or it is seen in what a user does."""
    value: str
    """What value it takes, in words."""
    check: Check
    needs_value: bool = True
    text: bool = False
    """Whether its value is a user's text, which is redacted."""


def _one_of(*allowed: str) -> Check:
    def check(value: Any) -> Any:
        if value not in allowed:
            raise ValueError
        return value

    return check


def _whole(least: int, most: int) -> Check:
    def check(value: Any) -> int:
        number = int(value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise ValueError
        return number

    return check


def _seconds(value: Any) -> float:
    number = float(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= _DAY_SECONDS:
        raise ValueError
    return round(float(number), 3)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT_CHARACTERS:
        raise ValueError
    return value


def _trace(value: Any) -> str:
    if not isinstance(value, str) or not _TRACE.fullmatch(value):
        raise ValueError
    return value


def _citation(value: Any) -> Any:
    if isinstance(value, str) and _CHUNK.fullmatch(value):
        return value
    return _whole(1, 10_000)(value)


_TEXT = f"a text of up to {MAX_TEXT_CHARACTERS:,} characters"
_OTHER_TRACE = "the trace id of the other question, or nothing"
_CHARACTERS = "a number of characters, or nothing"

KINDS: Mapping[str, Kind] = {
    "thumbs": Kind(True, "`up` or `down`", _one_of("up", "down")),
    "rating": Kind(True, "1 (worst) to 5", _whole(1, 5)),
    "correction": Kind(True, _TEXT, _text, text=True),
    "edited_text": Kind(True, _TEXT, _text, text=True),
    "escalation": Kind(True, f"{_TEXT}, or nothing", _text, needs_value=False, text=True),
    "report": Kind(True, f"{_TEXT}, or nothing", _text, needs_value=False, text=True),
    "retry": Kind(False, _OTHER_TRACE, _trace, needs_value=False),
    "rephrase": Kind(False, _OTHER_TRACE, _trace, needs_value=False),
    "abandonment": Kind(False, "nothing", _one_of(), needs_value=False),
    "copy": Kind(False, _CHARACTERS, _whole(0, 10_000_000), needs_value=False),
    "regenerate": Kind(False, _OTHER_TRACE, _trace, needs_value=False),
    "citation_click": Kind(False, "the number of the citation, or its chunk id", _citation),
    "dwell": Kind(False, "0 to 86,400 seconds", _seconds),
    "follow_up": Kind(False, _OTHER_TRACE, _trace, needs_value=False),
    "code_applied": Kind(False, _CHARACTERS, _whole(0, 10_000_000), needs_value=False),
}


def checked(kind: str, value: Any) -> Any:
    """A value as its kind stores it; numbers may come as text. Raises UsageError."""
    known = KINDS.get(kind)
    if known is None:
        raise UsageError(
            f"No kind of signal {kind!r}. Allowed: {', '.join(KINDS)}.",
            hint="docs/signals.md says what each is for.",
        )
    if value is None and not known.needs_value:
        return None
    try:
        return known.check(value)
    except (ValueError, TypeError):
        given = "is missing" if value is None else f"{str(value)[:80]!r} does not fit"
        raise UsageError(
            f"The value of a {kind!r} signal {given}. Allowed: {known.value}.",
            hint="Give it with --value (`value` in the API).",
        ) from None


def checked_trace(trace_id: str) -> str:
    """A trace id in lowercase. Raises UsageError."""
    name = trace_id.strip().lower()
    if not _TRACE.fullmatch(name):
        raise UsageError(
            f"{trace_id[:80]!r} is no trace id: that is 32 hexadecimal digits.",
            hint="`headrace ask` prints the trace id of its answer.",
        )
    return name


def checked_span(span_id: str | None) -> str | None:
    """A span id in lowercase, or None. Raises UsageError."""
    name = (span_id or "").strip().lower()
    if name and not _SPAN.fullmatch(name):
        raise UsageError(
            f"{name[:80]!r} is no span id: that is 16 hexadecimal digits.",
            hint="Leave it out where the signal is about the whole answer.",
        )
    return name or None
