"""From the name of a prompt and its variables to a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from headrace.flows.prompts.filling import Filler
from headrace.infer.gateway.base import CallRequest


@runtime_checkable
class PromptSource(Protocol):
    """Renders a prompt by its name, `NAME` or `NAME@label`."""

    def request(
        self,
        prompt: str,
        variables: Mapping[str, Any],
        *,
        model: str | None = None,
        fill: Filler | None = None,
    ) -> CallRequest:
        """The call that a prompt makes of variables. Raises NotFoundError, UsageError, ConfigError."""
        ...


def with_model(request: CallRequest, model: str) -> CallRequest:
    """The same call to another model, without its fallbacks."""
    return replace(request, model=model, fallbacks=())
