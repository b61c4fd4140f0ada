"""Names that the workspace gives, such as its users and customers, found all at once by Aho-Corasick."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import UsageError
from headrace.ledger.identity import digest
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.folding import fold
from headrace.privacy.patterns.base import Search, bounded
from headrace.records.privacy import Finding

_FEWEST_CHARACTERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLists:
    """The lists of names of a workspace."""

    searches: tuple[Search, ...]
    """What finds them, one for each type."""
    digest: str
    """Over the names: another list has another one, the same names in another order or file do not."""

    @property
    def types(self) -> frozenset[str]:
        """What their findings are."""
        return frozenset().union(*(search.types for search in self.searches))


def open_lists(config: PrivacyConfig, *, root: Path) -> NameLists | None:
    """The lists under `root` that `[privacy]` names; None where it names none. Raises UsageError."""
    files = {"PERSON": config.people, "ORGANIZATION": config.organizations}
    names = {
        kind: sorted({name for file in given for name in read_names(root / file)})
        for kind, given in files.items()
        if given
    }
    if not names:
        return None
    searches = tuple(listed_names(kind, listed) for kind, listed in names.items())
    return NameLists(searches=searches, digest=digest("names", names))


def listed_names(kind: str, names: Iterable[str]) -> Search:
    """Finds names as findings of a type, as whole words in any case of letters and over a line break."""
    import ahocorasick_rs

    forms = sorted({_plain(" ".join(fold(name).text.split())) for name in names})
    forms = [form for form in forms if len(form) >= _FEWEST_CHARACTERS]
    automaton = ahocorasick_rs.AhoCorasick(forms)

    def find(text: str) -> Iterator[Finding]:
        for _, start, end in automaton.find_matches_as_indexes(_plain(text), overlapping=True):
            if bounded(text, start, end):
                yield Finding(type=kind, start=start, end=end, score=0.95, validator="list")

    return Search(types=frozenset({kind}), find=find)


def read_names(file: Path) -> list[str]:
    """The names of a file, one on each line; empty lines and lines that begin with # are left out."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The list of names {str(file)!r} cannot be read: {error}.",
            hint="Write one name a line, in UTF-8.",
        ) from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _plain(text: str) -> str:
    """Small letters, at the same places."""
    return text.replace("\n", " ").replace("\u0130", "I").lower()
