"""The digest of a generation: what it holds, never how or when it was built."""

from __future__ import annotations

from collections.abc import Iterable

from headrace.ledger.identity import digest


def generation_digest(recipe: str, documents: Iterable[tuple[str, str]]) -> str:
    """Digest over the recipe and the (URI, document digest) pairs in URI order.

    A document digest covers its URI, revision, chunk ids, embedding keys and metadata; vectors, times and
    permissions are left out.
    """
    return digest("content", [recipe, [[uri, document] for uri, document in sorted(documents)]])
