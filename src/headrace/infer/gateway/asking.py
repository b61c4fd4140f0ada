"""The messages of a re-ask: the task, the last bad output, what is wrong with it; and nothing else.

They do not grow from attempt to attempt: earlier attempts and examples are left out, each part is bounded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.infer.gateway.base import CallRequest, Shield
from headrace.infer.schemas.base import Problem
from headrace.infer.upstreams.openai import text_of

MOST_SYSTEM = 16_000
MOST_TASK = 64_000
MOST_OUTPUT = 4_000
MOST_ERRORS = 1_500


def reask(
    request: CallRequest,
    messages: Sequence[Mapping[str, Any]],
    *,
    output: str,
    problems: Sequence[Problem],
    shield: Shield | None,
) -> list[dict[str, Any]]:
    """Messages that ask again; `messages` and `output` are as they went to and came from the model."""
    system = "\n\n".join(text_of(item.get("content")) for item in messages if item.get("role") == "system")
    if request.schema is not None:
        wanted = json.dumps(request.schema.json_schema, ensure_ascii=False, separators=(",", ":"))
        system = f"{bounded(system, MOST_SYSTEM)}\n\nAnswer with JSON that is valid by this schema:\n{wanted}"
    task = next(
        (text_of(item.get("content")) for item in reversed(messages) if item.get("role") == "user"), ""
    )
    listing = "\n".join(f"- {problem.path or '/'}: {problem.message}" for problem in problems)
    if shield is not None:
        listing = shield.hide(listing)  # a message may quote a value that was restored
    kind = "JSON" if request.schema is not None else "answer"
    wrong = (
        f"This output is not valid:\n{bounded(listing, MOST_ERRORS)}\n\n"
        f"Give the corrected {kind} only, whole, without any comment."
    )
    made = [{"role": "system", "content": system.strip()}] if system.strip() else []
    made.append({"role": "user", "content": bounded(task, MOST_TASK)})
    if output.strip():
        made.append({"role": "assistant", "content": bounded(output, MOST_OUTPUT)})
    return [*made, {"role": "user", "content": wrong}]


def bounded(text: str, most: int) -> str:
    """A text of at most so many characters: its start and its end."""
    if len(text) <= most:
        return text
    return f"{text[: most * 2 // 3]}\n…\n{text[-(most // 3) :]}"


def size_of(messages: Sequence[Mapping[str, Any]]) -> int:
    """Bytes of messages as they are sent, about."""
    return len(json.dumps(list(messages), ensure_ascii=False).encode("utf-8", "replace"))
