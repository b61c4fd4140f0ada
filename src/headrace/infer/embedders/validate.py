"""Checks vectors before anything is built on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.errors import VectorMismatch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST_NORM = 1e-12
MISSING = "missing"
"""Cause of a VectorMismatch where there was no vector at all."""


def check_vectors(vectors: Sequence[NDArray[np.float32] | None], dimension: int) -> dict[int, VectorMismatch]:
    """Which vectors cannot be used, by position: missing, of another dimension, not finite, or zero."""
    problems = ((at, _problem(vector, dimension)) for at, vector in enumerate(vectors))
    return {at: VectorMismatch(said, position=at, cause=cause) for at, (cause, said) in problems if said}


def _problem(vector: NDArray[np.float32] | None, dimension: int) -> tuple[str, str]:
    """The cause in a word and what is said of it; empty texts where all is well."""
    import numpy as np

    if vector is None:
        return MISSING, "The provider gave no vector for this text."
    if vector.shape != (dimension,):
        return "dimension", f"The vector has shape {vector.shape}, expected ({dimension},)."
    if not np.isfinite(vector).all():
        return "not_finite", "The vector holds NaN or infinity."
    if float(np.linalg.norm(vector.astype(np.float64))) < SMALLEST_NORM:
        return "zero", "The vector is zero, so it points nowhere."
    return "", ""


def normalise(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to unit length; rows of zeros stay zero."""
    import numpy as np

    norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (vectors / np.where(norms < SMALLEST_NORM, 1.0, norms)).astype(np.float32)
    return scaled
