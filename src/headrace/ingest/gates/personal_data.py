"""Gate `personal_data`: what identifies people, by the engine that also redacts recorded calls."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from headrace.ingest.gates.base import Action
from headrace.ingest.gates.findings import judge_findings, opened_engine, replacements
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.privacy.entities import PERSONAL

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.ingest.gates.context import GateContext
    from headrace.ingest.gates.findings import Replacement
    from headrace.privacy.lists import NameLists

_NAMES = ("PERSON", "ORGANIZATION")


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """Numbers, addresses and other data that identify people. Score: how many there are.

    The evidence is the place of the first, and the reason names types and never a value. Names on the lists
    of `[privacy]` are looked for; others only where `names` says so, since most documents name somebody.
    """

    types: tuple[str, ...] = ()
    """Types that are looked for; if not given, all personal data."""
    ignore: tuple[str, ...] = ()
    """Types that are not looked for."""
    threshold: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0})
    """Findings with a lower score are left out."""
    names: bool = False
    """Whether the built-in recogniser looks for names of people."""
    maximum_findings: int = field(default=0, metadata={"minimum": 0})
    """More findings fail."""

    name: ClassVar[str] = "personal_data"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "redact"
    limits: ClassVar[tuple[str, ...]] = ("maximum_findings",)

    def __post_init__(self) -> None:
        for given in (*self.types, *self.ignore):
            if given not in PERSONAL:
                raise ValueError(f"{given!r} is no type of personal data; see `headrace pii --help`")

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Scan each text."""
        return judge_findings(self._engine(), documents["text"], fails=self.fails)

    def fails(self, score: float) -> bool:
        """Whether a text with so many findings fails."""
        return score > self.maximum_findings

    def redact(self, text: str) -> list[Replacement]:
        """What to put in place of each finding."""
        return replacements(self._engine(), text)

    def opened(self, context: GateContext) -> PersonalData:
        """The gate with the lists of names of the workspace, where it looks for what they hold."""
        lists = context.lists
        if lists is None or not lists.types.intersection(self._wanted(lists.types)):
            return self
        return _WithLists(self, lists)

    def _wanted(self, listed: frozenset[str] = frozenset()) -> tuple[str, ...]:
        wanted = [name for name in self.types or PERSONAL if name not in self.ignore]
        always = bool(self.names or self.types)
        return tuple(name for name in wanted if always or name not in _NAMES or name in listed)

    def _engine(self) -> Engine:
        return opened_engine(self._wanted(), self.threshold, self.names)


class _WithLists(PersonalData):
    """The gate of a workspace that has lists of names."""

    _lists: NameLists

    def __init__(self, declared: PersonalData, lists: NameLists) -> None:
        super().__init__(**asdict(declared))
        self.__dict__["_lists"] = lists  # beside the thresholds, which are fields

    @property
    def components(self) -> dict[str, Any]:
        """What decides its verdicts beside its thresholds."""
        return {"lists": self._lists.digest}

    def _engine(self) -> Engine:
        return self._with_lists

    @functools.cached_property
    def _with_lists(self) -> Engine:
        config = PrivacyConfig(
            types=self._wanted(self._lists.types), threshold=self.threshold, names=self.names
        )
        return Engine(config, searches=self._lists.searches)
