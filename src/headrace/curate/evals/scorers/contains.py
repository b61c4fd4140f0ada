"""`contains`: the output holds the expected words, each of them, in whatever case."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.curate.evals.base import Score, ScoreInput, unmeasured


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains:
    """Looks for `expected.contains`, or `expected` itself: a text, or a list of which all must be there."""

    name: str = "contains"
    version: str = "1"
    unit: bool = True
    binary: bool = True
    costs: bool = False
    field: str = "contains"
    """The field of `expected`."""

    def score(self, given: ScoreInput) -> Score:
        """1 where all are there."""
        wanted = given.wanted(self.field)
        words = [wanted] if isinstance(wanted, str) else wanted
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            return unmeasured(f"the case expects no `{self.field}`")
        text = " ".join(given.text.casefold().split())
        missing = [word for word in words if " ".join(word.casefold().split()) not in text]
        return Score(value=float(not missing), reason=f"lacks {missing[0]!r}" if missing else "")
