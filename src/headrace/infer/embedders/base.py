"""The Protocol that turns texts into vectors, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from headrace.errors import ProviderError
from headrace.ledger.identity import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[int], None]
"""Called from the caller's own thread with how many further texts are done or have failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """The vectors of some texts, in their order."""

    vectors: NDArray[np.float32]
    """Shape (texts, dimension), unit length; the rows of failed texts are zero."""
    failed: Mapping[int, ProviderError] = field(default_factory=dict)
    """Position of a text to the reason it has no vector."""
    echoed_models: tuple[str, ...] = ()
    """Model ids the provider said it used."""
    tokens: int | None = None
    """What the provider said it read; None where it did not say for every request."""


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into unit vectors of one space.

    >>> from headrace.infer.embedders.hash import HashEmbedder
    >>> HashEmbedder(dimension=8).embed(["one text", "another"]).vectors.shape
    (2, 8)
    """

    @property
    def name(self) -> str:
        """What the recipe calls it, such as `minilm` or `openai:text-embedding-3-small`."""
        ...

    @property
    def dimension(self) -> int:
        """Length of its vectors. Raises ProviderError where the provider has to be asked and fails."""
        ...

    @property
    def components(self) -> Mapping[str, Any]:
        """Everything that decides what a vector is."""
        ...

    @property
    def fingerprint(self) -> str:
        """Digest of the components: vectors with different fingerprints never meet."""
        ...

    @property
    def max_tokens(self) -> int | None:
        """Longest text it reads, in tokens; None when unknown."""
        ...

    @property
    def tokenizer_file(self) -> Path | None:
        """Hugging Face tokenizer file whose tokens it reads, where that is at hand."""
        ...

    @property
    def price_per_million_tokens(self) -> float | None:
        """0.0 for what runs here, None when unknown."""
        ...

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Embedded:
        """Embed texts. What fails is in `failed`, text by text; a provider that is down fails all."""
        ...

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Embed one query, shape (dimension,). Raises ProviderError."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens these texts cost; an estimate where the provider's tokenizer is not at hand."""
        ...

    def close(self) -> None:
        """Give back threads, sessions and connections."""
        ...


def fingerprint_of(components: Mapping[str, Any]) -> str:
    """The fingerprint of an embedder with these components."""
    return digest("embedder", dict(components))


def components_of(
    provider: str,
    model: str,
    *,
    revision: str,
    dimension: int,
    quantisation: str = "none",
    document_prefix: str = "",
    query_prefix: str = "",
    normalisation: str = "l2",
    max_tokens: int | None = None,
) -> dict[str, Any]:
    """The components every embedder declares, under the names the fingerprint is made of."""
    return {
        "provider": provider,
        "model": model,
        "revision": revision,
        "dimension": dimension,
        "dtype": "float32",
        "quantisation": quantisation,
        "prefixes": {"document": document_prefix, "query": query_prefix},
        "normalisation": normalisation,
        "max_tokens": max_tokens,
    }
