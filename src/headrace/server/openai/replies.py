"""Outcomes of calls as OpenAI writes them, whole and in chunks."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.infer.gateway.outcome import Answer, CallOutcome, Delta, Usage


def completion(outcome: CallOutcome, *, model: str) -> dict[str, Any]:
    """A `chat.completion`."""
    return {
        "id": f"chatcmpl-{outcome.trace_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": outcome.model or model,
        "choices": [_choice(answer, place) for place, answer in enumerate(outcome.choices)],
        "usage": usage(outcome.usage),
        "system_fingerprint": outcome.release,
    }


def refusal(outcome: CallOutcome, said: str, *, model: str) -> dict[str, Any]:
    """A `chat.completion` whose message is what the model said instead of an output."""
    body = completion(outcome, model=model)
    message = {"role": "assistant", "content": None, "refusal": said}
    body["choices"] = [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}]
    return body


def usage(used: Usage) -> dict[str, int]:
    """Tokens of all attempts together."""
    return {
        "prompt_tokens": used.input_tokens,
        "completion_tokens": used.output_tokens,
        "total_tokens": used.input_tokens + used.output_tokens,
    }


class Chunks:
    """Writes the deltas of one stream as server-sent events."""

    def __init__(self, trace_id: str, *, model: str) -> None:
        self._head = {
            "id": f"chatcmpl-{trace_id}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._begun: set[int] = set()
        self._ended: set[int] = set()

    def of(self, delta: Delta) -> bytes:
        """The events of a delta; its finish reason comes in a chunk of its own."""
        parts: list[bytes] = []
        if delta.text or delta.tool_calls:
            parts.append(self._chunk(delta.index, self._content(delta)))
        reason = delta.finish_reason
        if reason is not None and delta.index not in self._ended:
            self._ended.add(delta.index)
            parts.append(self._chunk(delta.index, self._role(delta.index), reason))
        return b"".join(parts)

    def usage(self, used: Usage) -> bytes:
        """The last chunk, without choices."""
        return event({**self._head, "choices": [], "usage": usage(used)})

    def _content(self, delta: Delta) -> dict[str, Any]:
        content = self._role(delta.index)
        if delta.text:
            content["content"] = delta.text
        if delta.tool_calls:
            content["tool_calls"] = [dict(call) for call in delta.tool_calls]
        return content

    def _role(self, index: int) -> dict[str, Any]:
        if index in self._begun:
            return {}
        self._begun.add(index)
        return {"role": "assistant"}

    def _chunk(self, index: int, content: Mapping[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": index, "delta": content, "finish_reason": reason, "logprobs": None}
        return event({**self._head, "choices": [choice]})


def event(body: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return b"data: " + data.encode("utf-8", "replace") + b"\n\n"


DONE = b"data: [DONE]\n\n"


def _choice(answer: Answer, place: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": answer.refusal}
    if answer.tool_calls:
        message["tool_calls"] = _plain(answer.tool_calls)
    elif answer.text == "" and not answer.refusal:
        message["content"] = ""
    return {"index": place, "message": message, "finish_reason": answer.finish_reason, "logprobs": None}


def _plain(calls: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in call.items() if key != "index"} for call in calls]
