"""Conditions on traces as people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.flows.asof import time_us
from headrace.ledger.events.finding import Place, SpanQuery

if TYPE_CHECKING:
    from headrace.flows.traces.parts import TraceParts

_AGE = re.compile(r"\d{1,6}\s*[smhdw]")
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?")
_LENGTHS = {"ms": 1e6, "s": 1e9, "m": 6e10, None: 1e6}
_PLACE = re.compile(r"(\d{1,19})-([0-9a-f]{1,64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFilter:
    """Traces with a span that meets all of these; None asks nothing."""

    since: str | datetime | None = None
    """A time as `at` takes it, or an age such as `2h`: a span ended then or later."""
    until: str | datetime | None = None
    """A span ended before."""
    model: str | None = None
    """A span is of this model."""
    prompt: str | None = None
    """The name of a prompt, or the digest of one version."""
    release: str | None = None
    """A span is of this release."""
    user: str | None = None
    """The name as calls give it; it is hashed before it is compared."""
    session: str | None = None
    """A span is of this session."""
    service: str | None = None
    """A span came from this sender."""
    kind: str | None = None
    """A span is of this kind."""
    status: str | None = None
    """`ok`, `error` or `unset`."""
    slower: str | None = None
    """A span took at least so long: `800ms`, `2s`, `1m`."""
    dearer: float | None = None
    """A span cost at least so much, in its currency."""
    text: str | None = None
    """Stands in what was asked, read or answered; capitals do not count."""

    def query(self, parts: TraceParts, *, traces: Sequence[str] | None = None) -> SpanQuery:
        """As it is asked of the stores. Raises UsageError."""
        if self.status not in (None, "ok", "error", "unset"):
            raise UsageError(f"No status {self.status!r}. Allowed: ok, error, unset.")
        return SpanQuery(
            since_ns=time_ns(self.since),
            until_ns=time_ns(self.until),
            traces=traces,
            kinds=None if self.kind is None else [self.kind],
            models=None if self.model is None else [self.model],
            prompts=None if self.prompt is None else _digests(parts, self.prompt),
            release=self.release,
            subjects=None if self.user is None else [parts.keyring.subject(self.user)],
            session=self.session,
            service=self.service,
            status=self.status,
            min_ns=None if self.slower is None else _length_ns(self.slower),
            min_cost_micro=None if self.dearer is None else round(self.dearer * 1e6),
            text=self.text or None,
        )


def time_ns(time: str | datetime | None) -> int | None:
    """A time or an age as Unix nanoseconds. Raises UsageError."""
    if time is None:
        return None
    if isinstance(time, str) and _AGE.fullmatch(time.strip()):
        time = f"{time.strip()} ago"
    return time_us(time) * 1000


def _length_ns(text: str) -> int:
    found = _LENGTH.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(f"{text!r} is not a length of time. Allowed: 800ms, 2s, 1m.")
    return int(float(found[1]) * _LENGTHS[found[2]])


def _digests(parts: TraceParts, prompt: str) -> list[str]:
    names = parts.prompt_names()
    found = [digest for digest, name in names.items() if prompt in (name, digest)]
    return found or [prompt]


def place_text(place: Place | None) -> str | None:
    """Where a list goes on, as text."""
    return None if place is None else f"{place.end_ns}-{place.trace_id}"


def read_place(text: str | None) -> Place | None:
    """Read back what `place_text` wrote. Raises UsageError."""
    if text is None:
        return None
    found = _PLACE.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no place in a list.", hint="Take `next` of the page before.")
    return Place(int(found[1]), found[2])
