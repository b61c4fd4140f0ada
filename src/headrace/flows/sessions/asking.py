"""Small calls that a conversation makes for itself, through the gateway like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import TerminalError
from headrace.infer.gateway.base import Budget, CallRequest
from headrace.infer.providers.portal import portal

if TYPE_CHECKING:
    from headrace.flows.sessions.parts import TalkParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a model wrote."""

    text: str
    model: str
    trace_id: str


def write(
    parts: TalkParts, model: str, instructions: str, text: str, *, subject: str | None, most_tokens: int
) -> Written:
    """Let a model write something for a user, given as a keyed hash.

    The call is of no session: it answers nobody. Raises ProviderError where nothing valid came.
    """
    request = CallRequest(
        messages=[{"role": "system", "content": instructions}, {"role": "user", "content": text}],
        model=model,
        parameters={"temperature": 0, "max_tokens": most_tokens},
        subject_key=subject,
        keep=False,
        budget=Budget(attempts=2),
    )
    outcome = portal().run(parts.gateway().call(request))
    if not outcome.valid or not outcome.text.strip():
        raise TerminalError(
            f"Model {model!r} wrote nothing that can be used ({outcome.reason or 'an empty text'}).",
            hint=f"headrace why {outcome.trace_id}",
        )
    return Written(text=outcome.text.strip(), model=outcome.model or model, trace_id=outcome.trace_id)
