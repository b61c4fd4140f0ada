"""Profiles: what is known of a user, and every change of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known of a user."""

    name: str
    """Of the kind of profile, as in `[profiles.NAME]`."""
    subject: str
    """Keyed hash of the user."""
    version: int
    """Rises by one with each change: what the next `expect` is."""
    value: Mapping[str, Any]
    """Its fields, in the newest version of the schema."""
    schema: str
    """Name of the schema."""
    schema_version: int
    """The version that the value is given in."""
    stored_version: int
    """The version that it was written in; what is stored stays as it is."""
    updated_at: str
    """RFC 3339."""
    updated_by: str
    """User of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that changed."""

    field: str
    """Its name."""
    before: Any
    """What it was; null where it was not there."""
    after: Any
    """What it became; null where it was taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """One version of a profile."""

    version: int
    """From 1."""
    at: str
    """When, RFC 3339."""
    by: str
    """User of the machine, or the key that asked over HTTP."""
    reason: str
    """In the words of whoever changed it."""
    schema_version: int
    """In which it was written."""
    changes: Sequence[FieldChange]
    """Field by field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileHistory:
    """Every change of a profile."""

    name: str
    """Of the kind of profile."""
    subject: str
    """Keyed hash of the user."""
    changes: Sequence[ProfileChange]
    """The newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSummary:
    """That there is a profile, and nothing of what it says."""

    name: str
    """Of the kind of profile."""
    subject: str
    """Keyed hash of the user."""
    version: int
    """How often it was changed."""
    created_at: str
    """RFC 3339."""
    updated_at: str
    """RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileList:
    """Profiles."""

    kinds: Mapping[str, str]
    """Each `[profiles.NAME]` with its schema."""
    profiles: Sequence[ProfileSummary]
    """The last changed first."""
