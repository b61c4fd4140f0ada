"""How texts are put together into requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_BYTES_PER_TOKEN = 4


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has, for models whose tokenizer is not at hand: a token per 4 bytes."""
    return len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN + 1


def plan_batches(
    texts: Sequence[str], positions: Sequence[int], *, max_texts: int, max_tokens: int
) -> Iterator[list[int]]:
    """The positions in their order, cut so that no batch is over either limit; one long text goes alone."""
    batch: list[int] = []
    tokens = 0
    for position in positions:
        cost = estimate_tokens(texts[position])
        if batch and (len(batch) >= max_texts or tokens + cost > max_tokens):
            yield batch
            batch, tokens = [], 0
        batch.append(position)
        tokens += cost
    if batch:
        yield batch
