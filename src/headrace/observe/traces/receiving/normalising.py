"""What a sender says of a span, in whichever convention, as one span of ours: a pure function."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.observe.traces.receiving import names
from headrace.observe.traces.receiving.jsontext import container, text_of
from headrace.observe.traces.receiving.latecomers import details_of, evaluations_of
from headrace.observe.traces.receiving.messages import (
    completion_of,
    document_of,
    messages_of,
    output_of,
    unflatten,
)
from headrace.observe.traces.receiving.pricing import cost_micro
from headrace.privacy.spans import CleanAttributes
from headrace.records.call import SpanEvent, SpanRef, SpanStatus

OTLP = "otlp"
"""Attribute with everything as it was sent."""
_CHUNK = re.compile(r"chunk_[a-z2-7]{26}")
_STATUS: Sequence[SpanStatus] = ("unset", "ok", "error")
_MOST_NS = 9_223_372_036_854_775_807

Facts = Mapping[str, Any]


def span_of(trace_id: str, span_id: str, otlp: Mapping[str, Any]) -> SpanEvent:
    """The span that what was sent of it makes, which must be redacted.

    A log record whose span has not come makes one of its own.
    """
    sent = otlp.get("span")
    logs = otlp.get("logs", ())
    body: Facts = sent if sent is not None else _of_logs(logs)
    resource: Facts = otlp.get("resource") or next(
        (log["resource"] for log in logs if log.get("resource")), {}
    )
    details = details_of(logs)
    given: Facts = body.get("attributes", {})
    if details or "attributes" in resource:
        given = {**_wanted(resource.get("attributes", {})), **given, **details}
    kind = _kind(given, body) if sent is not None or details else "log"
    facts, refs = _facts(given, kind)
    if evaluations := evaluations_of(logs):
        facts["evaluations"] = evaluations
    session = _text(given, names.SESSIONS)
    if session:
        facts["session"] = session
    start, end = int(body.get("start", 0)), int(body.get("end", 0))
    code, message = (body.get("status") or (0, ""))[:2]
    status = _STATUS[code] if 0 <= code < len(_STATUS) else "unset"
    return SpanEvent(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=body.get("parent"),
        name=body.get("name") or kind,
        kind=kind,
        start_ns=start,
        end_ns=min(max(start, end), _MOST_NS),
        status=status,
        error=_error(given, body, message) if status == "error" else None,
        release=_text(given, ("headrace.release",)),
        generation=_text(given, ("headrace.generation",)),
        model=_text(given, names.MODELS),
        prompt=_text(given, ("headrace.prompt",)),
        session=session,
        subject=_text(given, names.USERS),
        service=_service(resource),
        input_tokens=facts.get("gen_ai.usage.input_tokens"),
        output_tokens=facts.get("gen_ai.usage.output_tokens"),
        cost_micro=facts.get("cost_micro"),
        currency=facts.get("currency"),
        attributes=CleanAttributes({**facts, **_marks(otlp), OTLP: otlp}),
        refs=tuple(refs),
    )


def _of_logs(logs: Sequence[Facts]) -> Facts:
    """A span in the place of one that has not come: at the time of its first log record."""
    times = [log["time"] for log in logs if log.get("time")] or [0]
    return {"name": logs[0].get("event", "log") if logs else "log", "start": min(times), "end": max(times)}


def _marks(otlp: Facts) -> dict[str, Any]:
    privacy = otlp.get("privacy", {})
    marks: dict[str, Any] = {"privacy.protected": privacy.get("mode", "off") != "off"}
    if marks["privacy.protected"]:
        marks["privacy.engine"] = privacy.get("engine")
        if privacy.get("unprotected"):
            marks["privacy.unprotected"] = privacy["unprotected"]
    counts: dict[str, int] = dict(privacy.get("redacted", {}))
    for log in otlp.get("logs", ()):
        for kind, number in log.get("redacted", {}).items():
            counts[kind] = counts.get(kind, 0) + number
    if counts:
        marks["privacy.redacted"] = dict(sorted(counts.items()))
    return marks


_OF_RESOURCE = frozenset({*names.USERS, *names.SESSIONS, names.CONSENT, "headrace.release"})


def _wanted(attributes: Facts) -> dict[str, Any]:
    return {name: attributes[name] for name in _OF_RESOURCE.intersection(attributes)}


def _service(resource: Facts) -> str | None:
    name = resource.get("attributes", {}).get("service.name")
    if not isinstance(name, str) or not name or name.startswith("unknown_service"):
        return None
    return name


def _kind(given: Facts, body: Facts) -> str:
    own = given.get("headrace.kind")
    if isinstance(own, str) and own:
        return own
    for name in names.OPERATION_NAMES:
        found = names.OPERATIONS.get(str(given[name])) if name in given else None
        if found:
            return found
    for name in names.KIND_NAMES:
        if name in given:
            found = names.KINDS.get(str(given[name]).upper())
            if found:
                return found
    if not given.keys().isdisjoint((*names.KIND_NAMES, *names.OPERATION_NAMES)):
        return "span"
    if not given.keys().isdisjoint(("gen_ai.request.model", "gen_ai.system", "llm.model_name")):
        return "call"
    if names.DOCUMENTS in given or any(name.startswith("retrieval.documents.") for name in given):
        return "search"
    return "span"


def _error(given: Facts, body: Facts, message: str) -> str:
    if message:
        return message
    for event in reversed(body.get("events", ())):
        facts = event.get("attributes", {})
        if event.get("name") == "exception" and facts.get("exception.type"):
            return f"{facts['exception.type']}: {facts.get('exception.message', '')}".rstrip(": ")
    return text_of(given.get("error.type") or "error")


def _facts(given: Facts, kind: str) -> tuple[dict[str, Any], list[SpanRef]]:
    facts: dict[str, Any] = {}
    _set(facts, "gen_ai.operation.name", given.get("gen_ai.operation.name"))
    _set(facts, "gen_ai.request.model", _text(given, names.ASKED_MODELS))
    _set(facts, "gen_ai.response.model", _text(given, ("gen_ai.response.model", "llm.response.model")))
    _set(facts, "gen_ai.provider.name", _text(given, names.PROVIDERS))
    indexed = _indexed(given)
    _contents(facts, given, kind, indexed=indexed)
    _usage(facts, given)
    reasons = _finish(given, indexed=indexed)
    _set(facts, "gen_ai.response.finish_reasons", reasons)
    _set(facts, "parameters", _parameters(given))
    _set(facts, "prompt", _prompt(given))
    if kind == "tool":
        _set(facts, "tool", _text(given, ("gen_ai.tool.name", "tool.name")))
    refs: list[SpanRef] = []
    if kind in ("search", "rerank", "call", "ask"):
        refs = _retrieved(facts, given, kind, indexed=indexed)
    return facts, refs


def _indexed(given: Facts) -> frozenset[str]:
    """What lies in attributes whose names hold a position, such as `llm.input_messages`."""
    starts = names.INDEXED
    return frozenset([".".join(name.split(".", 2)[:2]) for name in given if name.startswith(starts)])


def _contents(facts: dict[str, Any], given: Facts, kind: str, *, indexed: frozenset[str]) -> None:
    asked = _messages(given, names.INPUT_MESSAGES, names.INDEXED_INPUT, indexed=indexed)
    wrote = _messages(given, names.OUTPUT_MESSAGES, names.INDEXED_OUTPUT, indexed=indexed, role="assistant")
    system = given.get(names.SYSTEM)
    if system is not None:
        parts = container(system) if isinstance(system, str) else system
        told = messages_of([{"role": "system", "parts": parts if isinstance(parts, list) else [system]}])
        asked = [*(told or ()), *(asked or ())]
    first = _first(given, names.INPUTS)
    last = _first(given, names.OUTPUTS)
    if kind == "call":
        asked = asked or messages_of(first)
        wrote = wrote or completion_of(last) or messages_of(last, role="assistant")
    _set(facts, "input", asked or _opened(first))
    _set(facts, "output", output_of(wrote) if wrote else _opened(last))
    definitions = given.get("gen_ai.tool.definitions")
    tools = container(definitions) if isinstance(definitions, str) else definitions
    if isinstance(tools, list):
        _set(facts, "tools", [_tool(tool) for tool in tools if isinstance(tool, Mapping)])


def _tool(tool: Facts) -> Any:
    function = tool.get("function", tool)
    return function.get("name") if isinstance(function, Mapping) else None


def _messages(
    given: Facts, whole: Sequence[str], starts: Sequence[str], *, indexed: frozenset[str], role: str = "user"
) -> list[dict[str, Any]] | None:
    for name in whole:
        if name in given and (found := messages_of(given[name], role=role)):
            return found
    for start in indexed.intersection(starts):
        items = unflatten(given, start)
        if items and (found := messages_of(items, role=role)):
            return found
        texts = [item["content"] for item in items if isinstance(item, Mapping) and "content" in item]
        if texts:
            return [{"role": role, "content": text_of(text)} for text in texts]
    return None


_OF_USAGE = frozenset(
    {
        *names.INPUT_TOKENS,
        *names.OUTPUT_TOKENS,
        *names.CACHED_TOKENS,
        *names.COSTS,
        names.USAGE_DETAILS,
        names.COST_DETAILS,
        "headrace.cost_micro",
    }
)


def _usage(facts: dict[str, Any], given: Facts) -> None:
    if given.keys().isdisjoint(_OF_USAGE):
        return
    details = given.get(names.USAGE_DETAILS)
    usage = container(details) if isinstance(details, str) else details
    usage = usage if isinstance(usage, Mapping) else {}
    asked = _count(_first(given, names.INPUT_TOKENS), usage.get("input"))
    wrote = _count(_first(given, names.OUTPUT_TOKENS), usage.get("output"))
    _set(facts, "gen_ai.usage.input_tokens", asked)
    _set(facts, "gen_ai.usage.output_tokens", wrote)
    cached = _count(_first(given, names.CACHED_TOKENS), usage.get("input_cached_tokens"))
    own = _count(given.get("headrace.cost_micro"))
    if own is not None:
        facts |= {"cost_micro": own, "currency": str(given.get("headrace.currency") or "USD")}
        return
    sent = _sent_cost(given)
    if sent is not None:
        facts |= {"cost_micro": round(sent * 1_000_000), "currency": "USD"}
        return
    model = _text(given, names.MODELS)
    if model is None or asked is None:
        return
    found = cost_micro(
        model, _text(given, names.PROVIDERS), tokens=(asked, wrote or 0), cached=min(cached or 0, asked)
    )
    if found is not None:
        facts |= {"cost_micro": found[0], "currency": "USD", "prices": found[1]}


def _sent_cost(given: Facts) -> float | None:
    details = given.get(names.COST_DETAILS)
    costs = container(details) if isinstance(details, str) else details
    if isinstance(costs, Mapping):
        numbers = {k: v for k, v in costs.items() if isinstance(v, int | float) and not isinstance(v, bool)}
        if numbers:
            return float(numbers.get("total", sum(numbers.values())))
    value = _first(given, names.COSTS)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _finish(given: Facts, *, indexed: frozenset[str]) -> list[str] | None:
    if not indexed and given.keys().isdisjoint((*names.FINISH, names.OUTPUT_MESSAGES[0])):
        return None
    value = _first(given, names.FINISH)
    if value is not None:
        listed = container(value) if isinstance(value, str) else value
        items = listed if isinstance(listed, list) else [value]
        return [text_of(item) for item in items if item] or None
    whole = given.get(names.OUTPUT_MESSAGES[0])
    messages = container(whole) if isinstance(whole, str) else whole
    items = messages if isinstance(messages, list) else []
    for start in indexed.intersection(names.INDEXED_OUTPUT):
        items = [*items, *unflatten(given, start)]
    found = [
        text_of(item["finish_reason"])
        for item in items
        if isinstance(item, Mapping) and item.get("finish_reason")
    ]
    return found or None


_OF_PARAMETERS = frozenset({*names.PARAMETERS, *names.PARAMETER_TEXTS})


def _parameters(given: Facts) -> dict[str, Any] | None:
    if given.keys().isdisjoint(_OF_PARAMETERS):
        return None
    found: dict[str, Any] = {}
    for name in names.PARAMETER_TEXTS:
        value = given.get(name)
        inside = container(value) if isinstance(value, str) else value
        if isinstance(inside, Mapping):
            found |= {str(key): part for key, part in inside.items() if key not in ("model", "messages")}
    found |= {short: given[name] for name, short in names.PARAMETERS.items() if given.get(name) is not None}
    return found or None


def _prompt(given: Facts) -> dict[str, Any] | None:
    name = _text(given, names.PROMPT_NAMES)
    if name is None:
        return None
    version = _first(given, names.PROMPT_VERSIONS)
    return {"name": name} | ({} if version is None else {"version": text_of(version)})


def _retrieved(facts: dict[str, Any], given: Facts, kind: str, *, indexed: frozenset[str]) -> list[SpanRef]:
    whole = given.get(names.DOCUMENTS)
    listed = container(whole) if isinstance(whole, str) else whole
    items = listed if isinstance(listed, list) else []
    for start in names.INDEXED_DOCUMENTS:
        if not items and start in indexed:
            items = unflatten(given, start)
    if not items and kind == "call":
        return []
    hits = [document_of(item, rank) for rank, item in enumerate(items, 1)]
    _set(facts, "hits" if kind != "call" else "retrieved", hits)
    if kind in ("search", "rerank"):
        query = _first(given, names.QUERIES)
        _set(facts, "query", text_of(query) if query is not None else _query(facts.get("input")))
        _set(facts, "k", _count(_first(given, names.TOP_K)))
    found: dict[str, None] = {}
    for hit in hits:
        if _CHUNK.fullmatch(hit.get("chunk_id", "")):
            found[hit["chunk_id"]] = None
        if "corpus" in hit and "document" in hit:
            found[f"{hit['corpus']}/{hit['document']}"] = None
    return [SpanRef(role="retrieved", ref=name) for name in found]


def _query(value: Any) -> str | None:
    if isinstance(value, list) and value and isinstance(value[-1], Mapping):
        return text_of(value[-1].get("content") or "") or None
    return value if isinstance(value, str) else None


def _opened(value: Any) -> Any:
    if isinstance(value, str):
        inside = container(value)
        return value if inside is None else inside
    return value


def _first(given: Facts, wanted: Sequence[str]) -> Any:
    if given.keys().isdisjoint(wanted):
        return None
    for name in wanted:
        value = given.get(name)
        if value is not None and value != "":
            return value
    return None


def _text(given: Facts, wanted: Sequence[str]) -> str | None:
    value = _first(given, wanted)
    return None if value is None else text_of(value)


def _count(*values: Any) -> int | None:
    for value in values:
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53:
            return int(value)
    return None


def _set(facts: dict[str, Any], name: str, value: Any) -> None:
    if value is not None and value != [] and value != "":
        facts[name] = value
