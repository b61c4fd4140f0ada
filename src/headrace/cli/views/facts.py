"""The facts of a node on a few words: flat, short, and without what its name already says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.cli.output import one_line

MOST_CHARACTERS = 100
MOST_FACTS = 10
TELLING_CHARACTERS = 4
"""A shorter value stands in too many texts by chance to count as said."""


def facts_line(facts: Mapping[str, Any], *, known: str = "") -> str:
    """`name value · other.name value`; what stands in `known` already is left out, what is long is cut."""
    shown = [
        f"{one_line(name)} {one_line(_cut(value))}"
        for name, value in _flat(facts)
        if value and (len(value) < TELLING_CHARACTERS or value not in known)
    ]
    if len(shown) > MOST_FACTS:
        shown = [*shown[:MOST_FACTS], "…"]
    return " · ".join(shown)


def _flat(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}.")
        elif isinstance(value, bool):
            yield path, "yes" if value else "no"
        elif isinstance(value, list | tuple):
            is_span = len(value) == 2 and all(isinstance(item, int) for item in value)
            texts = [str(item) for item in value]
            yield (
                path,
                "–".join(texts) if is_span else " › ".join(texts) if name == "headings" else ", ".join(texts),
            )
        elif value is not None:
            yield path, " ".join(str(value).split())


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
