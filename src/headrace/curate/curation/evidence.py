"""What users said of a trace and did with it, as rules and drafts read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.curate.curation.facts import TraceFacts
from headrace.ledger.signals import SignalRow
from headrace.observe.signals.votes import votes_of

_ACCEPTING = frozenset({"thumbs_up", "rating_high", "copy", "code_applied"})
_REJECTING = frozenset({"thumbs_down", "rating_low", "report", "escalation"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text that a user put in the place of an answer."""

    text: str
    author: str | None
    """Keyed hash of who wrote it."""
    signal: str
    """Id of the signal."""
    changed: float | None = None
    """Share of the answer that it changes, of an edit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a trace beside its spans."""

    p_bad: float
    calibrated: bool
    signals: Sequence[SignalRow] = ()
    """Of its trace, exposed or not known to be not."""
    verdict: str | None = None
    """good or bad, where somebody judged it."""

    def fired(self, facts: TraceFacts) -> frozenset[str]:
        """Votes that were seen, such as `thumbs_down`, and kinds of signals."""
        seen = votes_of(self.signals, facts.shown, kinds=())
        kinds = {row.kind for row in self.signals if row.exposed != 0}
        return frozenset(name for name, fired in seen.items() if fired) | kinds

    @property
    def edit(self) -> Wording | None:
        """The last edit of the answer."""
        return self._last("edited_text")

    @property
    def correction(self) -> Wording | None:
        """The last text that somebody said would have been right."""
        return self._last("correction")

    @property
    def regenerated_as(self) -> str | None:
        """The trace that was asked for in its place."""
        rows = [row for row in self._ordered() if row.kind in ("regenerate", "retry")]
        values = [json.loads(row.value) for row in rows]
        return next((value for value in reversed(values) if isinstance(value, str)), None)

    def _last(self, kind: str) -> Wording | None:
        rows = [row for row in self._ordered() if row.kind == kind and row.exposed != 0]
        if not rows:
            return None
        row = rows[-1]
        value = json.loads(row.value)
        if not isinstance(value, str) or not value.strip():
            return None
        return Wording(text=value, author=row.subject, signal=row.id, changed=row.changed)

    def _ordered(self) -> list[SignalRow]:
        return sorted(self.signals, key=lambda row: (row.at_us, row.received_at_us, row.id))


def values_of(facts: TraceFacts, evidence: Evidence) -> Mapping[str, Any]:
    """Fact to its value, for the conditions of rules; None where it is not known."""
    fired = evidence.fired(facts)
    edit = evidence.edit
    return {
        "p_bad": evidence.p_bad,
        "seconds": facts.seconds,
        "confidence": facts.confidence,
        "citations": None if facts.shown.citations is None else len(facts.shown.citations),
        "removed_citations": facts.removed_citations,
        "input_tokens": facts.input_tokens,
        "changed": None if edit is None else edit.changed,
        "failed": facts.shown.failed,
        "unanswered": facts.unanswered,
        "uncited": facts.uncited,
        "dead_letter": facts.dead_letter,
        "schema_violation": facts.schema_violation,
        "refused": facts.refused,
        "truncated": facts.truncated,
        "edited": edit is not None,
        "corrected": evidence.correction is not None,
        "accepted": bool(fired & _ACCEPTING) or evidence.verdict == "good",
        "rejected": bool(fired & _REJECTING) or evidence.verdict == "bad",
        "signal": fired,
        "kind": facts.kind,
        "corpus": facts.corpus,
        "prompt": facts.prompt,
        "model": facts.model,
    }
