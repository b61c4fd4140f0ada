"""Fills `[privacy]`."""

from __future__ import annotations

import re
from pathlib import Path

from headrace.config.table import Table, nearest
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.entities import ENTITIES

_COUNTRY = re.compile(r"[A-Z]{2}")


def read_privacy(table: Table, *, root: Path) -> PrivacyConfig:
    """Fill `[privacy]` and check the types, countries and files it names. Raises ConfigError."""
    config = table.fill(PrivacyConfig, given={})
    for key in ("types", "ignore"):
        for position, name in enumerate(getattr(config, key)):
            if name not in ENTITIES:
                close = nearest(name, {known.lower(): known for known in ENTITIES})
                raise table.error(
                    "is not a known type.",
                    key,
                    position,
                    allowed=list(ENTITIES),
                    nearest=close.upper() if close else None,
                )
    for position, country in enumerate(config.countries):
        if not _COUNTRY.fullmatch(country):
            raise table.error(
                "is not a country.", "countries", position, allowed=["two capital letters, such as DE"]
            )
    for key in ("people", "organizations"):
        for position, name in enumerate(getattr(config, key)):
            if not (root / name).is_file():
                raise table.error("names what is not a file of the workspace.", key, position)
    return config
