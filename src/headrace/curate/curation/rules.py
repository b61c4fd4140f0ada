"""Rules: which traces become what. A rule is a list of conditions that must all hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.curate.curation.conditions import Condition, Values, parse
from headrace.errors import ConfigError
from headrace.records.curation import ItemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """`[[curate.rules]]`: traces of which all conditions hold become drafts."""

    name: str
    """Names it in reports."""
    when: tuple[str, ...]
    """Conditions, such as `p_bad >= 0.5`, `dead_letter` or `not uncited`; all must hold."""
    to: ItemKind
    """A draft case, a training row, or a pair of a rejected and a chosen answer."""
    into: str = ""
    """Golden set or dataset; if not given, `production` for cases, `accepted` for rows, `edits` for pairs."""
    review: bool = True
    """Whether somebody decides first; else drafts are accepted as they come."""

    def __post_init__(self) -> None:
        if not self.when:
            raise ConfigError("A rule needs a condition.", key="when")
        for text in self.when:
            parse(text)

    @property
    def conditions(self) -> Sequence[Condition]:
        """What must hold."""
        return [parse(text) for text in self.when]

    @property
    def destination(self) -> str:
        """The golden set or dataset."""
        return self.into or _INTO[self.to]


_INTO: Mapping[ItemKind, str] = {"case": "production", "row": "accepted", "pair": "edits"}

DEFAULT_RULES: Sequence[RuleSpec] = (
    RuleSpec(name="bad", when=("p_bad >= 0.5",), to="case"),
    RuleSpec(name="rejected", when=("rejected",), to="case"),
    RuleSpec(name="dead-letter", when=("dead_letter",), to="case"),
    RuleSpec(name="schema", when=("schema_violation",), to="case"),
    RuleSpec(name="unanswered", when=("unanswered",), to="case"),
    RuleSpec(name="citations-removed", when=("removed_citations >= 1",), to="case"),
    RuleSpec(name="low-confidence", when=("confidence < 0.5",), to="case"),
    RuleSpec(name="slow", when=("seconds >= 30",), to="case"),
    RuleSpec(name="corrected", when=("corrected",), to="row", into="corrections"),
    RuleSpec(name="edit", when=("edited",), to="row", into="corrections"),
    RuleSpec(name="edit-pair", when=("edited",), to="pair"),
    RuleSpec(name="accepted", when=("accepted", "not rejected", "not edited", "not corrected"), to="row"),
)
"""What holds for a workspace that declares no rule."""


def matching(rules: Sequence[RuleSpec], values: Values) -> list[RuleSpec]:
    """The rules of which every condition holds, in their order."""
    return [rule for rule in rules if all(condition.holds(values) for condition in rule.conditions)]
