"""The body of an embedding request and the vectors of its response."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.infer.providers.config import ModelConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def request_body(config: ModelConfig, texts: Sequence[str]) -> dict[str, Any]:
    """What is posted to `/embeddings`."""
    body: dict[str, Any] = {"model": config.model, "input": list(texts)}
    body["encoding_format"] = "base64" if config.base64_vectors else "float"
    if config.dimensions is not None and config.send_dimensions:
        body["dimensions"] = config.dimensions
    return body


def read_vectors(body: Mapping[str, Any], count: int) -> list[NDArray[np.float32] | None]:
    """The vectors in the order of the request, by `index`; None where there is none, or more than one."""
    vectors: list[NDArray[np.float32] | None] = [None] * count
    rows = body.get("data")
    if not isinstance(rows, list):
        return vectors
    seen: set[int] = set()
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            continue
        index = row.get("index", place)
        if not isinstance(index, int) or not 0 <= index < count:
            continue
        vectors[index] = None if index in seen else _read_vector(row.get("embedding"))
        seen.add(index)
    return vectors


def tokens_used(body: Mapping[str, Any]) -> int | None:
    """The tokens a response says were read; None where it does not say."""
    usage = body.get("usage")
    tokens = usage.get("total_tokens") if isinstance(usage, Mapping) else None
    return tokens if isinstance(tokens, int) and tokens >= 0 else None


def _read_vector(value: Any) -> NDArray[np.float32] | None:
    import numpy as np

    try:
        if isinstance(value, str):
            return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4").astype(np.float32)
        if isinstance(value, list):
            with np.errstate(over="ignore"):
                return np.asarray(value, dtype=np.float32)
    except (binascii.Error, ValueError, TypeError, OverflowError):
        return None
    return None
