"""Whole requests, component by component: what models were given here and there."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

COMPONENTS = (
    "system",
    "few_shot",
    "tools",
    "sampling",
    "features",
    "schema",
    "chat_template",
    "tokenizer",
    "model",
)
"""What is compared by value; `context_tokens` and `corpus_documents` are compared by their size."""
NOTHING = "none"
_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShape:
    """One request without its content: digests of what shaped it. None means that it is not known."""

    example: str
    """A trace id, the key of a row or of a case: where to look."""
    prompt: str | None = None
    """Name of the prompt; requests of one prompt are compared with each other."""
    system: str | None = None
    """Digest of the template, or of the system message where it comes from outside."""
    few_shot: str | None = None
    """Digest of the set, or `none`."""
    tools: str | None = None
    """Digest of the definitions, or `none`."""
    sampling: str | None = None
    """The parameters as canonical JSON, or `none`."""
    features: str | None = None
    """Names of features it takes, or `none`."""
    schema: str | None = None
    """Digest of the schema, or `none`."""
    chat_template: str | None = None
    """Digest of the pinned file, or `none`."""
    tokenizer: str | None = None
    """Digest of the pinned file, or `none`."""
    model: str | None = None
    """Identity of the model that was asked."""
    context_tokens: int | None = None
    """Tokens of the whole input."""
    corpus_documents: int | None = None
    """Documents that were searched for it."""


class Spread(NamedTuple):
    """How large something was."""

    number: int
    p50: float
    p95: float
    largest: float


class Difference(NamedTuple):
    """One component of two groups of requests."""

    component: str
    share_first: float
    """Of the first group: requests with a value that the second never had."""
    share_second: float
    """Of the second group: requests with a value that the first never had."""
    only_first: Sequence[tuple[str, int, Sequence[str]]]
    """Values that the second never had: value, count, examples."""
    only_second: Sequence[tuple[str, int, Sequence[str]]]
    """Values that the first never had."""


@dataclass(frozen=True, slots=True)
class Group:
    """Requests of one origin, counted."""

    name: str
    count: int = 0
    values: Mapping[str, Counter[str]] = field(default_factory=dict)
    """Component to how often each value was there."""
    examples: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """Component and value to some examples."""
    context: Spread | None = None
    """Tokens of the input."""
    documents: Spread | None = None
    """Documents of the corpus."""


def grouped(name: str, shapes: Iterable[RequestShape]) -> Group:
    """Count requests of one origin."""
    values: dict[str, Counter[str]] = {component: Counter() for component in COMPONENTS}
    examples: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    context: list[float] = []
    documents: list[float] = []
    count = 0
    for shape in shapes:
        count += 1
        for component in COMPONENTS:
            value = getattr(shape, component)
            if value is None:
                continue
            values[component][value] += 1
            if len(examples[component, value]) < _EXAMPLES:
                examples[component, value].append(shape.example)
        context += [] if shape.context_tokens is None else [shape.context_tokens]
        documents += [] if shape.corpus_documents is None else [shape.corpus_documents]
    return Group(name, count, values, dict(examples), spread(context), spread(documents))


def spread(values: Sequence[float]) -> Spread | None:
    """Percentiles by nearest rank; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    p50, p95 = (ordered[max(0, math.ceil(share * len(ordered)) - 1)] for share in (0.5, 0.95))
    return Spread(len(ordered), p50, p95, ordered[-1])


def differences(first: Group, second: Group) -> list[Difference]:
    """Components of which one group has values that the other never had.

    What a group does not know is left out. That both have the same values in other shares is no difference:
    traffic is mixed otherwise every day.
    """
    found = []
    for component in COMPONENTS:
        one, other = first.values.get(component, Counter()), second.values.get(component, Counter())
        if not one.total() or not other.total():
            continue
        only = [_only(first, component, one, other), _only(second, component, other, one)]
        if any(only):
            shares = [
                round(sum(count for _, count, _ in values) / counted.total(), 4)
                for values, counted in zip(only, (one, other), strict=True)
            ]
            found.append(Difference(component, shares[0], shares[1], only[0], only[1]))
    return found


def _only(
    group: Group, component: str, own: Counter[str], other: Counter[str]
) -> list[tuple[str, int, Sequence[str]]]:
    return [
        (value, count, group.examples.get((component, value), ()))
        for value, count in own.most_common()
        if value not in other
    ]


def grew(then: Spread | None, now: Spread | None, *, times: float) -> bool:
    """Whether the usual or the large ones are so many times what they were, or the other way round."""
    if then is None or now is None:
        return False
    return any(
        high > times * max(low, 1)
        for before, after in ((then.p50, now.p50), (then.p95, now.p95))
        for high, low in ((before, after), (after, before))
    )
