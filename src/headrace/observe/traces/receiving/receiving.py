"""From the bytes of a request to spans that are durable: decode, check, redact, normalise, write."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.errors import UsageError
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest_bytes
from headrace.observe.traces.receiving import jsonform, protobuf
from headrace.observe.traces.receiving.arrived import Arrived, Problem, Signal, check_log, check_span
from headrace.observe.traces.receiving.consent import decide, said_in
from headrace.observe.traces.receiving.joining import identity, of_log, of_span
from headrace.observe.traces.receiving.latecomers import Feedback, event_name, feedback_of
from headrace.observe.traces.receiving.names import EVENTS
from headrace.observe.traces.receiving.normalising import span_of
from headrace.privacy.engine import VERSION
from headrace.records.receiving import Receipt

if TYPE_CHECKING:
    from headrace.ledger.ledger import Ledger
    from headrace.observe.traces.receiving.quarantine import Quarantine
    from headrace.observe.traces.receiving.redacting import Redactor
    from headrace.observe.traces.receiving.storing import Storing
    from headrace.records.call import SpanEvent

BEFORE_ANSWER = declare("receiving.before_answer")
_SHOWN = 3

Tell = Callable[[Feedback], None]
"""Keeps what a user said as a signal. Raises UsageError for what no signal can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Takes in what senders post. Safe to share between threads."""

    ledger: Ledger
    redactor: Redactor
    storing: Storing
    quarantine: Quarantine
    tell: Tell

    def receive(self, data: bytes, signal: Signal, *, as_json: bool) -> Receipt:
        """Keep what a request says; what is counted as kept is durable when this returns.

        Raises UsageError for a body that is no such request, StorageError where nothing can be written.
        """
        try:
            items = (jsonform if as_json else protobuf).decode(data, signal)
        except ValueError as error:
            kind = "JSON" if as_json else "protobuf"
            raise UsageError(
                f"The body is no OTLP {signal} request in {kind}: {error}.",
                hint="Send what an OTLP exporter sends, with the content type that it has.",
            ) from error
        return self.take(items, signal)

    def take(self, items: Sequence[Arrived], signal: Signal) -> Receipt:
        """Keep decoded items, as `receive`."""
        check, now_ns = (check_span if signal == "traces" else check_log), time.time_ns()
        ignored = 0
        if signal == "logs":
            every, items = items, [i for i in items if i.problem or event_name(i.body) in EVENTS]
            ignored = len(every) - len(items)
        for item in items:
            item.problem = check(item, now_ns)
        self.redactor(items)
        spans = self._spans(items, signal)
        self.storing.write(spans)
        bad = [item for item in items if item.problem is not None]
        self.quarantine.keep(bad, signal)
        signals, problems = self._told(items) if signal == "logs" else (0, [])
        said, wrong = said_in(spans)
        decide(self.ledger, said)
        fire(BEFORE_ANSWER)
        kept = len(items) - len(bad)
        return Receipt(
            spans=kept if signal == "traces" else 0,
            logs=kept if signal == "logs" else 0,
            signals=signals,
            quarantined=len(bad),
            ignored=ignored,
            message=_message(bad, ignored, [*problems, *wrong]),
        )

    def _spans(self, items: Sequence[Arrived], signal: Signal) -> list[SpanEvent]:
        of = of_span if signal == "traces" else of_log
        privacy = self._privacy()
        spans = []
        for item in items:
            if item.problem is not None:
                continue
            try:
                spans.append(span_of(item.trace_id, item.span_id, of(item, privacy)))
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                item.problem = Problem(
                    "not_understood", f"No span could be made of it: {type(error).__name__}."
                )
        return spans

    def _privacy(self) -> Mapping[str, Any]:
        mode = self.redactor.mode
        if mode == "off":
            return {"mode": mode}
        made: dict[str, Any] = {"mode": mode, "engine": VERSION}
        if unprotected := self.redactor.unprotected:
            made["unprotected"] = list(unprotected)
        return made

    def _told(self, items: Sequence[Arrived]) -> tuple[int, list[str]]:
        told, problems = 0, []
        for item in items:
            if item.problem is not None:
                continue
            name = digest_bytes("otlp", identity({**item.body, "of": [item.trace_id, item.span_id]}))
            feedback = feedback_of(item.trace_id, item.span_id, item.body, identity=name)
            if feedback is None:
                continue
            try:
                self.tell(feedback)
            except UsageError as error:
                problems.append(f"no signal was made of an evaluation: {error.message}")
            else:
                told += 1
        return told, problems


def _message(bad: Sequence[Arrived], ignored: int, problems: Sequence[str]) -> str:
    parts = []
    reasons = Counter(item.problem.reason for item in bad if item.problem)
    if reasons:
        shown = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
        detail = next(item.problem.detail for item in bad if item.problem)
        parts.append(f"kept out: {shown} ({detail}) See `headrace trace quarantine list`")
    if ignored:
        parts.append(f"{ignored} log records say nothing of calls and were not kept")
    return "; ".join([*parts, *problems[:_SHOWN]])
