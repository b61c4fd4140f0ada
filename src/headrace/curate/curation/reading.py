"""Traces with all that is known of them, read a batch at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from headrace.curate.curation.evidence import Evidence
from headrace.curate.curation.facts import TraceFacts, facts_of
from headrace.curate.curation.parts import CurationParts
from headrace.curate.curation.sealed import clean_facts, clean_signal
from headrace.ledger import signal_audits, signals
from headrace.ledger.identity import digest
from headrace.ledger.signals import SignalRow
from headrace.observe.signals.judging import p_bad


class Known(NamedTuple):
    """A trace and what is known of it; personal data is out."""

    facts: TraceFacts
    evidence: Evidence

    @property
    def mark(self) -> str:
        """Differs as soon as something is known that was not known before."""
        rows = [[row.id, row.exposed, row.changed] for row in self.evidence.signals]
        return digest("evidence", [rows, self.evidence.verdict, self.facts.shown.ended_ns])


def read_known(parts: CurationParts, traces: Sequence[str]) -> dict[str, Known]:
    """Those of these traces that answered somebody."""
    engine = parts.engine()
    with parts.ledger.read() as conn:
        rows = signals.of_traces(conn, traces)
        audits = signal_audits.of_traces(conn, traces)
    given: dict[str, list[SignalRow]] = defaultdict(list)
    for row in rows:
        given[row.trace_id].append(clean_signal(engine, row))
    facts = {name: found for name in traces if (found := facts_of(parts.events.trace(name))) is not None}
    chances = p_bad(parts.signals, list(facts)) if facts else {}
    return {
        name: Known(
            clean_facts(engine, found),
            Evidence(
                p_bad=chances[name].p,
                calibrated=chances[name].calibrated,
                signals=given[name],
                verdict=audits[name].verdict if name in audits else None,
            ),
        )
        for name, found in facts.items()
    }
