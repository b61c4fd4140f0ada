"""`numeric`: the number in the output is the expected one, within a tolerance."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from headrace.curate.evals.base import Score, ScoreInput, unmeasured

_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeric:
    """Compares the last number of the output with `expected.number`, or with `expected` itself."""

    name: str = "numeric"
    version: str = "1"
    unit: bool = True
    binary: bool = True
    costs: bool = False
    tolerance: float = 0.0
    """How far off is right still, in the unit of the number."""
    relative: float = 0.0
    """The same as a share of the expected number; the wider of the two counts."""

    def score(self, given: ScoreInput) -> Score:
        """1 where near enough; 0 where there is no number."""
        wanted = _number(given.wanted("number"))
        if wanted is None:
            return unmeasured("the case expects no number")
        output = given.reply.output
        found = output if isinstance(output, int | float) else _last(given.text)
        if isinstance(found, bool) or found is None:
            return Score(value=0.0, reason="no number")
        off = abs(found - wanted)
        right = off <= max(self.tolerance, self.relative * abs(wanted)) or math.isclose(
            found, wanted, rel_tol=1e-12
        )
        return Score(value=float(right), reason="" if right else f"{found:g}, not {wanted:g}")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        return _last(value)
    return float(value)


def _last(text: str) -> float | None:
    found = _NUMBER.findall(text)
    return float(found[-1].replace(",", "")) if found else None
