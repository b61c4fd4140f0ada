"""Marks calls that are made to evaluate something, so that nobody counts them as served."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError, UsageError
from headrace.records.call import EVALUATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from headrace.flows.calling.prompts import PromptSource
    from headrace.flows.prompts.filling import Filler
    from headrace.infer.gateway.base import CallRequest
    from headrace.ledger.events.base import EventStore
    from headrace.records.call import SpanEvent
    from headrace.ship.releases import Release


class MarkedEvents:
    """The store of spans; what is written through it is no traffic."""

    def __init__(self, events: EventStore) -> None:
        self._events = events

    def append(self, spans: Sequence[SpanEvent]) -> Future[None]:
        """Write spans with the mark."""
        return self._events.append([replace(span, service=EVALUATION) for span in spans])

    def close(self) -> None:
        """It is closed with the workspace."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._events, name)


class PinnedPrompts:
    """Makes calls of the prompts that a release pins, and of no others; outputs are not stored as records."""

    def __init__(self, prompts: PromptSource, release: Release) -> None:
        self._prompts = prompts
        self._release = release

    def request(
        self,
        prompt: str,
        variables: Mapping[str, Any],
        *,
        model: str | None = None,
        fill: Filler | None = None,
    ) -> CallRequest:
        """The call that a pinned prompt makes of variables. Raises NotFoundError, UsageError."""
        name, _, word = prompt.partition("@")
        pinned = self._release.prompts
        if name not in pinned or word not in ("", pinned[name]):
            raise NotFoundError(f"prompt in release {self._release.digest!r}", prompt, known=sorted(pinned))
        if model is not None:
            raise UsageError(
                f"Release {self._release.digest!r} pins the model of prompt {name!r}.",
                hint="Leave the model out, or call outside the release.",
            )
        return replace(self._prompts.request(name, variables, fill=fill), keep=False)
