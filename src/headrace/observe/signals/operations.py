"""`workspace.signals`: the operations on signals, one call each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from headrace.errors import UsageError

if TYPE_CHECKING:
    from headrace.ledger.consents import Purpose
    from headrace.observe.signals.judging import PBad
    from headrace.observe.signals.parts import SignalParts
    from headrace.records.signals import (
        AddedSignal,
        Audit,
        AuditList,
        AuditSample,
        ErasedSignals,
        InferredSignals,
        LabelModelReport,
        SignalList,
        TraceVerdict,
        Verdict,
    )

_HOUR_NS = 3_600_000_000_000
_AHEAD_US = 300_000_000
"""Clocks of clients may go ahead by so much."""


class _Asked(TypedDict):
    """What signals are looked for by."""

    trace: str | None
    kind: str | None
    subject: str | None
    since_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalOperations:
    """What can be done with signals."""

    parts: SignalParts

    def add(
        self,
        trace: str,
        kind: str,
        value: Any = None,
        *,
        span: str | None = None,
        user: str | None = None,
        comment: str | None = None,
        id: str | None = None,  # noqa: A002 - the word of the API
        at_us: int | None = None,
    ) -> AddedSignal:
        """Keep what a user said of an answer or did with it; its trace may arrive later.

        The same `id`, or without one the same signal within a minute, is one signal. Texts are redacted
        before they are written, and of `user` only a keyed hash is kept. Raises UsageError for a value that
        does not fit its kind, and for a click on a citation that the answer did not show.
        """
        from headrace.observe.signals.collect import collect
        from headrace.observe.signals.kinds import MAX_TEXT_CHARACTERS, checked, checked_span, checked_trace
        from headrace.observe.signals.rows import Given

        if comment is not None and len(comment) > MAX_TEXT_CHARACTERS:
            raise UsageError(
                f"The comment has {len(comment):,} characters. Allowed: up to {MAX_TEXT_CHARACTERS:,}."
            )
        if at_us is not None and not 0 <= at_us <= time.time_ns() // 1000 + _AHEAD_US:
            raise UsageError(
                f"`at_us` is {at_us}, which is no time before now.",
                hint="Give UTC microseconds since 1970, or leave it out.",
            )
        given = Given(
            trace_id=checked_trace(trace),
            kind=kind,
            value=checked(kind, value),
            span_id=checked_span(span),
            subject=user or None,
            comment=comment or None,
            client_id=id or None,
            at_us=at_us,
        )
        return collect(self.parts, given)

    def list(
        self,
        *,
        trace: str | None = None,
        kind: str | None = None,
        user: str | None = None,
        since_us: int = 0,
        limit: int = 100,
        texts: bool = True,
        purpose: Purpose | None = None,
    ) -> SignalList:
        """Signals, newest first, those of a trace, kind or user; without `texts` nothing that a user wrote.

        With a purpose only those whose user, and the users of their trace, permit it as of now. Raises
        UsageError for a kind, trace id or purpose that cannot be.
        """
        from headrace.ledger import signals
        from headrace.observe.signals.collect import join_pending
        from headrace.observe.signals.kinds import KINDS, checked_trace
        from headrace.observe.signals.permitted import Permitted, find_permitted
        from headrace.observe.signals.rows import signals_of, subject_key
        from headrace.observe.traces.consenting import checked_purpose
        from headrace.records.signals import SignalList

        _positive("limit", limit)
        if kind is not None and kind not in KINDS:
            raise UsageError(f"No kind of signal {kind!r}. Allowed: {', '.join(KINDS)}.")
        join_pending(self.parts)
        subject = None if user is None else subject_key(self.parts, user)
        trace = None if trace is None else checked_trace(trace)
        asked: _Asked = {"trace": trace, "kind": kind, "subject": subject, "since_us": since_us}
        if purpose is not None:
            found = find_permitted(self.parts, checked_purpose(purpose), **asked, limit=limit)
        with self.parts.ledger.read() as conn:
            if purpose is None:
                found = Permitted(signals.find(conn, **asked, limit=limit), 0)
            pending = signals.count_pending(conn)
        return SignalList(signals=signals_of(found.rows, texts=texts), pending=pending, refused=found.refused)

    def infer(self, *, hours: int = 24) -> InferredSignals:
        """Find retries, rephrases, follow-ups and abandonments in the sessions of the last hours.

        Doing it twice is the same as once. Raises UsageError.
        """
        from headrace.observe.signals.infer import infer

        _positive("hours", hours)
        return infer(self.parts, since_ns=time.time_ns() - hours * _HOUR_NS)

    def sample(
        self, n: int = 50, *, days: int = 30, seed: int | None = None, texts: bool = True
    ) -> AuditSample:
        """Draw a random sample of the answers of the last days, silent ones included, for people to judge.

        Raises UsageError where there are none.
        """
        from headrace.observe.signals.audits import sample

        _positive("n", n)
        _positive("days", days)
        now_ns = time.time_ns()
        return sample(
            self.parts,
            n=n,
            since_ns=now_ns - days * 24 * _HOUR_NS,
            until_ns=now_ns,
            seed=seed,
            texts=texts,
        )

    def judge(self, trace: str, verdict: Verdict, *, texts: bool = True) -> Audit:
        """Say whether an answer is `good` or `bad`. Raises NotFoundError, UsageError."""
        from headrace.observe.signals.audits import judge
        from headrace.observe.signals.kinds import checked_trace

        return judge(self.parts, checked_trace(trace), verdict, texts=texts)

    def audits(self, *, limit: int = 100, texts: bool = True) -> AuditList:
        """Drawn and judged traces, those that wait for a verdict first. Raises UsageError."""
        from headrace.observe.signals.audits import listed

        _positive("limit", limit)
        return listed(self.parts, limit=limit, texts=texts)

    def model(self) -> LabelModelReport:
        """What P(bad) is made of: the rates of each kind of signal, and whether audits stand behind them."""
        from headrace.observe.signals.judging import model_report

        return model_report(self.parts)

    def bad(self, trace: str) -> TraceVerdict:
        """P(bad) of a trace, and what speaks for it. Raises NotFoundError, UsageError."""
        from headrace.observe.signals.judging import verdict
        from headrace.observe.signals.kinds import checked_trace

        return verdict(self.parts, checked_trace(trace))

    def p_bad(self, traces: Sequence[str]) -> dict[str, PBad]:
        """P(bad) of many traces and whether it is calibrated, by trace id.

        A trace without signals gets what silence says.
        """
        from headrace.observe.signals.judging import p_bad

        return p_bad(self.parts, traces)

    def erase(self, *, trace: str | None = None, user: str | None = None) -> ErasedSignals:
        """Delete every signal of a trace or of a user, bytes included. Raises UsageError."""
        from headrace.observe.signals.eraser import erase_signals
        from headrace.observe.signals.kinds import checked_trace

        return erase_signals(self.parts, trace=None if trace is None else checked_trace(trace), subject=user)


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise UsageError(f"`{name}` is {value}; it must be 1 or more.")
