"""What a conversation works with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.infer.embedders.base import Embedder
    from headrace.infer.gateway.gateway import Gateway
    from headrace.observe.sessions.parts import SessionParts


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkParts:
    """The log of sessions, and what older turns are worked on with; what costs to open is a callable."""

    sessions: SessionParts
    gateway: Callable[[], Gateway]
    embedder: Callable[[], Embedder]
    """What compares turns with a question."""
