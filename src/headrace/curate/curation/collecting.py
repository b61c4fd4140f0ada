"""Drafts of one run: consent asked, duplicates folded into one item, each tied to its traces."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.curate.curation.consent import Allowed
from headrace.curate.curation.drafting import Draft
from headrace.curate.curation.duplicates import NearIndex
from headrace.curate.curation.parts import CurationParts
from headrace.curate.curation.sealed import opened, sealed
from headrace.ledger import curation
from headrace.ledger.curation import ItemRow, LinkRow

SAMPLE = "sample"
"""What stands for a rule where a trace was drawn at random."""
Place = tuple[str, str, str, str]
"""Kind, destination, part, context: only drafts of one place can be the same."""


@dataclass(slots=True, kw_only=True)
class Collected:
    """What a batch of traces gave."""

    items: dict[str, ItemRow] = field(default_factory=dict)
    links: list[LinkRow] = field(default_factory=list)


class Collector:
    """Gives every draft its item: a new one, or the one that says the same already."""

    def __init__(self, parts: CurationParts) -> None:
        self._parts = parts
        self._indices: dict[Place, NearIndex] = defaultdict(NearIndex)
        self._known: set[str] = set()
        self.repeated = 0
        """Drafts that were there already, or nearly."""
        self.left_out: Counter[str] = Counter()
        with parts.ledger.read() as conn:
            rows = curation.find(conn)
        for row in rows:
            self._known.add(row.id)
            body = opened(parts.keyring, row)
            if body:
                place = (row.kind, row.destination, row.part, str(body["context"]))
                self._indices[place].add(row.id, str(body["text"]))

    def take(
        self,
        draft: Draft,
        *,
        rule: str,
        allowed: Allowed,
        link: Link,
        into: Collected,
        review: bool = True,
    ) -> str | None:
        """Add a draft to a batch, unless its users do not allow it; returns the item it belongs to."""
        draft = allowed.reduced(draft)
        refused = allowed.refuses(draft.kind, draft.subject, draft.author)
        if refused is not None:
            self.left_out[refused] += 1
            return None
        item = self._item(draft, rule=rule, into=into, review=review)
        into.links.append(
            LinkRow(
                item=item,
                trace_id=link.trace_id,
                rule=rule,
                occurred_at_us=link.occurred_at_us,
                linked_at_us=0,
                probability=link.probability,
                evidence=json.dumps(link.evidence, sort_keys=True),
            )
        )
        return item

    def _item(self, draft: Draft, *, rule: str, into: Collected, review: bool) -> str:
        part = "random" if rule == SAMPLE else "failures"
        place = (draft.kind, draft.destination, part, draft.context)
        name = self._parts.keyring.keyed("draft", *place, draft.text)
        if name in self._known:
            self.repeated += 1
            return name
        index = self._indices[place]
        near = index.find(draft.text)
        if near is not None:
            self.repeated += 1
            return near
        index.add(name, draft.text)
        self._known.add(name)
        into.items[name] = _row(self._parts, name, draft, rule=rule, part=part, review=review)
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The trace behind a draft."""

    trace_id: str
    occurred_at_us: int
    evidence: Mapping[str, Any]
    probability: float | None = None


def _row(parts: CurationParts, name: str, draft: Draft, *, rule: str, part: str, review: bool) -> ItemRow:
    body = {**draft.body, "text": draft.text, "context": draft.context}
    return ItemRow(
        id=name,
        kind=draft.kind,
        destination=draft.destination,
        state="new" if review else "accepted",
        reason=rule,
        part=part,
        origin=draft.origin,
        depth=draft.depth,
        subject=draft.subject,
        author=draft.author,
        family=draft.family,
        owner=None,
        noticed_at_us=0,
        decided_at_us=None,
        actor=None if review else f"rule {rule}",
        note=None,
        merged_into=None,
        delivered_at_us=None,
        result=None,
        body=sealed(parts.keyring, body),
    )
