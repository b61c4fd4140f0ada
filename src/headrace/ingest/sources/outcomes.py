"""What came of asking for an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["temporary", "refused", "gone", "outside", "unwanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A body as its address gave it, now or at an earlier listing."""

    url: str
    """Where it was found after redirects."""
    body: bytes
    blob: str
    body_hash: str
    media_type: str | None
    charset: str | None
    modified_at_us: int | None
    directives: frozenset[str]
    """Words of X-Robots-Tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why there is no body."""

    url: str
    """Where it came up, after redirects."""
    kind: Kind
    """temporary: may answer later; refused: exists but does not give its content; gone: does not exist;
    outside: not to be asked; unwanted: of a type that is not read."""
    error: str
    status: int | None = None
    """Of the response, if there was one."""
    retry_after_seconds: float | None = None
