"""Reads `[curate]`, `[[curate.rules]]` and `[curate.coverage]`."""

from __future__ import annotations

import re
from dataclasses import replace

from headrace.config.durations import ALLOWED, parse_duration
from headrace.config.table import Table
from headrace.curate.curation.config import CoverageConfig, CurateConfig
from headrace.curate.curation.rules import RuleSpec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RULES, _COVERAGE = "rules", "coverage"
_RESERVED = ("sample", "gap")


def read_curate(table: Table) -> CurateConfig:
    """Fill and check `[curate]`. Raises ConfigError."""
    given = table.values.get(_RULES, [])
    if not isinstance(given, list):
        raise table.error("must be written as `[[curate.rules]]` tables.", _RULES)
    rules = tuple(_rule(table, place) for place in range(len(given)))
    names = [rule.name for rule in rules]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise table.error(f"declares rule {name!r} twice.", _RULES, place)
    own = {key: value for key, value in table.values.items() if key not in (_RULES, _COVERAGE)}
    coverage = table.child(_COVERAGE).fill(CoverageConfig, given={})
    config = replace(table, values=own).fill(CurateConfig, given={_RULES: rules, _COVERAGE: coverage})
    for key in ("window", "period"):
        try:
            length = parse_duration(getattr(config, key))
        except ValueError:
            raise table.error("is not a length of time.", key, allowed=[ALLOWED]) from None
        if length.total_seconds() < 60:
            raise table.error("is too short.", key, allowed=["1m or longer"])
    return config


def _rule(table: Table, place: int) -> RuleSpec:
    values = table.values[_RULES][place]
    if not isinstance(values, dict):
        raise table.error("must be a table.", _RULES, place)
    own = Table(values=values, path=(*table.path, _RULES, place), file=table.file, lines=table.lines)
    rule = own.fill(RuleSpec, given={})
    if not _NAME.fullmatch(rule.name) or rule.name in _RESERVED:
        allowed = ["letters, digits, '.', '_' and '-', at most 64, a letter or digit first; not sample, gap"]
        raise own.error("has a name that cannot be used.", "name", allowed=allowed)
    if rule.into and not _NAME.fullmatch(rule.into):
        allowed = ["letters, digits, '.', '_' and '-', at most 64, a letter or digit first"]
        raise own.error("is no name of a golden set or dataset.", "into", allowed=allowed)
    return rule
