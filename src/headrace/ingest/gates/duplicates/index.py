"""The index of near duplicates: who yields to whom, whatever came and went, without hashing a text again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from headrace.ingest.gates.duplicates.store import SignatureStore
from headrace.ingest.gates.duplicates.winners import Standing, winners

Node = tuple[str, str]
"""Access labels and content: documents of one node are equal; others' labels are never compared."""


class Entry(NamedTuple):
    """A document to insert; one that is there already is replaced."""

    document: str
    content: str
    """Hash of its normalised text; empty for a text without words, which is nobody's duplicate."""
    group: str = ""
    """Its access labels in one text."""
    standing: Standing = Standing()


class Yielding(NamedTuple):
    """What a loser stands behind."""

    winner: str
    similarity: float
    """Estimated Jaccard index of the word runs of the two; 1 where their texts are equal."""


@dataclass(slots=True)
class DuplicateIndex:
    """Documents, and who yields to whom; the signatures lie in a store.

    After any history of `apply` the state is that of an index built of the same documents at once. Memory per
    document: some 500 bytes here, and in the store 528 bytes and 12 a band that may be memory-mapped.
    """

    store: SignatureStore = field(default_factory=SignatureStore)
    threshold: float = 0.8
    """Least share of equal values of two signatures."""
    members: dict[str, Entry] = field(default_factory=dict)
    aliases: dict[str, Yielding] = field(default_factory=dict)
    """Losers with what they yield to."""
    _holders: dict[Node, list[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        entries: Iterable[Entry],
        aliases: Mapping[str, Yielding],
        *,
        store: SignatureStore,
        threshold: float,
    ) -> DuplicateIndex:
        """The index as an earlier `apply` left it."""
        opened = cls(store=store, threshold=threshold, aliases=dict(aliases))
        for entry in entries:
            opened._hold(entry)
        return opened

    def apply(
        self, entries: Sequence[Entry], *, removed: Iterable[str] = (), again: Iterable[str] = ()
    ) -> dict[str, Yielding | None]:
        """Insert, replace and delete; gives the documents that yield otherwise now, None for one that wins.

        Their signatures must be in the store. `again` names documents to compare anew. A deleted document is
        not in the answer.
        """
        touched: set[Node] = set()
        gone = list(removed)
        for document in gone:
            touched |= self._drop(document)
        for entry in entries:
            touched |= self._drop(entry.document)
            touched |= self._hold(entry)
        for document in gone:
            if document not in self.members:
                self.aliases.pop(document, None)
        for document in again:
            member = self.members.get(document)
            if member is not None and member.content:
                touched.add((member.group, member.content))
        changed: dict[str, Yielding | None] = {
            entry.document: None
            for entry in entries
            if not entry.content and self.aliases.pop(entry.document, None) is not None
        }
        return changed | self._resolve(touched)

    def with_threshold(self, threshold: float) -> DuplicateIndex:
        """The same documents by another threshold."""
        other = DuplicateIndex(store=self.store, threshold=threshold)
        other.apply(list(self.members.values()))
        return other

    def _drop(self, document: str) -> set[Node]:
        member = self.members.pop(document, None)
        if member is None or not member.content:
            return set()
        node = (member.group, member.content)
        held = self._holders[node]
        held.remove(document)
        if not held:
            del self._holders[node]
        return {node}

    def _hold(self, entry: Entry) -> set[Node]:
        self.members[entry.document] = entry
        if not entry.content:
            return set()
        node = (entry.group, entry.content)
        self._holders.setdefault(node, []).append(entry.document)
        return {node}

    def _resolve(self, touched: set[Node]) -> dict[str, Yielding | None]:
        """Choose winners anew in every group of near duplicates that a change reaches."""
        alike: dict[Node, dict[Node, float]] = {}
        alike_contents: dict[str, dict[str, float]] = {}
        frontier = touched
        while frontier:
            self._ask({content for _, content in frontier}, alike_contents)
            for group, content in frontier:
                near = alike_contents[content].items()
                alike[group, content] = {
                    (group, other): share for other, share in near if (group, other) in self._holders
                }
            frontier = {other for node in frontier for other in alike[node]} - alike.keys()
        changed: dict[str, Yielding | None] = {}
        for node in [
            node for node, near in alike.items() if not near and len(self._holders.get(node, ())) == 1
        ]:
            # Most documents are like no other one.
            del alike[node]
            (document,) = self._holders[node]
            if self.aliases.pop(document, None) is not None:
                changed[document] = None
        best = {
            node: min(held, key=self._order)
            for node in alike
            if (held := self._holders.get(node)) is not None
        }
        chosen = winners(best, alike, lambda node: self._order(best[node]))
        for node, winner in chosen.items():
            share = 1.0 if winner == node else alike[node][winner]
            for document in self._holders[node]:
                now = None if document == best[winner] else Yielding(best[winner], share)
                if self.aliases.get(document) != now:
                    changed[document] = now
                if now is None:
                    self.aliases.pop(document, None)
                else:
                    self.aliases[document] = now
        return changed

    def _ask(self, contents: set[str], known: dict[str, dict[str, float]]) -> None:
        fresh = sorted(contents - known.keys())
        known.update({content: {} for content in fresh})
        for pair in self.store.pairs(fresh, threshold=self.threshold):
            known[pair.asked][pair.other] = pair.similarity

    def _order(self, document: str) -> tuple[int, int, str]:
        return self.members[document].standing.order(document)
