"""What hiding and forgetting report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreItems:
    """How much of something a store holds."""

    store: str
    """ledger, events, pages, `index/<generation>` or `embeddings/<fingerprint>`."""
    items: int
    """Rows, vectors, spans or files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """What the scan after an erasure saw."""

    bytes: int
    """Decoded bytes that were looked through."""
    hits: int
    """Canaries found; 0 or it is not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetReport:
    """One erasure, or what one would do."""

    erasure: str | None
    """Its id; None for a dry run."""
    documents: tuple[str, ...]
    """`<corpus>/<uri>` of each document, so that the caller sees what was meant; it is stored nowhere."""
    certificate: Mapping[str, Any] | None
    """The signed certificate; None for a dry run and while the scan still finds something."""
    found: tuple[StoreItems, ...]
    """Stores that held something, with how much."""
    erased: tuple[StoreItems, ...]
    """What went of it."""
    scan: ScanResult
    """The scan after."""
    unproven: tuple[str, ...] = ()
    """Stores that held the documents where the scan before saw no canary, so that it proves nothing there."""
    seconds: float = 0.0
    """How long it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HideReport:
    """Documents that were hidden or are shown again."""

    state: Literal["hidden", "live"]
    """What they are now."""
    documents: tuple[str, ...]
    """`<corpus>/<uri>`."""
    until: str | None
    """When hidden documents are erased; None for documents that are live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowReport:
    """What may come in again with the next sync."""

    ref: str
    """As it was given."""
    allowed: int
    """Corpora in which it was kept out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """Whether a certificate is genuine."""

    valid: bool
    """Signed by this workspace, and not changed since."""
    erasure: str
    """Which erasure it is about."""
    public_key: str
    """The key it was checked with, 32 bytes in base64."""
