"""Traffic for tests: spans as calls leave them, in the event store of a workspace."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.records.call import SpanEvent, SpanRef, new_span_id, new_trace_id
from headrace.workspace import Workspace

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


def asked(
    question: str,
    answer: str = "Ninety days. [1]",
    *,
    ago_ns: int = 60 * SECOND,
    trace: str | None = None,
    session: str | None = None,
    subject: str | None = None,
    grounded: bool = True,
    seconds: float = 1.0,
    document: str = "docs/a.md",
    tokens: int | None = None,
    **facts: Any,
) -> SpanEvent:
    """The span of an answer from documents."""
    end_ns = time.time_ns() - ago_ns
    cited = [{"chunk_id": "chunk_x", "document": document.partition("/")[2]}] if grounded else []
    attributes: dict[str, Any] = {
        "corpus": "docs",
        "question": question,
        "answer": answer,
        "citations": cited,
    }
    if session is not None:
        attributes["session"] = session
    if tokens is not None:
        attributes["gen_ai.usage.input_tokens"] = tokens
    return SpanEvent(
        trace_id=trace or new_trace_id(),
        span_id=new_span_id(),
        name="ask docs",
        kind="ask",
        start_ns=end_ns - int(seconds * SECOND),
        end_ns=end_ns,
        prompt="prompt_a",
        model="tiny",
        session=session,
        subject=subject,
        attributes={**attributes, **facts},
        refs=[SpanRef(role="cited", ref=document)] if grounded else [],
    )


def called(
    question: str,
    output: str | None,
    *,
    ago_ns: int = 60 * SECOND,
    attempts: Sequence[Mapping[str, Any]] = (),
    **facts: Any,
) -> SpanEvent:
    """The span of a call of a model."""
    end_ns = time.time_ns() - ago_ns
    messages = [{"role": "system", "content": "Answer."}, {"role": "user", "content": question}]
    return SpanEvent(
        trace_id=new_trace_id(),
        span_id=new_span_id(),
        name="call facts",
        kind="call",
        start_ns=end_ns - SECOND,
        end_ns=end_ns,
        status="ok" if output is not None else "error",
        prompt="prompt_b",
        model="tiny",
        attributes={"input": messages, "output": output, "attempts": list(attempts), **facts},
    )


def send(workspace: Workspace, *spans: SpanEvent) -> None:
    """Append spans and wait until they are durable."""
    workspace.events.append(spans).result(timeout=60)
