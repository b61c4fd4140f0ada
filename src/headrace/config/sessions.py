"""Fills `[sessions]` and `[profiles.NAME]`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from headrace.config.durations import ALLOWED, parse_duration
from headrace.config.table import Table
from headrace.observe.profiles.config import ProfileConfig
from headrace.observe.sessions.config import SessionConfig

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def read_sessions(table: Table, *, models: Sequence[str]) -> SessionConfig:
    """Fill `[sessions]`. Raises ConfigError."""
    config = table.fill(SessionConfig, given={})
    _check_length(table, config.keep)
    for key in ("summariser", "rewriter"):
        if table.values.get(key) not in (None, *models):
            known = list(models) or ["the NAME of a [models.NAME] table (there is none yet)"]
            raise table.error(f"is {table.values[key]!r}, which is no model.", key, allowed=known)
    if config.overflow == "summarise" and config.summariser is None:
        raise table.error("is 'summarise', which needs a model: set `summariser`.", "overflow")
    return config


def read_profiles(top: Table) -> Mapping[str, ProfileConfig]:
    """Fill the tables of `[profiles]`, by name. Raises ConfigError."""
    found = {}
    for name, table in top.children("profiles").items():
        if not _NAME.fullmatch(name):
            raise table.error("has a name that cannot be used.", allowed=["letters, digits, '_' and '-'"])
        found[name] = table.fill(ProfileConfig, given={})
        if found[name].keep is not None:
            _check_length(table, found[name].keep or "")
    return found


def _check_length(table: Table, keep: str) -> None:
    try:
        length = parse_duration(keep)
    except ValueError:
        raise table.error("is not a length of time.", "keep", allowed=[ALLOWED]) from None
    if not length:
        raise table.error("must not be nothing.", "keep")
