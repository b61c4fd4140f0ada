"""Byte strings by which documents are recognised, looked for all at once."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.ledger.erasure.canaries import encoded
from headrace.ledger.erasure.scope import Scope

_MOST_IDS = 8


class OnePass:
    """Byte strings that are looked for together, in one pass over the data however many they are."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        from ahocorasick_rs import BytesAhoCorasick

        self._patterns = list(dict.fromkeys(patterns))
        self._automaton = BytesAhoCorasick(self._patterns) if self._patterns else None

    def found_in(self, data: bytes) -> set[bytes]:
        """Those that stand in the data."""
        if self._automaton is None:
            return set()
        matches = self._automaton.find_matches_as_indexes(data, overlapping=True)
        return {self._patterns[match[0]] for match in matches}


class Patterns:
    """What a document is recognised by: its texts and ids, and its vectors as bytes."""

    def __init__(self, scope: Scope) -> None:
        texts, vectors = _texts(scope), [bytes.fromhex(vector) for vector in scope.vectors]
        self.texts, self.vectors = OnePass(texts), OnePass(vectors)
        self.all = OnePass([*texts, *vectors])


def _texts(scope: Scope) -> list[bytes]:
    texts = [*scope.texts, *scope.chunk_ids[:_MOST_IDS], *scope.text_hashes[:_MOST_IDS]]
    return [data for text in texts for data in encoded(text)]
