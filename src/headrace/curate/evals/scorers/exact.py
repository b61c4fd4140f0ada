"""`exact`: the output is what is expected, white space at its ends apart; JSON values by their content."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.curate.evals.base import Score, ScoreInput, unmeasured


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Compares with `expected.answer`, or with `expected` itself."""

    name: str = "exact"
    version: str = "1"
    unit: bool = True
    binary: bool = True
    costs: bool = False
    field: str = "answer"
    """The field of `expected`."""
    ignore_case: bool = False
    """Whether capitals count as small letters."""

    def score(self, given: ScoreInput) -> Score:
        """1 where equal."""
        wanted = given.wanted(self.field)
        if wanted is None:
            return unmeasured(f"the case expects no `{self.field}`")
        if isinstance(wanted, str) and isinstance(given.reply.output, str):
            pair = given.reply.output.strip(), wanted.strip()
            same = pair[0].casefold() == pair[1].casefold() if self.ignore_case else pair[0] == pair[1]
        else:
            same = type(given.reply.output) is type(wanted) and given.reply.output == wanted
        return Score(value=float(same))
