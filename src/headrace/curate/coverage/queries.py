"""What users asked: the questions of production, one for each trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from headrace.curate.curation.evidence import values_of
from headrace.curate.curation.parts import CurationParts
from headrace.curate.curation.reading import read_known
from headrace.curate.curation.rules import matching
from headrace.curate.curation.sealed import scrubbed
from headrace.observe.signals.shown import ANSWERING
from headrace.records.call import SpanEvent

if TYPE_CHECKING:
    from headrace.privacy.engine import Engine

_BATCH = 500


class Asked(NamedTuple):
    """A question of production."""

    trace_id: str
    text: str
    failing: bool
    """Whether a rule for cases finds it."""
    input_tokens: int | None


class Traffic(NamedTuple):
    """What was asked in a time."""

    total: int
    """Traces, those that were not drawn included."""
    asked: Sequence[Asked]
    """Sorted by their text, so that no order of arrival tells."""


def read_traffic(parts: CurationParts, *, since_ns: int, limit: int) -> Traffic:
    """The questions of the traces since a time; of more than `limit` a random sample, always the same."""
    ends = dict(parts.events.answered((*ANSWERING, "search"), since_ns=since_ns))
    names = sorted(ends, key=lambda trace: (parts.keyring.keyed("sample", trace), trace))[:limit]
    found: list[Asked] = []
    for start in range(0, len(names), _BATCH):
        found += _batch(parts, names[start : start + _BATCH])
    return Traffic(len(ends), sorted(found, key=lambda item: (item.text, item.trace_id)))


def _batch(parts: CurationParts, names: Sequence[str]) -> list[Asked]:
    known = read_known(parts, names)
    rules = [rule for rule in parts.config.in_force if rule.to == "case"]
    found = [
        Asked(
            name,
            item.facts.shown.question,
            bool(matching(rules, values_of(*item))),
            item.facts.input_tokens,
        )
        for name, item in known.items()
    ]
    engine = parts.engine()
    for name in names:
        if name not in known:
            found += _searched(engine, parts.events.trace(name))
    return [item for item in found if item.text.strip()]


def _searched(engine: Engine, spans: Sequence[SpanEvent]) -> list[Asked]:
    """A search that no answer was made of; it fails where it finds nothing."""
    for span in spans:
        query = span.attributes.get("query")
        if span.kind == "search" and isinstance(query, str):
            text = str(scrubbed(engine, query))
            return [Asked(span.trace_id, text, not span.attributes.get("hits"), None)]
    return []
