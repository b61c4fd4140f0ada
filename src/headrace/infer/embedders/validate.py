"""Checks vectors before anything is built on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.errors import VectorMismatch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST_NORM = 1e-12


def check_vectors(vectors: Sequence[NDArray[np.float32] | None], dimension: int) -> dict[int, VectorMismatch]:
    """Which vectors cannot be used, by position: missing, of another dimension, not finite, or zero."""
    problems = ((at, _problem(vector, dimension)) for at, vector in enumerate(vectors))
    return {at: VectorMismatch(problem, position=at) for at, problem in problems if problem}


def _problem(vector: NDArray[np.float32] | None, dimension: int) -> str:
    import numpy as np

    if vector is None:
        return "The provider gave no vector for this text."
    if vector.shape != (dimension,):
        return f"The vector has shape {vector.shape}, expected ({dimension},)."
    if not np.isfinite(vector).all():
        return "The vector holds NaN or infinity."
    if float(np.linalg.norm(vector.astype(np.float64))) < SMALLEST_NORM:
        return "The vector is zero, so it points nowhere."
    return ""


def normalise(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to unit length; rows of zeros stay zero."""
    import numpy as np

    norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (vectors / np.where(norms < SMALLEST_NORM, 1.0, norms)).astype(np.float32)
    return scaled
