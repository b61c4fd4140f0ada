"""P(bad) of traces: the label model over what the ledger and the traces hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from headrace.errors import NotFoundError
from headrace.ledger import signal_audits, signals
from headrace.ledger.signal_audits import AuditRow
from headrace.ledger.signals import SignalRow
from headrace.observe.signals.collect import join_pending
from headrace.observe.signals.label_model import Audited, LabelModel, fit
from headrace.observe.signals.parts import SignalParts
from headrace.observe.signals.shown import shown
from headrace.observe.signals.votes import VOTES, votes_of
from headrace.records.signals import LabelModelReport, TraceVerdict, Verdict, VoteRates


class PBad(NamedTuple):
    """P(bad) of a trace, and whether audits stand behind it."""

    p: float
    calibrated: bool


def fitted(parts: SignalParts) -> LabelModel:
    """The label model, fitted to every judged trace that was drawn at random."""
    join_pending(parts)
    with parts.ledger.read() as conn:
        made = signal_audits.all_draws(conn)
        judged = [row for row in signal_audits.list(conn) if row.verdict is not None and row.draw is not None]
    votes = _votes(parts, [row.trace_id for row in judged])
    return fit(
        [
            Audited(
                votes[row.trace_id],
                row.verdict == "bad",
                signal_audits.inclusion(made, row.ended_us) or row.probability or 1.0,
            )
            for row in judged
        ]
    )


def p_bad(parts: SignalParts, traces: Sequence[str]) -> dict[str, PBad]:
    """P(bad) of each trace, silent and unknown ones included; an audited one is 0 or 1."""
    model = fitted(parts)
    votes, audits = _votes(parts, traces), _audits(parts, traces)
    return {
        name: PBad(_final(model.p_bad(votes[name]), audits.get(name)), model.calibrated) for name in traces
    }


def verdict(parts: SignalParts, trace: str) -> TraceVerdict:
    """What is known of one trace, with the weight of each part. Raises NotFoundError."""
    model = fitted(parts)
    with parts.ledger.read() as conn:
        known = bool(signals.of_traces(conn, [trace])) or signal_audits.get(conn, trace) is not None
    if not known and not parts.events.trace(trace):
        raise NotFoundError("trace", trace, hint="`headrace ask` prints the trace id of its answer.")
    votes = _votes(parts, [trace])[trace]
    audit = _audits(parts, [trace]).get(trace)
    weights = sorted(model.weights(votes).items(), key=lambda item: -abs(item[1]))
    return TraceVerdict(
        trace_id=trace,
        p_bad=round(_final(model.p_bad(votes), audit), 4),
        calibrated=model.calibrated,
        audited=None if audit is None else cast("Verdict | None", audit.verdict),
        votes=votes,
        weights={name: round(weight, 4) for name, weight in weights},
    )


def model_report(parts: SignalParts) -> LabelModelReport:
    """What the model is made of, for the votes that this workspace has seen."""
    model = fitted(parts)
    with parts.ledger.read() as conn:
        kinds = signals.kinds_seen(conn)
    return LabelModelReport(
        calibrated=model.calibrated,
        audits=model.audits,
        audits_bad=model.audits_bad,
        needed=model.needed,
        prior=round(model.prior, 4),
        votes=tuple(
            VoteRates(
                vote=name,
                says="bad" if rates.when_bad >= rates.when_good else "good",
                when_bad=round(rates.when_bad, 4),
                when_good=round(rates.when_good, 4),
                audited_bad=rates.audited_bad,
                audited_good=rates.audited_good,
            )
            for name, rates in model.rates.items()
            if VOTES[name].kind in kinds
        ),
    )


def _votes(parts: SignalParts, traces: Sequence[str]) -> dict[str, dict[str, bool]]:
    with parts.ledger.read() as conn:
        kinds = signals.kinds_seen(conn)
        rows = signals.of_traces(conn, traces)
    by_trace: dict[str, list[SignalRow]] = defaultdict(list)
    for row in rows:
        by_trace[row.trace_id].append(row)
    return {name: votes_of(by_trace[name], shown(parts.events.trace(name)), kinds=kinds) for name in traces}


def _audits(parts: SignalParts, traces: Sequence[str]) -> Mapping[str, AuditRow]:
    with parts.ledger.read() as conn:
        return signal_audits.of_traces(conn, traces)


def _final(computed: float, audit: AuditRow | None) -> float:
    if audit is None or audit.verdict is None:
        return computed
    return 1.0 if audit.verdict == "bad" else 0.0
