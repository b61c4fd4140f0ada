"""`citations`: the answer points to the documents that hold it, with words that stand there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headrace.curate.evals.base import Score, ScoreInput, unmeasured
from headrace.curate.evals.ranks import resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Citations:
    """Compares cited documents with `expected.documents`, and quotes with `expected.quotes`."""

    name: str = "citations"
    version: str = "1"
    unit: bool = True
    binary: bool = False
    costs: bool = False
    measure: Literal["correct", "complete"] = "correct"
    """Share of citations that are right, or share of the expected documents that are cited."""

    def score(self, given: ScoreInput) -> Score:
        """A share; 0 for an answer that cites nothing where something was expected."""
        documents = given.wanted("documents")
        quotes = given.wanted("quotes")
        wanted = [documents] if isinstance(documents, str) else list(documents or ())
        words = [quotes] if isinstance(quotes, str) else list(quotes or ())
        if not wanted and not words:
            return unmeasured("the case expects no `documents` and no `quotes`")
        cited = [
            (str(item.get("document", "")), str(item.get("quote", ""))) for item in given.reply.citations
        ]
        if not cited:
            return Score(value=0.0, reason="nothing cited")
        names = resolve(wanted, [document for document, _ in cited])
        right = [
            (not wanted or name in wanted) and (not words or any(_within(word, quote) for word in words))
            for name, (_, quote) in zip(names, cited, strict=True)
        ]
        if self.measure == "correct":
            return Score(value=sum(right) / len(right))
        found = {name for name, good in zip(names, right, strict=True) if good}
        return Score(value=len(found & set(wanted)) / len(set(wanted)) if wanted else float(any(right)))


def _within(word: str, quote: str) -> bool:
    return " ".join(word.split()) in " ".join(quote.split())
