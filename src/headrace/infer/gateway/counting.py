"""Counts calls as they were before they were put right, so that a model that got sloppier is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Group(NamedTuple):
    """What calls are counted by."""

    prompt: str | None
    schema: str | None
    model: str | None


@dataclass(slots=True)
class Counts:
    """Counts of one group; names as in `CallCounts`."""

    numbers: Counter[str] = field(default_factory=Counter)
    correction_ms: float = 0.0
    filled: Counter[str] = field(default_factory=Counter)
    readable: int = 0
    """Outputs in which fields could be counted."""


def count_calls(calls: Iterable[Mapping[str, Any]]) -> dict[Group, Counts]:
    """Count the attributes of call spans, by prompt, schema and the model that was asked first."""
    found: dict[Group, Counts] = {}
    for call in calls:
        prompt, schema = call.get("prompt"), call.get("schema")
        attempts: Sequence[Mapping[str, Any]] = call.get("attempts") or ()
        model = attempts[0].get("asked") if attempts else call.get("gen_ai.request.model")
        group = Group(prompt["name"] if prompt else None, schema["name"] if schema else None, model)
        _add(found.setdefault(group, Counts()), call, attempts)
    return found


def _add(counts: Counts, call: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> None:
    kinds = {attempt["kind"] for attempt in attempts}
    valid = bool(attempts) and attempts[-1]["valid"]
    cached = bool(call.get("cached"))
    counts.numbers.update(
        calls=1,
        valid=int(valid or cached),
        first_valid=int(bool(attempts) and attempts[0]["valid"]),
        repaired=int("repair" in kinds),
        reasked=int("reask" in kinds),
        fell_back=int("fallback" in kinds),
        dead_lettered=int(bool(call.get("dead_letter"))),
        cached=int(cached),
    )
    for attempt in attempts:
        repair = attempt.get("repair")
        counts.numbers.update(
            fenced=int(repair == "fence"),
            prose=int(repair == "prose"),
            syntax=int(repair == "syntax"),
            truncated=int(attempt.get("finish_reason") == "length" and not attempt["valid"]),
            refused=int(bool(attempt.get("refusal"))),
            upstream_errors=int(bool(attempt.get("error"))),
            input_tokens=attempt.get("input_tokens") or 0,
            output_tokens=attempt.get("output_tokens") or 0,
            cost_micro=attempt.get("cost_micro") or 0,
        )
        if attempt["kind"] != "first":
            counts.correction_ms += attempt.get("ms") or 0.0
        fields: Mapping[str, bool] = attempt.get("fields") or {}
        counts.readable += bool(fields)
        counts.filled.update({name: int(filled) for name, filled in fields.items()})


def fill_rates(counts: Counts) -> dict[str, float]:
    """Field to the share of readable outputs that filled it."""
    if not counts.readable:
        return {}
    return {name: round(number / counts.readable, 4) for name, number in sorted(counts.filled.items())}
