"""Replies as the ledger keeps them, and the keys under which they are found again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headrace.curate.evals.base import RenderingTarget, Reply, Score, ScoreInput, Scorer, Target
from headrace.curate.golden.cleaning import cleaned
from headrace.ledger.identity import digest

if TYPE_CHECKING:
    from headrace.privacy.engine import Engine

CODE = 1
"""Version of how targets are asked and outputs are kept: with a higher one stored outputs count no more."""
_KEPT = ("output", "documents", "citations", "failure", "trace_id", "tokens", "latency_ms", "facts")


def output_key(target: Target, identity: str, inputs: Mapping[str, Any], repeat: int) -> str:
    """Names everything that shapes an output. Equal repeats would not be repeats: they count too."""
    asked = target.rendered(inputs) if isinstance(target, RenderingTarget) else identity
    return digest("output", [CODE, _plain(asked), _plain(inputs), repeat])


def is_marked(value: Any) -> bool:
    """Whether personal data was taken out of what a case expects."""
    from headrace.privacy.entities import ENTITIES

    text = json.dumps(value, ensure_ascii=False)
    return any(f"[{name}]" in text for name in ENTITIES)


def judgement_key(scorer_id: str, case_id: str, reply: str, repeat: int) -> str:
    """Names everything that shapes a judgement of an output."""
    return digest("judgement", [CODE, scorer_id, case_id, reply, repeat])


def identity_of(target: Target) -> str:
    """The digest of what a target is."""
    return digest("target", _plain(target.identity))


def kept(reply: Reply, engine: Callable[[], Engine] | None) -> Reply:
    """A reply without personal data, as it is stored; `facts.redacted` counts what was taken out."""
    counts: Counter[str] = Counter()
    output = cleaned(engine, reply.output, counts)
    citations = tuple(cleaned(engine, list(reply.citations), counts))
    failure = cleaned(engine, reply.failure, counts)
    facts = cleaned(engine, dict(reply.facts), counts)
    return Reply(
        output=output,
        documents=tuple(cleaned(None, list(reply.documents), counts)),
        citations=citations,
        failure=failure,
        trace_id=reply.trace_id,
        tokens=reply.tokens,
        cost_micro=reply.cost_micro,
        currency=reply.currency,
        latency_ms=reply.latency_ms,
        facts=facts | ({"redacted": sum(counts.values())} if counts else {}),
    )


def to_text(reply: Reply) -> str:
    """A reply as JSON."""
    return json.dumps({name: getattr(reply, name) for name in _KEPT}, sort_keys=True)


def from_text(text: str) -> Reply:
    """Read back what `to_text` wrote; what it cost then is not spent again."""
    values = json.loads(text)
    return Reply(**{**values, "tokens": 0})


def shown(text: str) -> str:
    """What of a stored reply is judged: without times and ids, which differ between equal outputs."""
    values = json.loads(text)
    return json.dumps([values[name] for name in ("output", "documents", "citations", "failure")])


def measure(scorer: Scorer, inputs: Mapping[str, Any], expected: Any, reply: Reply) -> Score:
    """Score a reply; an output that failed scores 0 wherever it can be measured at all."""
    import math

    score = scorer.score(ScoreInput(inputs=inputs, expected=expected, reply=reply))
    if score.value is None:
        return score
    if not math.isfinite(score.value):
        return Score(value=None, reason="the scorer gave no finite number")
    if reply.failure is not None and scorer.unit:
        return Score(value=0.0, reason=reply.failure)
    return score


def _plain(value: Any) -> Any:
    """JSON values as identities take them."""
    return json.loads(json.dumps(value, sort_keys=True, default=str))
