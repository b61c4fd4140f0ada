"""What the report on patterns needs beside the queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.curate.curation.parts import CurationParts

if TYPE_CHECKING:
    from headrace.infer.embedders.base import Embedder


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParts:
    """The queue, and what tells which failures are alike."""

    curation: CurationParts
    embedder: Callable[[], Embedder]
    folder: Path | None
    """Where vectors of questions are kept."""
