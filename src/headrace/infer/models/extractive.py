"""`extractive`: the built-in model. Answers with sentences of the passages, word for word, and cites each.

It reads nothing into them and joins nothing: what it says stands in a document. Where nothing answers the
question well enough it says so with an empty text and the finish reason `no_answer`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from headrace.infer.models.base import NO_ANSWER, GenerateRequest, Generation, Passage
from headrace.infer.models.relevance import Embed, coverage, similarity, terms, wants_number
from headrace.infer.models.units import Unit, split_units

REVISION = "2"
WITH_VECTORS = "+vectors"
"""Of its identity, where an embedder gives it a sense of meaning."""
MOST_UNITS = 3

# Set on 25 questions that the example handbook answers and 25 that it does not: with vectors 24 of the first
# are answered and none of the second (they reach 0.41); without vectors the two overlap from 0.39 to 0.52.
_THRESHOLD_WITH_VECTORS = 0.44
_THRESHOLD_WITHOUT = 0.44
_WEIGHT_OF_SIMILARITY = 0.7
_BONUS_OF_NUMBER = 0.1
_COST_OF_RANK = 0.012
_COST_OF_CODE = 0.05
_COST_OF_TITLE = 0.2
_COST_OF_OPEN_END = 0.12
_SHARE_OF_BEST = 0.9
_SHORTEST_CHARACTERS = 15
_HAS_DIGIT = re.compile(r"\d")
_ENDS_SENTENCE = re.compile(r"[.!?…;。！？][\"'”’)\]*_`]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    passage: Passage
    unit: Unit
    score: float
    order: int
    """Place among all units: passages by rank, units as they stand."""


class ExtractiveModel:
    """Picks one to three units of the passages; with `embed` it also weighs nearness in meaning."""

    name = "extractive"

    def __init__(self, *, embed: Embed | None = None) -> None:
        self._embed = embed
        self.identity = f"extractive@{REVISION}" + (WITH_VECTORS if embed else "")

    def generate(self, request: GenerateRequest) -> Generation:
        """Answer one question. The same request gives the same text."""
        candidates = self._score(request.question, request.passages)
        threshold = _THRESHOLD_WITH_VECTORS if self._embed else _THRESHOLD_WITHOUT
        chosen = _choose(candidates, threshold=threshold)
        text = "\n\n".join(_cited(candidate) for candidate in chosen)
        return Generation(
            text=text,
            model=self.identity,
            input_tokens=sum(len(passage.text.split()) for passage in request.passages),
            output_tokens=len(text.split()),
            finish_reason="stop" if chosen else NO_ANSWER,
        )

    def _score(self, question: str, passages: Sequence[Passage]) -> list[_Candidate]:
        found = [(passage, unit) for passage in passages for unit in split_units(passage.text)]
        found = [(passage, unit) for passage, unit in found if len(unit.text) >= _SHORTEST_CHARACTERS]
        asked = terms(question)
        if not found or not asked:
            return []
        units = [unit for _, unit in found]
        headings = [" > ".join([passage.title or "", *passage.headings]) for passage, _ in found]
        scores = coverage(asked, units, headings)
        if self._embed is not None:
            near = similarity(question, units, headings, embed=self._embed)
            share = _WEIGHT_OF_SIMILARITY
            scores = [
                (1 - share) * words + share * cosine for words, cosine in zip(scores, near, strict=True)
            ]
        number = wants_number(question)
        return [
            _Candidate(
                passage=passage, unit=unit, order=order, score=score + _adjust(passage, unit, number=number)
            )
            for order, ((passage, unit), score) in enumerate(zip(found, scores, strict=True))
        ]

    def close(self) -> None:
        """Nothing to give back."""


def _adjust(passage: Passage, unit: Unit, *, number: bool) -> float:
    bonus = _BONUS_OF_NUMBER if number and _HAS_DIGIT.search(unit.text) else 0.0
    if unit.text.endswith((":", "?")):
        bonus -= _COST_OF_OPEN_END
    if unit.kind == "sentence" and not _ENDS_SENTENCE.search(unit.text):
        bonus -= _COST_OF_TITLE
    return bonus - _COST_OF_RANK * (passage.number - 1) - (_COST_OF_CODE if unit.kind == "code" else 0.0)


def _choose(candidates: Sequence[_Candidate], *, threshold: float) -> list[_Candidate]:
    """The best, and what is nearly as good; in the order in which they stand."""
    ranked = sorted(candidates, key=lambda candidate: (-candidate.score, candidate.order))
    if not ranked or ranked[0].score < threshold:
        return []
    floor = max(threshold, ranked[0].score * _SHARE_OF_BEST)
    chosen: list[_Candidate] = []
    for candidate in ranked:
        if len(chosen) == MOST_UNITS or candidate.score < floor:
            break
        if all(_fold(candidate.unit.text) != _fold(other.unit.text) for other in chosen):
            chosen.append(candidate)
    best = ranked[0].passage.number
    return sorted(chosen, key=lambda candidate: (candidate.passage.number != best, candidate.order))


def _fold(text: str) -> str:
    return " ".join(text.split()).lower()


def _cited(candidate: _Candidate) -> str:
    text = candidate.unit.text
    quote = text.replace("\\", "\\\\").replace('"', '\\"')
    if candidate.unit.header:
        return f'{candidate.unit.header}\n{text}\n[{candidate.passage.number}: "{quote}"]'
    if candidate.unit.kind in ("table", "row", "code"):
        return f'{text}\n[{candidate.passage.number}: "{quote}"]'
    return f'{" ".join(text.split())} [{candidate.passage.number}: "{quote}"]'
