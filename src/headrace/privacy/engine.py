"""Finds personal data and secrets: a cheap RE2 trigger for each family, and a closer look where one hits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from headrace.privacy.batches import batches
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.entities import ENTITIES
from headrace.privacy.folding import Folded, fold
from headrace.privacy.names import NAMES
from headrace.privacy.overlaps import resolve
from headrace.privacy.patterns.addresses import addresses
from headrace.privacy.patterns.base import Search
from headrace.privacy.patterns.birth import BIRTH
from headrace.privacy.patterns.identifiers import IDENTIFIERS
from headrace.privacy.patterns.mail import MAIL
from headrace.privacy.patterns.network import NETWORK
from headrace.privacy.patterns.numbers import NUMBERS
from headrace.privacy.patterns.phones import phones
from headrace.privacy.secrets import SECRETS_FAMILY
from headrace.privacy.windows import WINDOW_CHARACTERS, Window
from headrace.records.privacy import Finding

if TYPE_CHECKING:
    import re2

VERSION = 1
"""Another one whenever the same text may give other findings."""
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
        families = [family for family in built_in if family.types & self.types]
        triggers = dict.fromkeys(family.trigger for family in families)
        self._triggers = [
            (_compiled(trigger), [family for family in families if family.trigger == trigger])
            for trigger in triggers
        ]
        self._searches = [search for search in searches if search.types & self.types]
        parts = [
            *(family.types for family in families),
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
        return self._settled(folded, self._candidates(folded.text))

    def scan_many(self, texts: Sequence[str]) -> list[list[Finding]]:
        """What `scan` finds in each of these texts; faster where there are many short ones."""
        folded = [fold(text) for text in texts]
        found: list[list[Finding]] = [[] for _ in texts]
        for batch in batches([each.text for each in folded]):
            if len(batch.rows) == 1:
                found[batch.rows[0]] += self._candidates(batch.text)
                continue
            window = Window(batch.text, 0)
            for trigger, families in self._triggers:
                for row, text, start, stop in batch.own(window.hits(trigger, 0)):
                    for family in families:
                        found[row] += family.find(text, start, stop)
            for search in self._searches:
                for row, text in batch.texts():
                    found[row] += search.find(text)
        return [self._settled(each, given) for each, given in zip(folded, found, strict=True)]

    def _settled(self, folded: Folded, candidates: Iterable[Finding]) -> list[Finding]:
        """Those that stand, at their places in the text as it was given."""
        found = [
            finding
            for finding in candidates
            if finding.score >= self.config.threshold and finding.type in self.types
        ]
        kept = resolve(dict.fromkeys(found))
        if not folded.removed:
            return kept
        return [_moved(finding, folded.span(finding.start, finding.end)) for finding in kept]

    def _candidates(self, text: str) -> Iterator[Finding]:
        resume = [0] * len(self._triggers)  # what a trigger matched may reach into the next window
        for begin in range(0, len(text), WINDOW_CHARACTERS):
            window = Window(text, begin)
            for at, (trigger, families) in enumerate(self._triggers):
                for start, stop in window.hits(trigger, resume[at]):
                    resume[at] = stop
                    for family in families:
                        yield from family.find(text, start, stop)
        for search in self._searches:
            yield from search.find(text)


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
