"""Where the history of a session stands in a prompt: in its variable `history`, or as messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.errors import UsageError
from headrace.infer.prompts.base import Message, Prompt
from headrace.infer.prompts.render import render
from headrace.records.sessions import History

VARIABLE = "history"
MESSAGES = "messages"
QUESTIONS = ("question", "message", "input", "text")
"""Variables that hold what the user said, in the order in which they are looked for."""
_ROLES = ("user", "assistant", "system")


def takes_history(prompt: Prompt) -> bool:
    """Whether a prompt says where history stands in it."""
    return prompt.history == MESSAGES or VARIABLE in prompt.variables


def said(prompt: Prompt, variables: Mapping[str, Any]) -> str | None:
    """What the user said: a variable called so, or the only text among the variables; None for neither."""
    texts = {name: value for name, value in variables.items() if isinstance(value, str) and name != VARIABLE}
    for name in QUESTIONS:
        if texts.get(name, "").strip():
            return texts[name]
    only = [text for text in texts.values() if text.strip()]
    return only[0] if len(only) == 1 else None


def with_history(prompt: Prompt, variables: Mapping[str, Any], history: History) -> dict[str, Any]:
    """Variables of a call with its history among them, so that the call can be made again from them."""
    if not takes_history(prompt) or VARIABLE in variables:
        return dict(variables)
    return {**variables, VARIABLE: [dict(message) for message in history.messages]}


def rendered(
    prompt: Prompt, variables: Mapping[str, Any], history: History | None = None, *, always: bool = False
) -> list[Message]:
    """The messages of a call.

    History goes into the variable `history`, as a list of `role` and `content`, or as text where the prompt
    declares `str`. For `history: messages` it stands before the last message of the user; `always` does so
    for a prompt that says nothing of it.
    """
    given = with_history(prompt, variables, history) if history else dict(variables)
    if VARIABLE in prompt.variables:
        if VARIABLE in given:
            given[VARIABLE] = _shaped(prompt, given[VARIABLE])
        return render(prompt, given)
    turns = _turns(given.pop(VARIABLE)) if prompt.history == MESSAGES and VARIABLE in given else []
    if always and history and not turns:
        turns = _turns(history.messages)
    messages = render(prompt, given)
    last = max((at for at, item in enumerate(messages) if item["role"] == "user"), default=len(messages))
    return [*messages[:last], *turns, *messages[last:]]


def _shaped(prompt: Prompt, given: Any) -> Any:
    if prompt.type_of(VARIABLE).removesuffix("?") != "str" or isinstance(given, str):
        return given
    return "\n\n".join(f"{item['role']}: {item['content']}" for item in given)


def _turns(given: Any) -> list[Message]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise _wrong()
    turns = []
    for item in given:
        if not isinstance(item, Mapping) or item.get("role") not in _ROLES:
            raise _wrong()
        turns.append(Message(role=item["role"], content=str(item.get("content", ""))))
    return turns


def _wrong() -> UsageError:
    roles = ", ".join(_ROLES)
    return UsageError(f"`history` must be a list of messages: `role` (one of {roles}) and `content`.")
