"""Messages and documents in the shapes that senders use, as the calls of this workspace keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.observe.traces.receiving.jsontext import container, text_of

Message = dict[str, Any]


def messages_of(value: Any, *, role: str = "user") -> list[Message] | None:
    """A list of messages from a text or a list of them, or None for what is none."""
    given = container(value) if isinstance(value, str) else value
    if isinstance(given, dict) and isinstance(given.get("messages"), list):
        given = given["messages"]
    if not isinstance(given, list) or not given or not all(isinstance(item, dict) for item in given):
        return None
    if not any("role" in item or "message" in item or "parts" in item for item in given):
        return None
    return [message for item in given for message in message_of(item, role=role)]


def message_of(item: Mapping[str, Any], *, role: str = "user") -> list[Message]:
    """One message; results of tools inside it become messages of their own."""
    if isinstance(item.get("message"), Mapping):
        item = {**item["message"], **{k: v for k, v in item.items() if k == "finish_reason"}}
    made: Message = {"role": str(item.get("role") or role)}
    results: list[Message] = []
    parts = item.get("parts")
    if isinstance(parts, list):
        results = _of_parts(made, parts)
    else:
        _of_content(made, item)
    for name in ("name", "tool_call_id"):
        if item.get(name):
            made[name] = item[name]
    calls = _calls(item.get("tool_calls"))
    if calls:
        made["tool_calls"] = [*made.get("tool_calls", ()), *calls]
    if results and not made.get("content") and not made.get("tool_calls"):
        return results
    return [made, *results]


def output_of(messages: Sequence[Message]) -> Any:
    """What a model wrote: its text, else its calls of tools."""
    texts = [text_of(message["content"]) for message in messages if message.get("content")]
    if texts:
        return "\n".join(texts)
    return [call for message in messages for call in message.get("tool_calls", ())] or None


def completion_of(value: Any) -> list[Message] | None:
    """The messages of an answer of the OpenAI API."""
    given = container(value) if isinstance(value, str) else value
    if not isinstance(given, dict) or not isinstance(given.get("choices"), list):
        return messages_of([given], role="assistant") if isinstance(given, dict) and "role" in given else None
    found = [choice.get("message") for choice in given["choices"] if isinstance(choice, dict)]
    return [m for item in found if isinstance(item, dict) for m in message_of(item, role="assistant")] or None


def unflatten(attributes: Mapping[str, Any], start: str) -> list[Any]:
    """The list whose items lie in attributes such as `<start>.0.message.role`."""
    root: dict[str, Any] = {}
    below_start = f"{start}."
    begin = len(below_start)
    for name, value in attributes.items():
        if not name.startswith(below_start):
            continue
        at = root
        *path, last = name[begin:].split(".")
        for step in path:
            below = at.get(step)
            if not isinstance(below, dict):
                below = at[step] = {}
            at = below
        at[last] = value
    listed = _listed(root)
    return listed if isinstance(listed, list) else []


def document_of(item: Any, rank: int) -> dict[str, Any]:
    """A retrieved document as a hit of a search."""
    given = item if isinstance(item, dict) else {"content": item}
    if isinstance(given.get("document"), dict):
        given = given["document"]
    metadata = given.get("metadata")
    facts = container(metadata) if isinstance(metadata, str) else metadata
    more = facts if isinstance(facts, dict) else {}
    hit: dict[str, Any] = {"rank": rank, "score": given.get("score")}
    name = given.get("id")
    chunk = given.get("chunk_id") or more.get("chunk_id") or name
    if isinstance(chunk, str) and chunk.startswith("chunk_"):
        hit["chunk_id"] = chunk
    named = (given.get("document"), given.get("document_id"), more.get("document"), more.get("source"), name)
    document = next((value for value in named if value), None)
    if document is not None:
        hit["document"] = text_of(document)
    for key in ("corpus", "revision"):
        value = given.get(key) or more.get(key)
        if value:
            hit[key] = text_of(value)
    content = given.get("content", given.get("text"))
    if content is not None:
        hit["text"] = text_of(content)
    return hit


def _of_parts(made: Message, parts: Sequence[Any]) -> list[Message]:
    texts: list[str] = []
    calls, results, others = [], [], []
    for part in parts:
        if not isinstance(part, Mapping):
            texts.append(text_of(part))
            continue
        kind = part.get("type")
        if kind == "text":
            texts.append(text_of(part.get("content", "")))
        elif kind == "tool_call":
            calls.append(part)
        elif kind == "tool_call_response":
            content = part.get("response", part.get("result", part.get("content", "")))
            results.append({"role": "tool", "tool_call_id": part.get("id"), "content": text_of(content)})
        else:
            others.append(dict(part))
    made["content"] = "\n".join(texts)
    if others:
        made["parts"] = others
    if calls:
        made["tool_calls"] = _calls(calls)
    return results


def _of_content(made: Message, item: Mapping[str, Any]) -> None:
    content = item.get("content", item.get("contents"))
    inside = container(content) if isinstance(content, str) else content
    if isinstance(inside, list) and inside and all(isinstance(part, Mapping) for part in inside):
        pieces = [part.get("message_content", part) for part in inside]
        texts = [piece.get("text", piece.get("content")) for piece in pieces if isinstance(piece, Mapping)]
        if any(isinstance(text, str) for text in texts):
            made["content"] = "\n".join(text for text in texts if isinstance(text, str))
            others = [
                p for p in pieces if isinstance(p, Mapping) and p.get("type") not in ("text", "input_text")
            ]
            if others:
                made["parts"] = [dict(part) for part in others]
            return
    made["content"] = "" if content is None else content if isinstance(content, str) else text_of(content)


def _calls(given: Any) -> list[dict[str, Any]]:
    listed = container(given) if isinstance(given, str) else given
    found = []
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, Mapping):
            continue
        call = item.get("tool_call", item)
        if not isinstance(call, Mapping):
            continue
        function = call.get("function", call)
        if not isinstance(function, Mapping):
            continue
        facts = {"name": function.get("name"), "arguments": text_of(function.get("arguments") or "{}")}
        found.append({"id": call.get("id"), "type": "function", "function": facts})
    return found


def _listed(value: Any) -> Any:
    """Mappings whose keys are positions as lists."""
    if not isinstance(value, dict):
        return value
    if value and "" not in value and "".join(value).isdigit():
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(part) if isinstance(part, dict) else part for key, part in value.items()}
