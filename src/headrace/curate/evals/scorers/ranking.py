"""`recall`, `ndcg` and `mrr`: the documents that were found, against those that answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from headrace.curate.evals.base import Score, ScoreInput, unmeasured
from headrace.curate.evals.ranks import ndcg, recall, reciprocal_rank, resolve

Measure = Literal["recall", "ndcg", "mrr"]
_MEASURES: Mapping[Measure, Callable[[Sequence[str], Sequence[str]], float]] = {
    "recall": recall,
    "ndcg": ndcg,
    "mrr": reciprocal_rank,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Compares the best `k` documents with `expected.documents`: URIs, or their endings from a `/` on."""

    measure: Measure
    name: str
    version: str = "1"
    unit: bool = True
    binary: bool = False
    costs: bool = False
    k: int = 10
    """How many of the documents found count."""

    def score(self, given: ScoreInput) -> Score:
        """A number in 0…1."""
        documents = given.wanted("documents")
        wanted = [documents] if isinstance(documents, str) else list(documents or ())
        if not wanted:
            return unmeasured("the case expects no `documents`")
        found = resolve(wanted, list(dict.fromkeys(given.reply.documents)))[: self.k]
        # A document may be found under two names that mean one: its first place counts.
        return Score(value=_MEASURES[self.measure](tuple(dict.fromkeys(found)), wanted))
