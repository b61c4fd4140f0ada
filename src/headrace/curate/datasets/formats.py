"""The shapes in which rows go out, from the fields that rows have.

Prompts are `messages` (a list of {role, content}), or `prompt`, `input` or `question`; answers `completion`,
`output` or `answer`, or the last message of `messages` where it is the assistant's; preferences `chosen` and
`rejected`. `system` goes in front.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headrace.curate.datasets.values import to_json

Shape = Callable[[Mapping[str, Any]], dict[str, Any] | None]
"""From the fields of a row to a line; None where the row does not have this shape."""

_PROMPTS = ("prompt", "input", "question")
_ANSWERS = ("completion", "output", "answer")
_ROLES = ("system", "developer", "user", "assistant", "tool")


def sft(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """`{"messages": […]}`: OpenAI's chat format, which TRL reads too."""
    prompt, answer = _prompt(fields), _answer(fields)
    if prompt is None or answer is None:
        return None
    line: dict[str, Any] = {"messages": [*prompt, {"role": "assistant", "content": answer}]}
    if isinstance(fields.get("tools"), list):
        line["tools"] = to_json(fields["tools"])
    return line


def dpo(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """`{"prompt", "chosen", "rejected"}`, each a list of messages."""
    prompt, pair = _prompt(fields), _pair(fields)
    if prompt is None or pair is None:
        return None
    chosen, rejected = pair
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def openai_dpo(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """OpenAI's preference format."""
    line = dpo(fields)
    if line is None:
        return None
    return {
        "input": {"messages": line["prompt"], "tools": [], "parallel_tool_calls": True},
        "preferred_output": line["chosen"],
        "non_preferred_output": line["rejected"],
    }


def few_shot(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """A line of `prompts/few_shot/NAME.jsonl`: `{"input", "output"}` or `{"messages", "output"}`."""
    answer: Any = fields.get("output", _answer(fields))
    if answer is None:
        return None
    if isinstance(fields.get("messages"), list):
        prompt = _prompt(fields)
        plain = prompt and all(item["role"] in ("system", "user", "assistant") for item in prompt)
        return (
            {"messages": [_bare(item) for item in prompt or ()], "output": to_json(answer)} if plain else None
        )
    given = next((fields[name] for name in _PROMPTS if fields.get(name) is not None), None)
    return None if given is None else {"input": to_json(given), "output": to_json(answer)}


SHAPES: Mapping[str, Shape] = {"sft": sft, "dpo": dpo, "openai-dpo": openai_dpo, "few-shot": few_shot}


def _prompt(fields: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    messages = fields.get("messages")
    if messages is not None:
        if not _are_messages(messages):
            return None
        answered = "completion" in fields or "output" in fields or "chosen" in fields
        given = list(messages)
        if not answered and given[-1]["role"] == "assistant":
            given = given[:-1]
        return [to_json(dict(item)) for item in given] or None
    if _are_messages(fields.get("prompt")):
        return [to_json(dict(item)) for item in fields["prompt"]]
    text = next((fields[name] for name in _PROMPTS if isinstance(fields.get(name), str)), None)
    if not text:
        return None
    system = fields.get("system")
    first = [{"role": "system", "content": system}] if isinstance(system, str) and system else []
    return [*first, {"role": "user", "content": text}]


def _answer(fields: Mapping[str, Any]) -> str | None:
    for name in _ANSWERS:
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value
    messages = fields.get("messages")
    if _are_messages(messages) and messages[-1]["role"] == "assistant":  # type: ignore[index]  # a list of maps
        content = messages[-1].get("content")  # type: ignore[index]
        return content if isinstance(content, str) and content else None
    return None


def _pair(fields: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]] | None:
    sides = []
    for name in ("chosen", "rejected"):
        value: Any = fields.get(name)
        if isinstance(value, str) and value:
            sides.append([{"role": "assistant", "content": value}])
        elif _are_messages(value):
            sides.append([to_json(dict(item)) for item in value])
        else:
            return None
    return None if sides[0] == sides[1] else (sides[0], sides[1])


def _are_messages(given: Any) -> bool:
    return (
        isinstance(given, Sequence)
        and not isinstance(given, str | bytes)
        and bool(given)
        and all(
            isinstance(item, Mapping) and item.get("role") in _ROLES and "content" in item for item in given
        )
    )


def _bare(message: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": message["role"], "content": message["content"]}
