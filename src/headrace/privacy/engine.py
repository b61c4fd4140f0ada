"""Finds personal data and secrets: a cheap RE2 trigger for each family, and a closer look where one hits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from headrace.privacy.config import PrivacyConfig
from headrace.privacy.entities import ENTITIES
from headrace.privacy.folding import fold
from headrace.privacy.names import NAMES
from headrace.privacy.overlaps import resolve
from headrace.privacy.patterns.addresses import addresses
from headrace.privacy.patterns.base import TRIGGER_BYTES, Family, Search
from headrace.privacy.patterns.birth import BIRTH
from headrace.privacy.patterns.identifiers import IDENTIFIERS
from headrace.privacy.patterns.mail import MAIL
from headrace.privacy.patterns.network import NETWORK
from headrace.privacy.patterns.numbers import NUMBERS
from headrace.privacy.patterns.phones import phones
from headrace.privacy.secrets import SECRETS_FAMILY
from headrace.records.privacy import Finding

if TYPE_CHECKING:
    import re2

WINDOW_CHARACTERS = 262_144
"""How much of a text is looked at in one go, so that memory does not grow with the longest line."""

_AUTOMATON_BYTES = 32 << 20


class Engine:
    """One compiled set of patterns. Safe to share between threads."""

    def __init__(self, config: PrivacyConfig | None = None, *, searches: Sequence[Search] = ()) -> None:
        """`searches` look beside the built-in patterns, such as for the workspace's lists of names."""
        config = config or PrivacyConfig()
        self.config = config
        self.types = frozenset(config.types or ENTITIES) - frozenset(config.ignore)
        built_in = (
            SECRETS_FAMILY,
            MAIL,
            NUMBERS,
            phones(config.countries),
            IDENTIFIERS,
            NETWORK,
            BIRTH,
            addresses(config.countries),
            *((NAMES,) if config.names else ()),
        )
        self._families = [
            (_compiled(family.trigger), family) for family in built_in if family.types & self.types
        ]
        self._searches = [search for search in searches if search.types & self.types]
        parts = [
            *(family.types for _, family in self._families),
            *(search.types for search in self._searches),
        ]
        covered = self.types.intersection(frozenset[str]().union(*parts))
        self.unprotected = [name for name in ENTITIES if name not in covered]
        """Types that this engine does not look for."""

    def scan(self, text: str) -> list[Finding]:
        """Every finding in the order of the text; they do not overlap and lie inside it.

        Spans count characters (code points) of the text as given.
        """
        folded = fold(text)
        found = [
            finding
            for finding in self._candidates(folded.text)
            if finding.score >= self.config.threshold and finding.type in self.types
        ]
        kept = resolve(dict.fromkeys(found))
        if not folded.removed:
            return kept
        return [_moved(finding, folded.span(finding.start, finding.end)) for finding in kept]

    def _candidates(self, text: str) -> Iterator[Finding]:
        for trigger, family in self._families:
            yield from _in_windows(text, trigger, family)
        for search in self._searches:
            yield from search.find(text)


def _in_windows(text: str, trigger: re2._Regexp, family: Family) -> Iterator[Finding]:
    """Findings of a family, window by window; a trigger may reach over the end of one."""
    resume = 0
    for begin in range(0, len(text) or 1, WINDOW_CHARACTERS):
        end = begin + WINDOW_CHARACTERS
        for start, stop in _hits(text, trigger, max(begin, resume), end):
            resume = stop
            yield from family.find(text, start, stop)


def _hits(text: str, trigger: re2._Regexp, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of a trigger that begin in a window, in characters."""
    left = max(0, begin - 1)  # the character before decides about the edge of a word
    piece = text[left : end + TRIGGER_BYTES]
    data = piece.encode("utf-8", "surrogatepass")
    skip = len(piece[: begin - left].encode("utf-8", "surrogatepass"))
    if len(data) == len(piece):
        for found in trigger.finditer(data, skip):
            start, stop = found.span()
            if left + start >= end:
                return
            yield left + start, left + stop
        return
    byte, character = 0, left
    for found in trigger.finditer(data, skip):
        start, stop = found.span()
        character += len(data[byte:start].decode("utf-8", "surrogatepass"))
        if character >= end:
            return
        byte = start
        yield character, character + len(data[start:stop].decode("utf-8", "surrogatepass"))


def _compiled(trigger: str) -> re2._Regexp:
    import re2

    options = re2.Options()
    options.log_errors = False  # RE2 would write to stderr when it falls back to its slower automaton
    options.max_mem = _AUTOMATON_BYTES
    return re2.compile(trigger, options)


def _moved(finding: Finding, span: tuple[int, int]) -> Finding:
    return Finding(
        type=finding.type, start=span[0], end=span[1], score=finding.score, validator=finding.validator
    )
