"""Places where a test can make the process die, fail, wait or run out of space.

`HEADRACE_FAILPOINTS="name[=action][:nth],..."` arms them; actions are `kill` (SIGKILL to this process,
the default), `raise`, `sleep:<seconds>` and `enospc`. With `:nth` only the n-th time of passing counts,
without it every time. Unset, passing one costs a lookup in the environment.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Literal, get_args

from headrace.errors import UsageError

VARIABLE = "HEADRACE_FAILPOINTS"

Action = Literal["kill", "raise", "sleep", "enospc"]

NAMES: set[str] = set()
"""Every declared failpoint, as far as its module is imported."""

_passed: Counter[tuple[str, str]] = Counter()
_lock = Lock()


class FailpointError(RuntimeError):
    """The failure that an armed failpoint with the action `raise` stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Armed:
    action: Action
    seconds: float
    nth: int | None


def declare(name: str) -> str:
    """Make a failpoint known at import time; returns its name."""
    NAMES.add(name)
    return name


def fire(name: str) -> None:
    """Pass a failpoint: nothing happens unless the environment armed it."""
    armed_by = os.environ.get(VARIABLE)
    if not armed_by:
        return
    if name not in NAMES:
        raise UsageError(f"Failpoint {name!r} was never declared.", hint="Declare it where it is fired.")
    armed = _parse(armed_by).get(name)
    if armed is not None and _is_turn(armed_by, name, armed.nth):
        _act(name, armed)


def _is_turn(armed_by: str, name: str, nth: int | None) -> bool:
    with _lock:
        _passed[armed_by, name] += 1
        return nth is None or _passed[armed_by, name] == nth


def _act(name: str, armed: _Armed) -> None:
    if armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if armed.action == "raise":
        raise FailpointError(f"failpoint {name!r}")
    if armed.action == "enospc":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
    time.sleep(armed.seconds)


@lru_cache(maxsize=16)
def _parse(armed_by: str) -> dict[str, _Armed]:
    armed: dict[str, _Armed] = {}
    for entry in filter(None, (part.strip() for part in armed_by.split(","))):
        head, _, action_text = entry.partition("=")
        parts = (action_text or head).split(":")
        name = head if action_text else parts[0]
        action = parts[0] if action_text else "kill"
        try:
            armed[name] = _armed(action, parts[1:])
        except (ValueError, IndexError) as error:
            raise UsageError(
                f"{VARIABLE} has {entry!r}. Allowed: name[=action][:nth] with the actions "
                f"{', '.join(get_args(Action))} (sleep:<seconds>)."
            ) from error
    return armed


def _armed(action: str, numbers: list[str]) -> _Armed:
    if action not in get_args(Action):
        raise ValueError(action)
    seconds = float(numbers.pop(0)) if action == "sleep" else 0.0
    nth = int(numbers.pop(0)) if numbers else None
    if numbers:
        raise ValueError(numbers)
    return _Armed(action=action, seconds=seconds, nth=nth)  # type: ignore[arg-type]  # checked above
