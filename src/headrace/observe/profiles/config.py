"""What the workspace says about profiles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileConfig:
    """`[profiles.NAME]`: one kind of facts about users."""

    schema: str
    """Name of a file under `schemas/`, without its ending: what a profile must look like."""
    keep: str | None = None
    """How long a profile is kept after its last change; without it until its user is forgotten."""
