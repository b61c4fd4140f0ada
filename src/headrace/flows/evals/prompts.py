"""`prompt:NAME`, `prompt:NAME@LABEL`, `prompt:NAME@DIGEST` or `prompt:NAME@working-tree` as a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headrace.curate.evals.base import Reply
from headrace.errors import RetryableError
from headrace.infer.providers.portal import portal

if TYPE_CHECKING:
    from headrace.flows.calling.operations import CallOperations
    from headrace.infer.gateway.base import CallRequest
    from headrace.infer.gateway.gateway import Gateway
    from headrace.infer.gateway.outcome import CallOutcome

_OF_THE_OUTPUT = ("invalid", "truncated", "refused", "validator")
"""Reasons of a dead letter that say something of the product; others say something of the upstream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTarget:
    """Calls with a prompt; the inputs of a case are its variables. No cache answers: repeats are repeats."""

    calls: CallOperations
    gateway: Gateway
    prompt: str
    identity: Mapping[str, Any]
    models: Mapping[str, str]
    """Names of models in the calls so far, to what they mean."""

    def rendered(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """What would be sent. Raises UsageError for variables that do not fit."""
        request = self._request(inputs)
        return {
            "messages": list(request.messages),
            "model": self.models.get(request.model, request.model),
            "parameters": dict(request.parameters),
            "tools": list(request.tools),
            "schema": None if request.schema is None else request.schema.digest,
            "fallbacks": list(request.fallbacks),
            "vault": request.vault,
        }

    def answer(self, inputs: Mapping[str, Any]) -> Reply:
        """Call. Raises RetryableError where the upstream gave nothing."""
        return reply_of(portal().run(self.gateway.call(self._request(inputs))))

    def _request(self, inputs: Mapping[str, Any]) -> CallRequest:
        request = self.calls.request(self.prompt, inputs)
        return replace(request, keep=False)


def reply_of(outcome: CallOutcome) -> Reply:
    """What came of a call. Raises RetryableError where the upstream, or a budget, ended it."""
    if not outcome.valid and outcome.reason not in _OF_THE_OUTPUT:
        raise RetryableError(f"The call has no output: {outcome.reason}.")
    usage = outcome.usage
    output = outcome.output
    if output is None and outcome.choices and outcome.choices[0].tool_calls:
        output = {"tool_calls": [dict(item) for item in outcome.choices[0].tool_calls]}
    return Reply(
        output=output if outcome.valid else None,
        failure=None if outcome.valid else f"dead-lettered: {outcome.reason}",
        trace_id=outcome.trace_id,
        tokens=usage.input_tokens + usage.output_tokens,
        cost_micro=usage.cost_micro,
        currency=usage.currency,
        facts={"model": outcome.model},
    )
