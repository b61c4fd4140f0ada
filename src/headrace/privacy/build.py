"""Makes the engine that a workspace's configuration asks for."""

from __future__ import annotations

from pathlib import Path

from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.privacy.lists import open_lists


def open_engine(config: PrivacyConfig, *, root: Path) -> Engine:
    """The engine with the lists of names under `root` that the configuration gives. Raises UsageError."""
    lists = open_lists(config, root=root)
    return Engine(config, searches=() if lists is None else lists.searches)
