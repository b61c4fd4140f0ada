"""How long readers of an older version are served, and when they are warned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from headrace.errors import VersionRefused

_WARN = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """`[schemas.NAME]`: which older versions of a schema are still served."""

    support_until: Mapping[int, date] = field(default_factory=dict)
    """Version to its last day."""

    def warnings(self, name: str, version: int, *, newest: int, today: date) -> tuple[str, ...]:
        """What to say to a reader of a version. Raises VersionRefused for one that is not served."""
        if version >= newest:
            return ()
        until = self.support_until.get(version)
        if until is None:
            raise VersionRefused(
                f"Version {version} of {name!r} is not served: the newest is {newest}, "
                "and no support of older readers is declared.",
                hint=f'In headrace.toml: [schemas.{name}] support_until = {{ {version} = "YYYY-MM-DD" }}',
                schema=name,
                version=version,
            )
        if today > until:
            raise VersionRefused(
                f"Support of version {version} of {name!r} ended on {until}; the newest is {newest}.",
                hint=f"Read version {newest}, or move the date in [schemas.{name}] support_until.",
                schema=name,
                version=version,
            )
        if until - today <= _WARN:
            return (f"Version {version} of {name!r} is served until {until}; the newest is {newest}.",)
        return ()
