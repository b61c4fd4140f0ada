"""What could be seen on a trace, and what was: the inputs of the label model."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from headrace.ledger.signals import SignalRow
from headrace.observe.signals.shown import Shown

EDITED_FROM = 0.1
"""A smaller share of the answer changed is taken for cosmetics."""
LONG_SECONDS = 20.0
_OF_SESSIONS = frozenset({"retry", "rephrase", "follow_up", "abandonment"})
_OF_CITATIONS = frozenset({"citation_click"})


class Assumed(NamedTuple):
    """What is assumed of a vote before anybody audited: how often it is seen on bad and on good answers."""

    when_bad: float
    when_good: float
    kind: str
    """The kind of signal it comes from."""


VOTES: Mapping[str, Assumed] = {
    "thumbs_down": Assumed(0.10, 0.005, "thumbs"),
    "thumbs_up": Assumed(0.005, 0.05, "thumbs"),
    "rating_low": Assumed(0.05, 0.005, "rating"),
    "rating_high": Assumed(0.005, 0.04, "rating"),
    "correction": Assumed(0.04, 0.002, "correction"),
    "edited_text": Assumed(0.06, 0.02, "edited_text"),
    "escalation": Assumed(0.06, 0.005, "escalation"),
    "report": Assumed(0.02, 0.001, "report"),
    "retry": Assumed(0.15, 0.03, "retry"),
    "rephrase": Assumed(0.25, 0.05, "rephrase"),
    "abandonment": Assumed(0.30, 0.05, "abandonment"),
    "regenerate": Assumed(0.15, 0.02, "regenerate"),
    "follow_up": Assumed(0.25, 0.25, "follow_up"),
    "copy": Assumed(0.05, 0.20, "copy"),
    "code_applied": Assumed(0.03, 0.15, "code_applied"),
    "citation_click": Assumed(0.10, 0.15, "citation_click"),
    "dwell_long": Assumed(0.30, 0.40, "dwell"),
}
"""Thumbs come with one to three answers in a hundred; the others are guesses, to be replaced by audits."""


OPPOSITES = {"thumbs_down": "thumbs_up", "rating_low": "rating_high"}
OPPOSITES |= {other: vote for vote, other in OPPOSITES.items()}
"""Two sides of one signal: whoever chose one could not choose the other."""


def votes_of(rows: Sequence[SignalRow], answer: Shown | None, *, kinds: Collection[str]) -> dict[str, bool]:
    """Vote to whether it was seen, for what could be seen on one trace.

    A kind of which this workspace has no signal at all (`kinds`) is not watched, and its silence says
    nothing; neither does that of a click where no citation was shown, nor of a rephrase outside a session.
    Signals whose trace did not show what they are about are left out. Of the thumbs or ratings of one user
    the last one counts.
    """
    fired = _fired(rows)
    found = {}
    for vote, assumed in VOTES.items():
        kind = assumed.kind
        silent_says = answer is None or not (
            (kind in _OF_SESSIONS and answer.session is None)
            or (kind in _OF_CITATIONS and not answer.citations)
        )
        if vote in fired or (kind in kinds and silent_says):
            found[vote] = vote in fired
    return found


def _fired(rows: Iterable[SignalRow]) -> set[str]:
    last: dict[tuple[str, str | None], Any] = {}
    fired = set()
    for row in sorted(rows, key=lambda item: (item.at_us, item.received_at_us, item.id)):
        if row.exposed == 0:
            continue
        value = json.loads(row.value)
        if row.kind in ("thumbs", "rating"):
            last[row.kind, row.subject] = value
        elif row.kind == "dwell":
            if value >= LONG_SECONDS:
                fired.add("dwell_long")
        elif row.kind != "edited_text" or row.changed is None or row.changed >= EDITED_FROM:
            fired.add(row.kind)
    return fired | {name for (kind, _), value in last.items() if (name := _side(kind, value))}


def _side(kind: str, value: Any) -> str | None:
    if kind == "thumbs":
        return f"thumbs_{value}"
    return "rating_low" if value <= 2 else "rating_high" if value >= 4 else None
