"""Fills `[traces]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headrace.config.durations import ALLOWED, parse_duration
from headrace.config.table import Table
from headrace.observe.traces.rules import KeepFor, KeepRules

_KINDS = ("service", "prompt", "corpus")
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSpecial:
    """`[traces.keep.service.NAME]`, `prompt.NAME`, `corpus.NAME`: how long traces of one of them are kept."""

    hot: str | None = None
    """Days in the event store; without it those of `[traces.keep]`."""
    cold: str | None = None
    """Days in all; without it those of `[traces.keep]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepConfig:
    """`[traces.keep]`: how long spans stay where."""

    hot: str = "14d"
    """Days in the event store; then spans move to Parquet files in the blobs."""
    cold: str = "365d"
    """Days since they ended, in all; then comes what `then` says."""
    then: Literal["delete", "archive"] = "delete"
    """`archive` keeps the files and no longer reads them; forgetting still reaches them."""
    service: Mapping[str, KeepSpecial] = field(default_factory=dict)
    """Traces with a span from this sender."""
    prompt: Mapping[str, KeepSpecial] = field(default_factory=dict)
    """Traces with a call of this prompt."""
    corpus: Mapping[str, KeepSpecial] = field(default_factory=dict)
    """Traces with a search or answer over this corpus."""


def keep_rules(config: KeepConfig) -> KeepRules:
    """The rules in days."""
    hot, cold = _days(config.hot), _days(config.cold)
    special = {
        (kind, name): KeepFor(
            hot if rule.hot is None else _days(rule.hot), cold if rule.cold is None else _days(rule.cold)
        )
        for kind in _KINDS
        for name, rule in getattr(config, kind).items()
    }
    return KeepRules(hot_days=hot, cold_days=cold, then=config.then, special=special)


def read_keep(table: Table) -> KeepConfig:
    """Fill `[traces.keep]`. Raises ConfigError."""
    table.refuse_unknown(["hot", "cold", "then", *_KINDS])
    for key in ("hot", "cold"):
        _check(table, key)
    plain = Table(
        values={key: value for key, value in table.values.items() if key not in _KINDS},
        path=table.path,
        file=table.file,
        lines=table.lines,
    )
    special = {kind: _special(table, kind) for kind in _KINDS}
    config = plain.fill(KeepConfig, given=special)
    rules = keep_rules(config)
    _in_order(table, rules.hot_days, rules.cold_days)
    for (kind, name), rule in rules.special.items():
        _in_order(table.child(kind).child(name), rule.hot_days, rule.cold_days)
    return config


def _special(table: Table, kind: str) -> dict[str, KeepSpecial]:
    found = {}
    for name, child in table.children(kind).items():
        for key in ("hot", "cold"):
            _check(child, key)
        found[name] = child.fill(KeepSpecial, given={})
    return found


def _check(table: Table, key: str) -> None:
    if key not in table.values:
        return
    try:
        length = parse_duration(str(table.read(key, str)))
    except ValueError:
        raise table.error("is not a length of time.", key, allowed=[ALLOWED]) from None
    if length.total_seconds() % _DAY_SECONDS or length.days < 1:
        raise table.error("must be whole days, at least one.", key, allowed=["14d", "2w", "365d"])


def _days(length: str) -> int:
    return parse_duration(length).days


def _in_order(table: Table, hot: int, cold: int) -> None:
    if cold < hot:
        raise table.error(f"ends before spans leave the hot store: {cold} days are less than {hot}.", "cold")
