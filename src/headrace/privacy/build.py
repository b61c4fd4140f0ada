"""Makes the engine that a workspace's configuration asks for."""

from __future__ import annotations

from pathlib import Path

from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.privacy.lists import listed_names, read_names


def open_engine(config: PrivacyConfig, *, root: Path) -> Engine:
    """The engine with the lists of names under `root` that the configuration gives. Raises UsageError."""
    lists = (("PERSON", config.people), ("ORGANIZATION", config.organizations))
    searches = [
        listed_names(kind, [name for file in files for name in read_names(root / file)])
        for kind, files in lists
        if files
    ]
    return Engine(config, searches=searches)
