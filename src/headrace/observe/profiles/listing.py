"""Which profiles there are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from headrace.ledger import profiles
from headrace.records.profiles import ProfileList, ProfileSummary
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from headrace.observe.profiles.parts import ProfileParts


def listed(parts: ProfileParts, name: str | None, *, limit: int) -> ProfileList:
    """Profiles of one kind or of all, without those that have expired. Raises NotFoundError."""
    if name is not None:
        parts.config(name)
    now_us = time.time_ns() // 1000
    with parts.ledger.read() as conn:
        rows = profiles.find(conn, name=name, limit=limit)
    return ProfileList(
        kinds={kind: config.schema for kind, config in parts.configs.items()},
        profiles=[
            ProfileSummary(
                name=row.name,
                subject=row.subject,
                version=row.version,
                created_at=rfc3339(row.created_at_us),
                updated_at=rfc3339(row.updated_at_us),
            )
            for row in rows
            if row.updated_at_us + (parts.keep_us.get(row.name) or now_us) >= now_us
        ],
    )
