"""A call as a span: what was asked, every attempt, what came back, what it cost."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from headrace.infer.gateway.base import CachedOutput, CallRequest, Retrieved, Shield
from headrace.infer.gateway.ladder import Climb
from headrace.infer.gateway.outcome import Attempt, Usage
from headrace.ledger.call_letters import LetterRow
from headrace.records.call import SpanEvent, SpanRef, SpanStatus, new_span_id, new_trace_id

KIND = "call"


@dataclass(slots=True, kw_only=True)
class Begun:
    """A call that has begun: its ids, its times, and what is found out on its way."""

    request: CallRequest
    trace_id: str
    span_id: str = field(default_factory=new_span_id)
    start_ns: int = field(default_factory=time.time_ns)
    sent: Sequence[Mapping[str, Any]] = ()
    variables: Mapping[str, Any] | None = None
    """What its prompt was rendered from, as it may be kept; None where it may not, or there is no prompt."""
    shield: Shield | None = None
    climb: Climb | None = None
    cached: CachedOutput | None = None
    record: str | None = None
    letter: str | None = None
    changed_model: Mapping[str, str] | None = None
    replays: LetterRow | None = None
    """The dead letter that this call is to resolve."""
    measures: str | None = None
    """The call whose cached output this one is held against."""
    streamed: str = ""
    """What was passed on of a stream that broke off."""
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds by stage: prepare, model, record."""
    subject: str | None = None
    """Keyed hash of the user."""
    observed: bool = False
    """Whether observers wait for its end."""

    @property
    def attempts(self) -> Sequence[Attempt]:
        """What was tried so far."""
        return self.climb.attempts if self.climb else ()


def begin(
    request: CallRequest,
    *,
    replays: LetterRow | None = None,
    measures: str | None = None,
    subject: str | None = None,
) -> Begun:
    """Give a call its ids."""
    trace_id = request.trace_id or new_trace_id()
    return Begun(request=request, trace_id=trace_id, replays=replays, measures=measures, subject=subject)


def usage_of(attempts: Sequence[Attempt]) -> Usage:
    """What attempts used together."""
    costs = [attempt.cost_micro for attempt in attempts if attempt.cost_micro is not None]
    return Usage(
        input_tokens=sum(attempt.input_tokens or 0 for attempt in attempts),
        output_tokens=sum(attempt.output_tokens or 0 for attempt in attempts),
        cost_micro=sum(costs) if costs else None,
        currency=next((attempt.currency for attempt in attempts if attempt.currency), None),
    )


def span_of(begun: Begun, *, status: SpanStatus, error: str | None = None) -> SpanEvent:
    """The span of a call that is over, however it ended."""
    request, last = begun.request, begun.attempts[-1] if begun.attempts else None
    asked = request.prompt.name if request.prompt else request.model
    usage = usage_of(begun.attempts)
    return SpanEvent(
        trace_id=begun.trace_id,
        span_id=begun.span_id,
        parent_span_id=request.parent_span_id,
        name=f"call {asked}",
        kind=KIND,
        start_ns=begun.start_ns,
        end_ns=time.time_ns(),
        status=status,
        error=error,
        release=request.release,
        model=last.model if last else None,
        prompt=request.prompt.digest if request.prompt else None,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_micro=usage.cost_micro,
        currency=usage.currency,
        attributes=_attributes(begun, last, usage),
        session=request.session,
        subject=begun.subject,
        refs=_refs(request.retrieved),
    )


def attempt_facts(attempt: Attempt) -> dict[str, Any]:
    """An attempt as the span and the dead letter keep it; what says nothing is left out."""
    facts: dict[str, Any] = {
        "kind": attempt.kind,
        "model": attempt.model,
        "asked": attempt.asked,
        "valid": attempt.valid,
        "errors": [{"path": problem.path, "message": problem.message} for problem in attempt.errors],
        "repair": attempt.repair,
        "raw_output": attempt.raw_output,
        "finish_reason": attempt.finish_reason,
        "input_tokens": attempt.input_tokens,
        "output_tokens": attempt.output_tokens,
        "cost_micro": attempt.cost_micro,
        "ms": attempt.ms,
        "request_bytes": attempt.request_bytes,
    }
    rest = {
        "tool_calls": [dict(call) for call in attempt.tool_calls],
        "refusal": attempt.refusal,
        "error": attempt.error,
        "status": attempt.status,
        "currency": attempt.currency,
        "prices": attempt.prices,
        "retries": attempt.retries,
        "hedged": attempt.hedged,
        "fields": dict(attempt.fields),
    }
    return facts | {name: value for name, value in rest.items() if value}


def _attributes(begun: Begun, last: Attempt | None, usage: Usage) -> dict[str, Any]:
    request, climb = begun.request, begun.climb
    facts: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": request.model,
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "input": list(begun.sent),
        "output": _output(begun),
        "attempts": [attempt_facts(attempt) for attempt in begun.attempts],
        "schema": _schema(request),
    }
    if begun.variables is not None:
        facts["variables"] = dict(begun.variables)
    optional: dict[str, Any] = {
        "gen_ai.response.model": last.model if last else None,
        "gen_ai.response.finish_reasons": [last.finish_reason] if last and last.finish_reason else None,
        "parameters": dict(request.parameters),
        "prompt": _prompt(request),
        "tools": [tool.get("function", {}).get("name") for tool in request.tools],
        "retrieved": [_place(item) for item in request.retrieved],
        "access": list(request.access),
        "session": request.session,
        "history": dict(request.conversation.facts()) if request.conversation else None,
        "profile": dict(request.profile) if request.profile else None,
        "features": [asdict(feature) for feature in request.features],
        "skew": list(request.skew),
        "measures": begun.measures,
        "key": request.caller.id if request.caller else None,
        "record": begun.record,
        "dead_letter": begun.letter,
        "replays": begun.replays.id if begun.replays else None,
        "reason": climb.reason if climb else None,
        "cached": {"kind": begun.cached.kind, "trace_id": begun.cached.trace_id} if begun.cached else None,
        "cost_micro": usage.cost_micro,
        "currency": usage.currency,
        "warnings": list(climb.warnings) if climb else None,
        "model_changed": begun.changed_model,
        "vault": dict(begun.shield.facts()) if begun.shield else None,
        "vault.unprotected": list(begun.shield.unprotected) if begun.shield else None,
    }
    return facts | {name: value for name, value in optional.items() if value}


def _output(begun: Begun) -> Any:
    """What the model wrote, as it left the model: with tokens where the vault stood between."""
    if begun.streamed:
        return begun.streamed
    written = [attempt for attempt in begun.attempts if attempt.valid]
    if not written:
        return None
    return written[-1].raw_output or [dict(call) for call in written[-1].tool_calls]


def _schema(request: CallRequest) -> dict[str, Any] | None:
    schema = request.schema
    if schema is None:
        return None
    return {"name": schema.name, "version": schema.version, "digest": schema.digest}


def _prompt(request: CallRequest) -> dict[str, Any] | None:
    prompt = request.prompt
    if prompt is None:
        return None
    return {"name": prompt.name, "digest": prompt.digest, "label": prompt.label}


def _place(item: Retrieved) -> dict[str, str]:
    return {
        "corpus": item.corpus,
        "document": item.document,
        "revision": item.revision,
        "chunk_id": item.chunk_id,
    }


def _refs(retrieved: Sequence[Retrieved]) -> list[SpanRef]:
    names = dict.fromkeys(
        name for item in retrieved for name in (item.chunk_id, f"{item.corpus}/{item.document}")
    )
    return [SpanRef(role="retrieved", ref=name) for name in names]
