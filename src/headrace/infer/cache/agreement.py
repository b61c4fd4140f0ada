"""Whether two answers to a question say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headrace.infer.cache.shape import telling_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_CHARACTERS = 4_000


def agree(one: Any, other: Any, embed: Callable[[str], NDArray[np.float32]], *, threshold: float) -> bool:
    """Whether two outputs, texts or JSON values, say the same.

    JSON values need the same keys and, where they are no texts, the same values. Texts are the same when only
    case and white space differ, or when their numbers, negations and quotes are the same and their vectors
    are at least this similar.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(
            agree(one[key], other[key], embed, threshold=threshold) for key in one
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            agree(left, right, embed, threshold=threshold) for left, right in zip(one, other, strict=True)
        )
    if not (isinstance(one, str) and isinstance(other, str)):
        return type(one) is type(other) and bool(one == other)
    if _plain(one) == _plain(other):
        return True
    if set(telling_words(one)) != set(telling_words(other)):
        return False
    left, right = embed(one[:_MOST_CHARACTERS]), embed(other[:_MOST_CHARACTERS])
    return float(left @ right) >= threshold


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
