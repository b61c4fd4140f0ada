"""From a trace and a rule to a draft: what would go into a golden set or a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headrace.curate.curation.duplicates import normalised
from headrace.curate.curation.evidence import Evidence, Wording
from headrace.curate.curation.facts import TraceFacts
from headrace.curate.curation.rules import RuleSpec
from headrace.ledger.identity import digest
from headrace.records.curation import ItemKind, Origin

LeftOut = Literal[
    "no question", "no answer", "edit too small", "no edit of this answer", "same text", "another prompt"
]
_REWRITTEN = 0.7
"""A text that changes more of an answer is no edit of it."""
_FEWEST_CHARACTERS = 5
"""An edit that changes fewer is cosmetics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a trace would become."""

    kind: ItemKind
    destination: str
    context: str
    """Corpus or prompt: equal texts in two of them are two drafts."""
    text: str
    """What makes it the same as another one, normalised."""
    body: Mapping[str, Any]
    """`question`, `observed`, `expected` and the fields of the case, row or pair."""
    subject: str | None
    author: str | None
    family: str
    origin: Origin
    depth: int


def draft_of(
    rule: RuleSpec, facts: TraceFacts, evidence: Evidence, *, minimum_edit: float
) -> Draft | LeftOut:
    """What a trace becomes by a rule, or why it becomes nothing."""
    if not facts.shown.question.strip():
        return "no question"
    if rule.to == "case":
        return case_of(facts, evidence, destination=rule.destination)
    if not facts.shown.answer.strip():
        return "no answer"
    edit, correction = evidence.edit, evidence.correction
    if rule.to == "pair":
        return _edited_pair(rule, facts, edit, minimum_edit=minimum_edit)
    if correction is not None:
        return _row(rule, facts, correction.text, author=correction.author, origin="corrected")
    if edit is not None:
        wrong = _edit_problem(facts, edit, minimum_edit=minimum_edit)
        return wrong or _row(rule, facts, edit.text, author=edit.author, origin="edited")
    return _row(rule, facts, facts.shown.answer, author=None, origin="observed")


def case_of(facts: TraceFacts, evidence: Evidence, *, destination: str) -> Draft:
    """A draft case: the question, and what a user said the answer should be."""
    question = facts.shown.question
    wording = evidence.correction or evidence.edit
    inputs: dict[str, Any] = {"question": question}
    if facts.corpus is not None:
        inputs["corpus"] = facts.corpus
    elif len(facts.messages) > 1:
        inputs["messages"] = list(facts.messages)
    return Draft(
        kind="case",
        destination=destination,
        context=facts.corpus or facts.prompt or "",
        text=normalised(question),
        body={
            "question": question,
            "observed": facts.shown.answer,
            "expected": None if wording is None else wording.text,
            "inputs": inputs,
        },
        subject=facts.subject,
        author=None if wording is None else wording.author,
        family=_family(facts),
        origin="observed" if wording is None else "corrected",
        depth=0,
    )


def regenerated_pair(
    rule: RuleSpec, worse: TraceFacts, better: TraceFacts, *, author: str | None = None
) -> Draft | LeftOut:
    """A pair of an answer that was asked for again and the one that was accepted, to the same prompt."""
    same = normalised(worse.shown.question) == normalised(better.shown.question)
    if not same or worse.prompt != better.prompt or worse.messages != better.messages:
        return "another prompt"
    if normalised(worse.shown.answer) == normalised(better.shown.answer):
        return "same text"
    return _pair(rule, worse, better.shown.answer, author=author, origin="observed")


def _edited_pair(
    rule: RuleSpec, facts: TraceFacts, edit: Wording | None, *, minimum_edit: float
) -> Draft | LeftOut:
    if edit is None:
        return "no edit of this answer"
    wrong = _edit_problem(facts, edit, minimum_edit=minimum_edit)
    return wrong or _pair(rule, facts, edit.text, author=edit.author, origin="edited")


def _edit_problem(facts: TraceFacts, edit: Wording, *, minimum_edit: float) -> LeftOut | None:
    if normalised(edit.text) == normalised(facts.shown.answer):
        return "same text"
    changed = 1.0 if edit.changed is None else edit.changed
    characters = changed * max(len(edit.text), len(facts.shown.answer))
    if changed < minimum_edit or characters < _FEWEST_CHARACTERS:
        return "edit too small"
    if changed > _REWRITTEN:
        return "no edit of this answer"
    return None


def _row(rule: RuleSpec, facts: TraceFacts, completion: str, *, author: str | None, origin: Origin) -> Draft:
    question = facts.shown.question
    return Draft(
        kind="row",
        destination=rule.destination,
        context=facts.prompt or "",
        text=f"{normalised(question)}\n{normalised(completion)}",
        body={
            "question": question,
            "observed": facts.shown.answer,
            "expected": completion,
            "fields": {"messages": list(facts.messages), "completion": completion},
        },
        subject=facts.subject,
        author=author,
        family=_family(facts),
        origin=origin,
        depth=facts.depth if origin == "observed" else 0,
    )


def _pair(rule: RuleSpec, facts: TraceFacts, chosen: str, *, author: str | None, origin: Origin) -> Draft:
    question, rejected = facts.shown.question, facts.shown.answer
    texts = (normalised(question), normalised(rejected), normalised(chosen))
    return Draft(
        kind="pair",
        destination=rule.destination,
        context=facts.prompt or "",
        text="\n".join(texts),
        body={
            "question": question,
            "observed": rejected,
            "expected": chosen,
            "fields": {"messages": list(facts.messages), "chosen": chosen, "rejected": rejected},
        },
        subject=facts.subject,
        author=author,
        family=_family(facts),
        origin=origin,
        depth=facts.depth if origin == "observed" else 0,
    )


def _family(facts: TraceFacts) -> str:
    """A session stays together in a split; without one, equal questions do."""
    if facts.shown.session is not None:
        return digest("family", ["session", facts.shown.session])
    return digest("family", ["question", normalised(facts.shown.question)])
