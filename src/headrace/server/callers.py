"""Who sent the request that is being answered, and which documents it may see."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar

from headrace.errors import KeyForbids
from headrace.records.keys import Caller

CALLER: ContextVar[Caller | None] = ContextVar("headrace_caller", default=None)
"""Set for the time of a request; None before there are keys, and outside HTTP."""


def labels_of(asked: Sequence[str] | None = None) -> tuple[str, ...]:
    """The access labels a request is answered under: those of its key.

    A request may narrow them, so that a program with a wide key can ask for one of its users; it can never
    widen them. Without keys the request's own labels count. Raises KeyForbids for a label the key lacks.
    """
    caller, wanted = CALLER.get(), tuple(asked or ())
    if caller is None:
        return wanted
    beyond = sorted(set(wanted) - set(caller.access))
    if beyond:
        raise KeyForbids(
            f"The key {caller.name!r} does not open documents of {beyond[0]!r}.",
            hint="Labels come from the key; a request may only choose among them.",
        )
    return wanted or caller.access
