"""Whether the name of a model says which model it is, and how that is known."""

from __future__ import annotations

import re
from typing import NamedTuple

_DATED = re.compile(
    r"(?:[-_.@:](?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d|[-_@](?:0[1-9]|1[0-2])[0-3]\d|[-_@]0\d\d)(?:$|[-_:@])"
)
"""A date, as `-2024-08-06`, `-20240620` or `-0613`, or a number of a version, as `-002`."""
_HASHED = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}$")


class Pin(NamedTuple):
    """What is known of a name."""

    pinned: bool
    how: str


def pin_of(*, model: str, revision: str, built_in: bool, answered: str | None) -> Pin:
    """Whether a model id stays the same model; one that may change under its name is floating.

    `answered` is the id that the provider says answered last; None before the first call.
    """
    if built_in:
        return Pin(True, "built in: its revision comes with Headrace")
    if revision:
        return Pin(True, f"its revision {revision!r} is declared in headrace.toml")
    if answered not in (None, model):
        return Pin(False, f"an alias: {answered!r} answered last")
    if _DATED.search(model):
        return Pin(True, "its id has a date or version")
    if _HASHED.search(model.rpartition("@")[2]):
        return Pin(True, "its id has a hash")
    return Pin(False, "its id has no date, version or hash, and no `revision` is declared")
