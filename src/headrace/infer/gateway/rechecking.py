"""Outputs of former attempts, held against what is asked for now: no token is spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.infer.gateway.ladder import Climb
from headrace.infer.gateway.outcome import Attempt
from headrace.infer.upstreams.base import STOP, Choice


def recheck(climb: Climb, facts: Mapping[str, Any]) -> bool:
    """Whether the output of a former attempt is valid now; then it is the answer of the call."""
    raw = facts.get("raw_output")
    if raw is None or facts.get("error") or facts["kind"] == "repair":
        return False
    choice = Choice(
        text=raw,
        tool_calls=facts.get("tool_calls") or (),
        finish_reason=facts.get("finish_reason") or STOP,
        refusal=facts.get("refusal"),
    )
    checked = climb.checker(choice)
    if checked.answer is None:
        return False
    climb.answers.append(checked.answer)
    climb.attempts.append(
        Attempt(
            kind="repair" if checked.repair else "first",
            model=facts["model"],
            asked=facts["asked"],
            valid=True,
            repair=checked.repair,
            raw_output=raw,
            tool_calls=choice.tool_calls,
            finish_reason=choice.finish_reason,
            fields=checked.fields,
        )
    )
    return True
