"""What says how current a workspace is: documents, sources, and what is owed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeprecateReport:
    """A declaration that was made or taken back."""

    corpus: str
    document: str
    deprecated: bool
    """Whether it is declared deprecated now."""
    superseded_by: str | None = None
    """URI of the document that replaces it."""
    reason: str = ""
    """Why, as it was given."""
