"""Lengths of time as people write them: `30s`, `15m`, `12h`, `7d`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta

ALLOWED = "a number with s, m, h, d or w, such as 7d"
_WRITTEN = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(text: str) -> timedelta:
    """Read a length of time. Raises ValueError."""
    found = _WRITTEN.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is not a length of time: {ALLOWED}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def microseconds(text: str) -> int:
    """The same in microseconds. Raises ValueError."""
    return parse_duration(text) // timedelta(microseconds=1)
