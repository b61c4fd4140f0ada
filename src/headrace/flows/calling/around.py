"""What stands around a call: its user, session and entity, and what they bring to its prompt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from headrace.flows.prompts.filling import Filled, Filler
from headrace.flows.sessions.placing import VARIABLE, said, takes_history
from headrace.observe.sessions.log import checked_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from headrace.flows.sessions.counting import Counters
    from headrace.flows.sessions.parts import TalkParts
    from headrace.infer.gateway.base import CallRequest
    from headrace.infer.prompts.base import Prompt
    from headrace.records.keys import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Whose call it is."""

    session: str | None = None
    user: str | None = None
    entity: Mapping[str, Any] = field(default_factory=dict)
    """Key column to key, for the features of the prompt."""
    access: Sequence[str] = ()
    caller: Caller | None = None

    def __post_init__(self) -> None:
        """Raises UsageError for an id that no session can have: it is written on every call as it is."""
        if self.session is not None:
            checked_id(self.session)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallParts:
    """What fills calls; the workspace puts it together."""

    talks: TalkParts
    store: Callable[[Mapping[str, Any], str | None], Filler]
    """From an entity and a user to what fills features and profile."""
    counters: Counters
    """How the tokens of a history are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFiller:
    """Fills features, profile and history of a call."""

    parts: CallParts
    around: Around

    def __call__(self, prompt: Prompt, given: Mapping[str, Any]) -> Filled:
        """Fill them; a history that the caller gave stands, and nothing is added to the session then."""
        from headrace.flows.sessions.conversation import Talk, converse
        from headrace.records.sessions import History

        around = self.around
        filled = self.parts.store(around.entity, around.user)(prompt, given)
        if VARIABLE in given or not takes_history(prompt):
            return filled
        if around.session is None:
            return replace(filled, history=History())
        conversation = converse(
            self.parts.talks,
            around.session,
            user=around.user,
            access=around.access,
            caller=around.caller,
        )
        words = said(prompt, given)
        history = conversation.history(words or "", count=self.parts.counters(prompt))
        kept = words if words is not None else json.dumps(dict(given), ensure_ascii=False, default=str)
        talk = Talk(conversation=conversation, said=kept, given=history)
        return replace(filled, history=history, talk=talk)


def in_session(parts: TalkParts, request: CallRequest, around: Around) -> CallRequest:
    """A call whose messages come from outside, with the history before the last message of the user."""
    from headrace.flows.sessions.conversation import Talk, converse
    from headrace.infer.upstreams.openai import text_of

    assert around.session is not None
    conversation = converse(
        parts, around.session, user=around.user, access=around.access, caller=around.caller
    )
    roles = [message.get("role") for message in request.messages]
    last = len(roles) - 1 - roles[::-1].index("user") if "user" in roles else len(roles)
    words = text_of(request.messages[last].get("content")) if last < len(roles) else ""
    history = conversation.history(words)
    messages = [*request.messages[:last], *map(dict, history.messages), *request.messages[last:]]
    talk = Talk(conversation=conversation, said=words, given=history)
    return replace(request, messages=messages, conversation=talk)
