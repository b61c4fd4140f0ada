"""`similarity`: how near the output lies to the expected answer, as an embedder sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.curate.evals.base import Score, ScoreInput, unmeasured

if TYPE_CHECKING:
    from headrace.infer.embedders.base import Embedder


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """Cosine of the output and `expected.answer`, or `expected` itself; below 0 counts as 0."""

    embedder: Callable[[], Embedder]
    version: str
    """Fingerprint of the embedder."""
    name: str = "similarity"
    unit: bool = True
    binary: bool = False
    costs: bool = True

    def score(self, given: ScoreInput) -> Score:
        """A number in 0…1. Raises ProviderError where the embedder fails."""
        wanted = given.wanted("answer")
        if not isinstance(wanted, str) or not wanted.strip():
            return unmeasured("the case expects no `answer`")
        if not given.text.strip():
            return Score(value=0.0, reason="no output")
        made = self.embedder().embed([given.text, wanted])
        if made.failed:
            return unmeasured(next(iter(made.failed.values())).message)
        return Score(value=max(0.0, min(1.0, float(made.vectors[0] @ made.vectors[1]))))
