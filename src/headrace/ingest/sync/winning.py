"""What a pass whose documents are compared has to write: winners that the index does not hold as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from headrace.ingest.sync.changes import Candidate, Changes
from headrace.ingest.sync.comparison import GATE
from headrace.ingest.sync.duplicates import Duplicates
from headrace.ingest.sync.prepare import Making, Outcome, Prepared, prepare
from headrace.ledger.near_duplicates import Row
from headrace.records.gates import Judgement

_HELD_CHARACTERS = 64_000_000
_BATCH = 512
_ATTEMPTS = 3


class Read(NamedTuple):
    """A document as this run read it."""

    candidate: Candidate
    revision: str
    judgement: Judgement | None
    """What the gates said of it alone."""


class Work:
    """The documents of one run, from reading to writing."""

    def __init__(self, found: Duplicates, changes: Changes) -> None:
        self.found = found
        self.read: dict[str, Read] = {}
        """Documents with other content than before."""
        self.moved_from: dict[str, str] = {}
        """New URI to old URI."""
        self.done: dict[str, bool] = {}
        """Documents that were written, and whether they are tagged."""
        self.given_up: set[str] = set()
        """Documents that could not be written: none of them is due again in this run."""
        self._changes = changes
        self._held: dict[str, Prepared] = {}
        self._characters = 0
        self._attempts: dict[str, int] = {}

    def take(self, document: Prepared) -> None:
        """Let a document take part as it was read; it is kept for writing while there is room."""
        uri = document.candidate.item.uri
        self.found.put(document)
        self.read[uri] = Read(document.candidate, document.revision, document.judgement)
        self._let_go(uri)
        size = sum(map(len, document.texts))
        if self._characters + size <= _HELD_CHARACTERS:
            self._characters += size
            self._held[uri] = document

    def see(self, documents: Iterable[Prepared]) -> None:
        """Take documents as the sources give them."""
        for document in documents:
            self._pair(document)
            self.take(document)

    def _pair(self, document: Prepared) -> None:
        """Find out whether a new document is one that went missing elsewhere."""
        uri = document.candidate.item.uri
        if uri not in self.found.rows and uri not in self.moved_from:
            old = self._changes.claim(document.revision)
            if old is not None:
                self.moved_from[uri] = old

    def winners(self) -> list[str]:
        """Documents to write now: first those whose content nobody serves, promoted ones, then by URI."""
        due = [uri for uri in self.found.affected if self._is_due(uri)]
        return sorted(due, key=lambda uri: (uri in self.read, uri))

    def batches(self, uris: Sequence[str], making: Making) -> Iterator[Sequence[Outcome]]:
        """Documents to write; those that are not at hand as they are to be are read again.

        One that no source lists any more is given up.
        """
        at_hand = [document for uri in uris if (document := self._at_hand(uri)) is not None]
        again = sorted(set(uris) - {document.candidate.item.uri for document in at_hand})
        candidates = [found for uri in again if (found := self._changes.candidate(uri)) is not None]
        self.give_up(set(again) - {candidate.item.uri for candidate in candidates})
        tags = {uri: GATE for uri in again if self.tagged(uri)}
        # What is promoted is among these, and nobody serves its content: so they come first.
        yield from prepare(candidates, replace(making, tags=tags))
        for start in range(0, len(at_hand), _BATCH):
            yield at_hand[start : start + _BATCH]

    def origin(self, document: Prepared) -> str | None:
        """The URI that a new document had before it moved."""
        return self.moved_from.get(document.candidate.item.uri)

    def wrote(self, uris: Iterable[str]) -> None:
        """These documents are written as they are to be."""
        self.done |= {uri: self.tagged(uri) for uri in uris}

    def tagged(self, uri: str) -> bool:
        """Whether a document is served and says that it yields."""
        row = self.found.row(uri)
        return self.found.comparison.tags and row is not None and row.winner is not None

    def accept(self, batch: Iterable[Outcome]) -> list[Prepared]:
        """The documents of a batch that are what was compared; one that changed since is compared anew."""
        accepted: list[Prepared] = []
        for item in batch:
            if not isinstance(item, Prepared):
                continue
            uri = item.candidate.item.uri
            row = self.found.wanted.get(uri)
            if row is not None and (row.revision, row.content) == (item.revision, item.content):
                accepted.append(item)
            elif self._attempts.setdefault(uri, 0) < _ATTEMPTS:
                self._attempts[uri] += 1
                self.take(item)
            else:
                self.give_up([uri])
        return accepted

    def row(self, uri: str) -> Row | None:
        """The row to publish: one of a document that could not be written asks to be compared anew."""
        row = self.found.row(uri)
        return row._replace(labels="") if row is not None and uri in self.given_up else row

    def give_up(self, uris: Collection[str]) -> None:
        """Documents that could not be written stay as the index holds them, or take no part."""
        self.given_up.update(uris)
        for uri in uris:
            self.found.revert(uri)
            self.read.pop(uri, None)
            self._let_go(uri)
            old = self.moved_from.pop(uri, None)
            if old is not None:
                self.found.revert(old)

    def _at_hand(self, uri: str) -> Prepared | None:
        """The document as it was read, once, where it is to be written like that."""
        document = self._let_go(uri)
        return None if self.tagged(uri) else document

    def _let_go(self, uri: str) -> Prepared | None:
        document = self._held.pop(uri, None)
        if document is not None:
            self._characters -= sum(map(len, document.texts))
        return document

    def gone(self, deleted: Sequence[str]) -> list[str]:
        """Documents that take no part any more: deleted ones, and those that moved."""
        return [*deleted, *self.moved_from.values()]

    def _is_due(self, uri: str) -> bool:
        row, before = self.found.row(uri), self.found.rows.get(uri)
        if row is None or row.fate != "served" or uri in self.given_up:
            return False
        if uri in self.done:
            return self.done[uri] != self.tagged(uri)
        if uri in self.read or before is None or before.fate != "served":
            return True
        flips = not before.labels or (before.winner is None) != (row.winner is None)
        return self.found.comparison.tags and flips
