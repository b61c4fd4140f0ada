"""What kind of cause a pattern of failures suggests, with what speaks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headrace.records.curation import Cause, Lead

MAJORITY = 0.5
"""A cause is suggested if so many of the traces show it."""
Facts = Mapping[str, Any]
"""The evidence of one trace."""


def leads_of(traces: Sequence[Facts]) -> list[Lead]:
    """What speaks for each kind of cause in the traces of a pattern, most first.

    They are leads, not proofs: each says how many of the traces show what such a cause would leave behind.
    """
    found = [
        _lead(traces, "missing tool", _no_tool, "asked for a tool that failed or does not exist"),
        _lead(traces, "model", _model, "ended with an error of the model or with its refusal"),
        _lead(traces, "prompt", _prompt, "wrote what the schema refuses, or were cut off"),
        _lead(traces, "retrieval gap", _no_ground, "found no ground for an answer in the documents"),
        _document(traces),
    ]
    return sorted((lead for lead in found if lead.share > 0), key=lambda lead: -lead.share)


def cause_of(leads: Sequence[Lead]) -> Cause:
    """The cause that most traces show; unknown where no lead has a majority."""
    return leads[0].cause if leads and leads[0].share >= MAJORITY else "unknown"


def _no_tool(facts: Facts) -> bool:
    return bool(facts.get("tools"))


def _model(facts: Facts) -> bool:
    return bool((facts.get("failed") or facts.get("refused")) and not _prompt(facts))


def _prompt(facts: Facts) -> bool:
    return bool(facts.get("schema_violation") or facts.get("truncated"))


def _no_ground(facts: Facts) -> bool:
    return facts.get("kind") == "ask" and not facts.get("failed") and bool(facts.get("unanswered"))


def _lead(traces: Sequence[Facts], cause: Cause, shows: Callable[[Facts], bool], words: str) -> Lead:
    number = sum(map(shows, traces))
    return Lead(
        cause=cause,
        share=round(number / max(1, len(traces)), 4),
        evidence=f"{number} of {len(traces)} {words}",
    )


def _document(traces: Sequence[Facts]) -> Lead:
    """Answers that rest on one document, or on one that carries a mark such as superseded."""
    marked = Counter(name for facts in traces for name in set(facts.get("marked", ())))
    cited = Counter(name for facts in traces for name in set(facts.get("cited", ())))
    counted, words = (marked, "marked document") if marked else (cited, "document")
    if not counted or (len(traces) < 2 and not marked):
        return Lead(cause="document", share=0.0, evidence="")
    name, number = min(counted.items(), key=lambda item: (-item[1], item[0]))
    return Lead(
        cause="document",
        share=round(number / len(traces), 4),
        evidence=f"{number} of {len(traces)} cite the {words} {name}",
    )
