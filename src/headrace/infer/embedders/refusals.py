"""Which errors are about a text itself, so that only another text or another provider would help."""

from __future__ import annotations

from headrace.errors import ProviderError, VectorMismatch
from headrace.infer.embedders.validate import MISSING

REFUSED_STATUS = frozenset({400, 413, 422})


def is_refusal(error: ProviderError) -> bool:
    """Whether the provider refused this text, rather than the request, the key or the moment."""
    if isinstance(error, VectorMismatch):
        return error.details.get("cause") != MISSING
    return error.details.get("cause") == "blank" or error.details.get("status") in REFUSED_STATUS
