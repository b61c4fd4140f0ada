"""How long traces are kept, and for what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

RuleKind = Literal["service", "prompt", "corpus"]
Redact = Literal["tokens", "remove", "hash", "off"]


class KeepFor(NamedTuple):
    """How long traces of one service, prompt or corpus are kept."""

    hot_days: int
    cold_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepConfig:
    """`[traces.keep]`: how long spans stay where."""

    hot_days: int = 14
    """`hot`: days in the event store; then they move to Parquet files in the blobs."""
    cold_days: int = 365
    """`cold`: days since they ended, in all; then comes what `then` says."""
    then: Literal["delete", "archive"] = "delete"
    """`archive` keeps the files and no longer reads them; forgetting still reaches them."""
    special: Mapping[tuple[str, str], KeepFor] = field(default_factory=dict)
    """`[traces.keep.service.NAME]`, `prompt.NAME`, `corpus.NAME`: `hot` and `cold` of these."""

    def of(self, features: Iterable[tuple[str, str]]) -> KeepFor:
        """The rule for a trace of these services, prompts and corpora: the longest that names one."""
        named = [self.special[feature] for feature in features if feature in self.special]
        if not named:
            return KeepFor(self.hot_days, self.cold_days)
        return KeepFor(max(rule.hot_days for rule in named), max(rule.cold_days for rule in named))

    @property
    def shortest_hot(self) -> int:
        """Days after which the first spans may move."""
        return min([self.hot_days, *(rule.hot_days for rule in self.special.values())])

    @property
    def shortest_cold(self) -> int:
        """Days after which the first spans may go."""
        return min([self.cold_days, *(rule.cold_days for rule in self.special.values())])


@dataclass(frozen=True, slots=True, kw_only=True)
class TracesConfig:
    """`[traces]`: what arrives of other programs as OTLP, what is sent on, and what becomes of it."""

    redact: Redact | None = None
    """What takes the place of personal data in what arrives: `tokens` writes its type, such as
    `[EMAIL_ADDRESS]`, `hash` a keyed hash beside it, `remove` nothing; `off` leaves it. Without this key
    `tokens`, or `off` where `[privacy] redact_events` is false."""
    spill_megabytes: int = field(default=256, metadata={"minimum": 1, "maximum": 1_000_000})
    """Redacted spans that may wait on disk while the store of spans is slow or away."""
    export: str | None = None
    """Address of an OTLP collector, such as `http://127.0.0.1:4318`, to which every span is sent on."""
    export_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """`[traces.export_headers]`: NAME to a value; `${VAR}` in it is read from the environment."""
    anonymous_training: bool = False
    """Whether traces without a user may be used for training."""
    keep: KeepConfig = field(default_factory=KeepConfig)
