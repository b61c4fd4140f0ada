"""How long chunks are and what their length is counted in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from headrace.records.document import ChunkSpan, ParsedDocument

VERSION = 1
"""Rises whenever the spans made from the same text and settings change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkerConfig:
    """Lengths in tokens; part of the recipe."""

    chunk_tokens: int = 224
    """Most tokens in a chunk; the built-in embedder reads 256 word pieces, two of them marks of its own."""
    chunk_overlap: int = 32
    """Tokens at the end of a chunk that may return at the start of the next one in the same section."""
    tokenizer: Literal["words"] | Path = "words"
    """`words` estimates: one token a word, or one for four bytes of UTF-8, whichever gives more. A path names
    the Hugging Face tokenizer file of an embedder, whose tokens are counted exactly."""

    def fingerprint(self) -> Mapping[str, str | int]:
        """Name what decides the spans; part of the recipe digest. Reads the tokenizer file."""
        from importlib.metadata import version

        return {
            "chunker": "builtin",
            "version": VERSION,
            "semantic-text-splitter": version("semantic-text-splitter"),
            "chunk_tokens": self.chunk_tokens,
            "chunk_overlap": self.chunk_overlap,
            **_tokenizer_fingerprint(self.tokenizer),
        }


@runtime_checkable
class Chunker(Protocol):
    """Cuts documents into spans, in order, each of at most so many tokens.

    Example:
        def whole(documents: Sequence[ParsedDocument], config: ChunkerConfig) -> list[list[ChunkSpan]]:
            return [[ChunkSpan(start=0, end=len(d.text), page=None, headings=())] for d in documents]
    """

    def __call__(
        self, documents: Sequence[ParsedDocument], config: ChunkerConfig
    ) -> list[list[ChunkSpan]]: ...


def _tokenizer_fingerprint(tokenizer: Literal["words"] | Path) -> dict[str, str]:
    if not isinstance(tokenizer, Path):
        return {"tokenizer": tokenizer}
    import hashlib
    from importlib.metadata import version

    content = hashlib.blake2b(tokenizer.read_bytes(), digest_size=32).hexdigest()
    return {"tokenizer": content, "tokenizers": version("tokenizers")}
