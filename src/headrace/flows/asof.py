"""`at`: what every name pointed to at a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from headrace.errors import UsageError
from headrace.ledger import artifacts, refs, release_evidence
from headrace.records.explain import AtReport, RefState
from headrace.ship.releases import PREFIX as _ENVIRONMENT

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger

_AGO = re.compile(r"(?P<count>\d+)\s*(?P<unit>s|m|h|d|w)(?:\s+ago)?", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def at(ledger: Ledger, time: str | datetime) -> AtReport:
    """Name the whole system as of a time: RFC 3339, a date, `now`, or an age such as `2h ago`."""
    moment = _moment(time)
    at_us = time_us(moment)
    with ledger.read() as conn:
        rows = refs.at(conn, at_us)
        evidence = {
            row.artifact: release_evidence.newest(conn, row.artifact, at_us=at_us)
            for row in rows
            if row.name.startswith(_ENVIRONMENT)
        }
        bodies = {row.artifact: artifacts.get(conn, row.artifact) for row in rows}
    states = []
    for row in rows:
        artifact = bodies[row.artifact]
        body = artifact.body if artifact is not None and isinstance(artifact.body, dict) else {}
        found = evidence.get(row.artifact, {})
        if found:
            body = {"evidence": {suite: item.verdict for suite, item in found.items()}, **body}
        states.append(
            RefState(
                name=row.name,
                artifact=row.artifact,
                seq=row.seq,
                valid_from_us=row.valid_from_us,
                actor=row.actor,
                reason=row.reason,
                body=body,
            )
        )
    return AtReport(time_us=at_us, time=moment.isoformat(), refs=tuple(states))


def time_us(time: str | datetime) -> int:
    """A time as UTC microseconds. Raises UsageError."""
    return int(_moment(time).timestamp() * 1_000_000)


def _moment(time: str | datetime) -> datetime:
    return parse_time(time) if isinstance(time, str) else time.astimezone(UTC)


def parse_time(text: str) -> datetime:
    """Read a time; without a zone it is UTC. Raises UsageError."""
    cleaned = text.strip()
    if cleaned.lower() == "now":
        return datetime.now(UTC)
    age = _AGO.fullmatch(cleaned)
    if age is not None:
        return datetime.now(UTC) - timedelta(**{_UNITS[age["unit"].lower()]: int(age["count"])})
    try:
        moment = datetime.fromisoformat(cleaned)
    except ValueError:
        raise UsageError(
            f"Time {text!r} is not understood.",
            hint="Write 2026-03-01T09:30:00Z, 2026-03-01, now, or an age such as '2h ago'.",
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
