"""Two answers say the same, or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headrace.infer.cache.agreement import agree


def embed(text: str) -> NDArray[np.float32]:
    """Texts that begin alike have the same vector."""
    vector = np.zeros(256, dtype=np.float32)
    vector[ord(text[:1].lower() or " ") % 256] = 1.0
    return vector


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Six weeks.", " six  WEEKS.", True),
        ("It is six weeks.", "In all six weeks.", True),
        ("It is 6 weeks.", "It is 16 weeks.", False),
        ("It is allowed.", "It is not allowed.", False),
        ("It is so.", "Quite another thing.", False),
        ({"weeks": 6, "why": "It says so."}, {"weeks": 6, "why": "It stands there."}, True),
        ({"weeks": 6}, {"weeks": 7}, False),
        ({"weeks": 6}, {"weeks": 6.0}, False),
        ({"weeks": 6}, {"weeks": 6, "why": ""}, False),
        ([True, None], [True, None], True),
        ([1], [1, 2], False),
        ([1], True, False),
    ],
)
def test_agreement(one: Any, other: Any, same: bool) -> None:
    assert agree(one, other, embed, threshold=0.85) is same
    assert agree(other, one, embed, threshold=0.85) is same
