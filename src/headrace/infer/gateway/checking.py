"""Holds one choice of an answer against what was asked: finish reason, syntax, schema, meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.infer.gateway.base import CallRequest, Shield
from headrace.infer.gateway.outcome import Answer, Reason, RepairKind
from headrace.infer.gateway.reading import read_json
from headrace.infer.gateway.tools import Tools
from headrace.infer.gateway.validators import Judged, OutputValidator
from headrace.infer.schemas.base import Problem
from headrace.infer.schemas.validate import problems
from headrace.infer.upstreams.base import FILTERED, LENGTH, Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A choice and what is wrong with it; nothing where it has an answer."""

    answer: Answer | None
    problems: Sequence[Problem] = ()
    repair: RepairKind | None = None
    fields: Mapping[str, bool] = field(default_factory=dict)
    reason: Reason = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """What the choices of one call are held against."""

    request: CallRequest
    tools: Tools
    shield: Shield | None = None
    validators: Sequence[OutputValidator] = ()

    def __call__(self, choice: Choice) -> Checked:
        """Check one choice; restoring comes before validating, so that values are judged and not tokens."""
        show = self.shield.show if self.shield else str
        if self._is_refusal(choice):
            return self._refused(choice)
        if choice.tool_calls:
            return self._tool_calls(choice)
        if self.request.schema is None:
            answer = Answer(output=(text := show(choice.text)), text=text, finish_reason=choice.finish_reason)
            if not choice.text.strip() and choice.finish_reason not in (LENGTH, "no_answer"):
                return _wrong("the output is empty")
            return self._judged(answer, None, {})
        if choice.finish_reason == LENGTH:
            return _wrong("the output was cut off at the limit of tokens", reason="truncated")
        return self._json(choice)

    def _is_refusal(self, choice: Choice) -> bool:
        return choice.refusal is not None or choice.finish_reason == FILTERED

    def _refused(self, choice: Choice) -> Checked:
        """A refusal is an answer only where any text is one and no other model may be tried."""
        show = self.shield.show if self.shield else str
        said = show(choice.refusal or choice.text or "")
        if self.request.schema is None and not self.request.fallbacks:
            answer = Answer(output=said, text=said, finish_reason=FILTERED, refusal=said or "refused")
            return Checked(answer=answer)
        return _wrong(f"the model refused: {said[:200]}", reason="refused")

    def _tool_calls(self, choice: Choice) -> Checked:
        cut = choice.finish_reason == LENGTH
        calls, found, mended = self.tools.check_calls(choice.tool_calls, repair=not cut)
        if found:
            return Checked(answer=None, problems=found, reason="truncated" if cut else "invalid")
        show = self.shield.show if self.shield else str
        if self.shield is not None:
            calls = [_restored(call, self.shield) for call in calls]
        answer = Answer(
            output=None, text=show(choice.text), tool_calls=calls, finish_reason=choice.finish_reason
        )
        return Checked(answer=answer, repair=mended.repair if mended else None)

    def _json(self, choice: Choice) -> Checked:
        assert self.request.schema is not None
        read = read_json(choice.text)
        if read.problem:
            return _wrong(read.problem)
        value = self.shield.show_json(read.value) if self.shield else read.value
        filled = _filled(self.request.schema.json_schema, value)
        found = problems(self.request.schema, value)
        if found:
            return Checked(answer=None, problems=found, repair=read.repair, fields=filled)
        as_written = read.repair is None and self.shield is None
        text = choice.text if as_written else json.dumps(value, ensure_ascii=False)
        answer = Answer(output=value, text=text, finish_reason=choice.finish_reason)
        return self._judged(answer, read.repair, filled)

    def _judged(self, answer: Answer, repair: RepairKind | None, filled: Mapping[str, bool]) -> Checked:
        judged = Judged(output=answer.output, text=answer.text, request=self.request)
        for validator in self.validators:
            try:
                found = list(validator(judged))
            except Exception as error:  # noqa: BLE001 - a validator may be foreign code; its failure stops the call
                said = f"a validator failed: {type(error).__name__}: {error}"
                return Checked(
                    answer=None,
                    problems=[Problem(path="", message=said[:300])],
                    repair=repair,
                    fields=filled,
                    reason="validator",
                )
            if found:
                return Checked(answer=None, problems=found[:20], repair=repair, fields=filled)
        return Checked(answer=answer, repair=repair, fields=filled)


def _wrong(message: str, *, reason: Reason = "invalid") -> Checked:
    return Checked(answer=None, problems=[Problem(path="", message=message)], reason=reason)


def _filled(json_schema: Mapping[str, Any], value: Any) -> dict[str, bool]:
    declared = json_schema.get("properties")
    if not isinstance(declared, Mapping) or not isinstance(value, Mapping):
        return {}
    return {name: value.get(name) not in (None, "", [], {}) for name in declared}


def _restored(call: Mapping[str, Any], shield: Shield) -> dict[str, Any]:
    function = call["function"]
    shown = shield.show_json(json.loads(function["arguments"]))
    return {**call, "function": {**function, "arguments": json.dumps(shown, ensure_ascii=False)}}
