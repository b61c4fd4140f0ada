"""Who watches calls as they go, such as metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from headrace.infer.gateway.spans import Begun


@runtime_checkable
class CallObserver(Protocol):
    """Is told of every call on the thread that makes it; it must be quick, and must not raise."""

    def began(self, begun: Begun) -> None:
        """A call has begun."""
        ...

    def streamed(self, begun: Begun, seconds: float) -> None:
        """The first piece of a streamed answer goes to the caller, so long after the call began."""
        ...

    def cached(self, result: str) -> None:
        """The caches were read for a call: exact, semantic or miss."""
        ...

    def ended(self, begun: Begun, *, error: BaseException | None) -> None:
        """A call is over and recorded. `error` is what broke it off; a dead letter is none."""
        ...
