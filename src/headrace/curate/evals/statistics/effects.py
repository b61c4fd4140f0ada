"""What a comparison of one metric found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

ALPHA = 0.05
"""Two-sided: intervals are 95 %, and each side of a margin is tested at 2.5 %."""
POWER = 0.8
"""With which the detectable effect would have been seen."""


class Effect(NamedTuple):
    """The difference of one metric between two runs, second minus first."""

    difference: float
    low: float
    """Lower end of the 95 % interval; minus infinity where nothing is known."""
    high: float
    p: float | None
    """Two-sided p-value of "no difference"; None where there are too few cases."""
    detectable: float | None
    """The smallest true difference that such a comparison would have noticed with a power of 0.8."""
    error: float
    """Standard error of the difference; 0 where the interval is not made from one."""
    degrees: float
    """Degrees of freedom of the interval; infinite for a normal one."""
    method: str
    """How the interval was made."""


def chance_unseen(clusters: int, *, alpha: float = ALPHA / 2) -> float:
    """How frequent something can be that was seen in none of so many independent cases.

    At 5 % that is about 3 / n, the rule of three; for n = 0 it is 1.
    """
    return 1.0 - float(alpha ** (1.0 / clusters)) if clusters > 0 else 1.0
