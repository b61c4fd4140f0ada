"""Random samples of traces to be judged by people: the ground that the label model stands on."""

from __future__ import annotations

import random
import secrets
import time
from typing import cast

from headrace.errors import NotFoundError, UsageError
from headrace.ledger import signal_audits
from headrace.ledger.signal_audits import AuditRow, DrawRow
from headrace.observe.signals.parts import SignalParts
from headrace.observe.signals.shown import ANSWERING, shown
from headrace.records.signals import Audit, AuditList, AuditSample, Verdict
from headrace.records.times import rfc3339


def sample(
    parts: SignalParts,
    *,
    n: int,
    since_ns: int,
    until_ns: int,
    seed: int | None = None,
    texts: bool = True,
) -> AuditSample:
    """Draw a simple random sample of the traces that ended in a time, whether they have signals or not.

    Raises UsageError where there are none.
    """
    frame = parts.events.answered(ANSWERING, since_ns=since_ns, until_ns=until_ns)
    if not frame:
        raise UsageError(
            "No answers to draw from in this time.",
            hint="Ask something first (`headrace ask`), or look further back with --since.",
        )
    chosen = (random.Random(seed) if seed is not None else random.SystemRandom()).sample(  # noqa: S311 - no secret
        frame, min(n, len(frame))
    )
    made = DrawRow(
        id=f"draw_{secrets.token_hex(8)}",
        since_us=since_ns // 1000,
        until_us=-(-until_ns // 1000),
        frame=len(frame),
        drawn=len(chosen),
        at_us=time.time_ns() // 1000,
        actor=parts.actor,
    )
    rows = [
        AuditRow(name, made.id, made.probability, end_ns // 1000, made.at_us, None, None, None)
        for name, end_ns in chosen
    ]
    parts.ledger.write(lambda tx: signal_audits.draw(tx, made, rows))
    with parts.ledger.read() as conn:
        draws = signal_audits.all_draws(conn)
        kept = signal_audits.of_traces(conn, [row.trace_id for row in rows])
    drawn = [_audit(parts, kept[row.trace_id], draws, texts=texts) for row in rows]
    return AuditSample(frame=made.frame, probability=round(made.probability, 6), drawn=tuple(drawn))


def judge(parts: SignalParts, trace: str, verdict: Verdict, *, texts: bool = True) -> Audit:
    """Say whether the answer of a trace is good or bad; the former word is replaced.

    Of a trace that nobody drew it settles P(bad), and counts in no rate. Raises NotFoundError, UsageError.
    """
    if verdict not in ("good", "bad"):
        raise UsageError(f"No verdict {verdict!r}. Allowed: good, bad.")
    answer = shown(parts.events.trace(trace))
    if answer is None:
        raise NotFoundError("trace", trace, hint="`headrace signal audit list` names those that wait.")
    ended_us = answer.ended_ns // 1000
    row = parts.ledger.write(
        lambda tx: signal_audits.judge(tx, trace, verdict, ended_us=ended_us, actor=parts.actor)
    )
    with parts.ledger.read() as conn:
        draws = signal_audits.all_draws(conn)
    return _audit(parts, row, draws, texts=texts)


def listed(parts: SignalParts, *, limit: int, texts: bool = True) -> AuditList:
    """Audits, those that wait for a verdict first."""
    with parts.ledger.read() as conn:
        rows = signal_audits.list(conn, limit=limit)
        draws = signal_audits.all_draws(conn)
        waiting = signal_audits.waiting(conn)
    return AuditList(waiting=waiting, audits=tuple(_audit(parts, row, draws, texts=texts) for row in rows))


def _audit(parts: SignalParts, row: AuditRow, draws: tuple[DrawRow, ...], *, texts: bool) -> Audit:
    answer = shown(parts.events.trace(row.trace_id)) if texts else None
    probability = None if row.draw is None else signal_audits.inclusion(draws, row.ended_us)
    return Audit(
        trace_id=row.trace_id,
        probability=None if probability is None else round(probability, 6),
        verdict=cast("Verdict | None", row.verdict),
        actor=row.actor,
        at=None if row.judged_at_us is None else rfc3339(row.judged_at_us),
        question=None if answer is None else answer.question,
        answer=None if answer is None else answer.answer,
    )
