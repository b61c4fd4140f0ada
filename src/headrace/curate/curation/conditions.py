"""Conditions: what a rule asks of a trace."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from headrace.errors import ConfigError

FactKind = Literal["number", "flag", "text", "set"]
_CONDITION = re.compile(
    r"(?P<negated>not\s+)?(?P<fact>[a-z_]+)(?:\s*(?P<operator>>=|<=|!=|=|>|<)\s*(?P<value>[^=<>\s].*?))?\s*"
)
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}


class Fact(NamedTuple):
    """Something that a condition can speak of."""

    kind: FactKind
    meaning: str


FACTS: Mapping[str, Fact] = {
    "p_bad": Fact("number", "P(bad) by all [signals](signals.md), 0 to 1"),
    "seconds": Fact("number", "from the question to the answer"),
    "confidence": Fact("number", "what the output, or the span, says of itself, 0 to 1"),
    "citations": Fact("number", "citations that the answer shows"),
    "removed_citations": Fact("number", "citations that did not hold and were taken out"),
    "input_tokens": Fact("number", "tokens that the model read"),
    "changed": Fact("number", "share of the answer that a user's edit changed, 0 to 1"),
    "failed": Fact("flag", "the call ended with an error"),
    "unanswered": Fact("flag", "an error, no text, a refusal, or an answer without any ground"),
    "uncited": Fact("flag", "an answer from documents that cites none"),
    "dead_letter": Fact("flag", "the output never became valid"),
    "schema_violation": Fact("flag", "an output did not fit its schema, even if a later one did"),
    "refused": Fact("flag", "the model refused"),
    "truncated": Fact("flag", "the output was cut off"),
    "edited": Fact("flag", "a user edited the answer"),
    "corrected": Fact("flag", "a user wrote what would have been right"),
    "accepted": Fact("flag", "a thumb up, a good rating, copied or applied unchanged, or judged good"),
    "rejected": Fact("flag", "a thumb down, a low rating, reported, or judged bad"),
    "signal": Fact("set", "a kind of signal, with its side where it has two: `thumbs_down`, `retry`"),
    "kind": Fact("text", "`ask`, `call` or `chat`"),
    "corpus": Fact("text", "the corpus that was asked"),
    "prompt": Fact("text", "digest of the prompt version"),
    "model": Fact("text", "the model that answered"),
}

Values = Mapping[str, Any]
"""Fact to its value for one trace; None where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`fact`, `not fact`, or `fact operator value`."""

    fact: str
    operator: str | None = None
    value: float | str | None = None
    negated: bool = False

    def holds(self, values: Values) -> bool:
        """Whether it holds; never for a fact that is not known."""
        known = values.get(self.fact)
        if known is None:
            return False
        return self._plain(known) != self.negated

    def _plain(self, known: Any) -> bool:
        if self.operator is None:
            return bool(known)
        if isinstance(known, frozenset | set):
            return (self.value in known) == (self.operator == "=")
        return _OPERATORS[self.operator](known, self.value)


def parse(text: str) -> Condition:
    """Read a condition. Raises ConfigError, with what is allowed."""
    found = _CONDITION.fullmatch(text.strip())
    if found is None:
        raise _wrong(text, "is no condition", ["FACT", "not FACT", "FACT >= NUMBER", "FACT = text"])
    name, sign, given = found["fact"], found["operator"], found["value"]
    fact = FACTS.get(name)
    if fact is None:
        raise _wrong(text, f"speaks of {name!r}, which is no fact", sorted(FACTS))
    value: float | str | None = None
    if fact.kind == "flag" and sign is not None:
        raise _wrong(text, f"compares {name!r}, which is true or false", [name, f"not {name}"])
    if fact.kind != "flag" and sign is None:
        raise _wrong(text, f"does not say with what {name!r} is compared", [f"{name} = …"])
    if fact.kind == "number":
        try:
            value = float(given)
        except ValueError:
            raise _wrong(text, f"compares {name!r} with no number", [f"{name} {sign} 0.5"]) from None
    elif sign is not None:
        if sign not in ("=", "!="):
            raise _wrong(text, f"orders {name!r}, which is a text", [f"{name} = {given}"])
        value = given.strip("'\"")
    return Condition(fact=name, operator=sign, value=value, negated=bool(found["negated"]))


def _wrong(text: str, problem: str, allowed: Sequence[str]) -> ConfigError:
    return ConfigError(f"The condition {text!r} {problem}.", key="when", allowed=list(allowed))
