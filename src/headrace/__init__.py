"""Headrace: the data system behind an AI product.

import headrace

with headrace.open("handbook") as workspace:
    workspace.sync()
    print(workspace.ask("How long are traces kept?").answer)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.errors import HeadraceError
    from headrace.records.explain import AtReport, StatusReport, WhyReport
    from headrace.records.search import Answer, Citation, Hit, SearchResult
    from headrace.records.sync import PlanReport, SyncReport
    from headrace.workspace import Workspace

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "AtReport",
    "Citation",
    "HeadraceError",
    "Hit",
    "PlanReport",
    "SearchResult",
    "StatusReport",
    "SyncReport",
    "WhyReport",
    "Workspace",
    "__version__",
    "open",
]

_HOMES = {
    "Answer": "headrace.records.search",
    "AtReport": "headrace.records.explain",
    "Citation": "headrace.records.search",
    "HeadraceError": "headrace.errors",
    "Hit": "headrace.records.search",
    "PlanReport": "headrace.records.sync",
    "SearchResult": "headrace.records.search",
    "StatusReport": "headrace.records.explain",
    "SyncReport": "headrace.records.sync",
    "WhyReport": "headrace.records.explain",
    "Workspace": "headrace.workspace",
}


def open(path: str | os.PathLike[str] = ".") -> Workspace:  # noqa: A001 - the word users expect
    """Open the workspace at a folder or above it. Raises WorkspaceNotFound, ConfigError."""
    from headrace.workspace import Workspace

    return Workspace.open(path)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'headrace' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
