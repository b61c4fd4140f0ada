"""Fills `[traces.keep]`."""

from __future__ import annotations

from headrace.config.durations import ALLOWED, parse_duration
from headrace.config.table import Table
from headrace.observe.traces.rules import KeepConfig, KeepFor

_KINDS = ("service", "prompt", "corpus")
_DAY_SECONDS = 86_400


def read_keep(table: Table) -> KeepConfig:
    """Fill `[traces.keep]`. Raises ConfigError."""
    table.refuse_unknown(["hot", "cold", "then", *_KINDS])
    base = KeepConfig()
    hot, cold = _days(table, "hot", base.hot_days), _days(table, "cold", base.cold_days)
    _in_order(table, hot, cold)
    then = table.choice("then", ["delete", "archive"]) if "then" in table.values else base.then
    special = {
        (kind, name): _special(child, hot, cold)
        for kind in _KINDS
        for name, child in table.children(kind).items()
    }
    return KeepConfig(
        hot_days=hot, cold_days=cold, then="archive" if then == "archive" else "delete", special=special
    )


def _special(table: Table, hot: int, cold: int) -> KeepFor:
    table.refuse_unknown(["hot", "cold"])
    own_hot, own_cold = _days(table, "hot", hot), _days(table, "cold", cold)
    _in_order(table, own_hot, own_cold)
    return KeepFor(hot_days=own_hot, cold_days=own_cold)


def _days(table: Table, key: str, default: int) -> int:
    if key not in table.values:
        return default
    try:
        length = parse_duration(str(table.read(key, str)))
    except ValueError:
        raise table.error("is not a length of time.", key, allowed=[ALLOWED]) from None
    if length.total_seconds() % _DAY_SECONDS or length.days < 1:
        raise table.error("must be whole days, at least one.", key, allowed=["14d", "2w", "365d"])
    return length.days


def _in_order(table: Table, hot: int, cold: int) -> None:
    if cold < hot:
        raise table.error(f"ends before spans leave the hot store: {cold} days are less than {hot}.", "cold")
