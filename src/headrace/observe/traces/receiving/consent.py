"""What users allow, as spans say it: the newest word of each user counts, in whatever order spans arrive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from headrace.ledger import consents
from headrace.ledger.consents import PURPOSES, Purpose
from headrace.observe.traces.receiving.names import CONSENT
from headrace.observe.traces.receiving.normalising import OTLP
from headrace.records.call import SpanEvent
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger, Write

_ACTOR = "otlp"
_SAID = re.compile(r"said at (\d+) us")
_NONE = frozenset({"", "none", "no", "false"})


class Said(NamedTuple):
    """What a span says that its user allows."""

    subject: str
    at_us: int
    allowed: frozenset[str]


def said_in(spans: Sequence[SpanEvent]) -> tuple[list[Said], list[str]]:
    """The newest word of each user, and what is wrong with what spans say otherwise."""
    found: dict[str, Said] = {}
    problems: dict[str, None] = {}
    for span in spans:
        word = _word(span)
        if word is None:
            continue
        if span.subject is None:
            problems[f"{CONSENT} needs a user: send user.id with it"] = None
            continue
        allowed = frozenset(part.strip() for part in word.lower().split(",")) - _NONE
        if unknown := allowed - set(PURPOSES):
            problems[f"{CONSENT} names {sorted(unknown)[0][:40]!r}; allowed: eval, training, none"] = None
            continue
        said = Said(span.subject, span.end_ns // 1000, allowed)
        if span.subject not in found or found[span.subject].at_us < said.at_us:
            found[span.subject] = said
    return list(found.values()), list(problems)


def decide(ledger: Ledger, said: Sequence[Said]) -> None:
    """Record it, unless a user said something else since."""
    if not said:
        return

    def work(tx: Write) -> None:
        current = consents.current_of(tx.conn, [item.subject for item in said])
        for item in said:
            if all(current.get((item.subject, p)) == (p in item.allowed) for p in PURPOSES):
                continue
            past = consents.history(tx.conn, item.subject)
            decisions: dict[Purpose, bool] = {}
            for purpose in PURPOSES:
                last = next((decision for decision in past if decision.purpose == purpose), None)
                if last is None or _time_of(last) < item.at_us:
                    decisions[purpose] = purpose in item.allowed
            reason = f"headrace.consent of a span, said at {item.at_us} us ({rfc3339(item.at_us)})"
            consents.decide(tx, item.subject, decisions, actor=_ACTOR, reason=reason)

    ledger.write(work)


def _time_of(decision: consents.Decision) -> int:
    said = _SAID.search(decision.reason) if decision.actor == _ACTOR else None
    return int(said[1]) if said else decision.decided_at_us


def _word(span: SpanEvent) -> str | None:
    otlp = span.attributes[OTLP]
    for part in (otlp.get("span", {}), otlp.get("resource", {})):
        value = part.get("attributes", {}).get(CONSENT)
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return ",".join(map(str, value))
    return None
