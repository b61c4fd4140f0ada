"""`workspace.profiles`: the operations on profiles, one call each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.errors import UsageError

if TYPE_CHECKING:
    from headrace.observe.profiles.parts import ProfileParts
    from headrace.records.keys import Caller
    from headrace.records.profiles import Profile, ProfileHistory, ProfileList


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileOperations:
    """What can be done with profiles of users."""

    parts: ProfileParts

    def get(self, name: str, user: str, *, version: int | None = None) -> Profile:
        """The profile of a user as it is now, or as it was in a version; in the newest schema.

        Raises NotFoundError, MigrationFailed.
        """
        from headrace.observe.profiles.book import get

        return get(self.parts, name, user, version=version)

    def set(
        self,
        name: str,
        user: str,
        fields: Mapping[str, Any] | None = None,
        *,
        remove: Sequence[str] = (),
        value: Mapping[str, Any] | None = None,
        expect: int | None = None,
        reason: str = "",
        caller: Caller | None = None,
    ) -> Profile:
        """Set fields of a profile, take some out, or give all of it anew as `value`.

        With `expect` only if that version counts now, 0 for no profile yet: else a StateConflict, and nothing
        changes. Raises UsageError for what the schema does not allow, NotFoundError.
        """
        from headrace.observe.profiles.book import Change, set_profile

        if not fields and not remove and value is None:
            raise UsageError(
                "Nothing says what to change.",
                hint="Give fields as NAME=VALUE, --remove NAME, or --value JSON.",
            )
        change = Change(
            fields=fields or {},
            remove=tuple(remove),
            value=value,
            expect=expect,
            reason=reason,
            actor=f"key {caller.name}" if caller else "",
        )
        return set_profile(self.parts, name, user, change)

    def history(self, name: str, user: str, *, limit: int = 100) -> ProfileHistory:
        """Every change of a profile: who, when, and each field before and after. Raises NotFoundError."""
        from headrace.observe.profiles.book import history

        if limit < 1:
            raise UsageError(f"The limit is 1 or more, not {limit}.")
        return history(self.parts, name, user, limit=limit)

    def list(self, name: str | None = None, *, limit: int = 100) -> ProfileList:
        """Which profiles there are, the last changed first, by keyed hashes of their users."""
        from headrace.observe.profiles.listing import listed

        if limit < 1:
            raise UsageError(f"The limit is 1 or more, not {limit}.")
        return listed(self.parts, name, limit=limit)
