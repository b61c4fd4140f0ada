"""Reads and changes profiles: by compare-and-set, checked against the schema, every version kept sealed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headrace.errors import NotFoundError, StateConflict, UsageError
from headrace.infer.schemas.store import remember
from headrace.infer.schemas.validate import masked_problems
from headrace.ledger import profiles
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.profiles import ChangeRow, ProfileRow
from headrace.records.profiles import FieldChange, Profile, ProfileChange, ProfileHistory
from headrace.records.times import rfc3339

if TYPE_CHECKING:
    from headrace.infer.schemas.base import Schema
    from headrace.ledger.storage.writer import Write
    from headrace.observe.profiles.parts import ProfileParts
    from headrace.privacy.vault.single import Sealer

IN_TRANSACTION = declare("profiles.in_transaction")
COMMITTED = declare("profiles.committed")
_ATTEMPTS = 1000
"""Times that a change without `expect` is worked out again because somebody else was first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to become of a profile."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields to set."""
    remove: Sequence[str] = ()
    """Fields to take out."""
    value: Mapping[str, Any] | None = None
    """Everything, in place of what is there."""
    expect: int | None = None
    """The version that it is based on; 0 for none."""
    reason: str = ""
    actor: str = ""

    def applied(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The value after it."""
        base = before if self.value is None else self.value
        return {name: item for name, item in {**base, **self.fields}.items() if name not in self.remove}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Current:
    row: ProfileRow
    sealer: Sealer
    value: Mapping[str, Any]
    change: ChangeRow
    target: int
    """The version of the schema that the value is given in."""


def subject_key(parts: ProfileParts, user: str) -> str:
    """What stands for a user in the ledger. Raises UsageError for no name."""
    name = user.strip()
    if not name:
        raise UsageError("Whose profile? Name a user.")
    return parts.keyring.subject(name)


def get(parts: ProfileParts, name: str, user: str, *, version: int | None = None) -> Profile:
    """The profile of a user as it is, or as it was in a version. Raises NotFoundError, MigrationFailed."""
    parts.config(name)
    subject = subject_key(parts, user)
    found = _current(parts, name, subject, version=version)
    if found is None:
        what = name if version is None else f"{name}, version {version}"
        raise NotFoundError("profile of this user", what, hint="See `headrace profile list`.")
    return _profile(found)


def for_prompt(
    parts: ProfileParts, name: str, user: str
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """The value of a profile, empty where there is none, and what a span says of it. Raises NotFoundError."""
    parts.config(name)
    found = _current(parts, name, subject_key(parts, user))
    if found is None:
        return {}, None
    shown = _profile(found)
    return shown.value, {"name": name, "version": shown.version, "schema_version": shown.schema_version}


def set_profile(parts: ProfileParts, name: str, user: str, change: Change) -> Profile:
    """Change a profile; the change is durable when this returns.

    Raises StateConflict where `expect` is not the version that counts, UsageError for a value that the schema
    does not allow; then nothing changed.
    """
    schema = parts.schema(parts.config(name).schema)
    subject = subject_key(parts, user)
    remember(parts.ledger, schema, actor=parts.actor, reason=f"profile {name}")
    parts.keys.ready()
    for _ in range(_ATTEMPTS):
        before = _current(parts, name, subject)
        found = before.row.version if before else 0
        if change.expect is not None and change.expect != found:
            raise StateConflict("Profile", name, expected=change.expect, found=found)
        value = change.applied(before.value if before else {})
        _check(name, schema, value)
        if _write(parts, name, subject, schema, before, change, value):
            fire(COMMITTED)
            return get(parts, name, user, version=found + 1)
    raise StateConflict("Profile", name, expected=found, found=found + 1)


def history(parts: ProfileParts, name: str, user: str, *, limit: int) -> ProfileHistory:
    """Every change of a profile, the newest first. Raises NotFoundError."""
    parts.config(name)
    subject = subject_key(parts, user)
    with parts.ledger.read() as conn:
        row = profiles.get(conn, name, subject)
        rows = profiles.changes(conn, name, subject, limit=limit)
    if row is None or row.version == 0:
        raise NotFoundError("profile of this user", name, hint="See `headrace profile list`.")
    sealer = parts.keys.open(owner_of(name, subject), row.wrapped)
    return ProfileHistory(
        name=name,
        subject=subject,
        changes=[_change(item, sealer.open(item.sealed, place_of(item))) for item in rows],
    )


def _current(parts: ProfileParts, name: str, subject: str, *, version: int | None = None) -> _Current | None:
    with parts.ledger.read() as conn:
        row = profiles.get(conn, name, subject)
        wanted = row.version if row is not None and version is None else version
        limit = 1 if version is None else 1_000_000
        changes = profiles.changes(conn, name, subject, limit=limit) if row is not None else []
    change = next((item for item in changes if item.version == wanted), None)
    if row is None or change is None or _is_late(parts, row):
        return None
    sealer = parts.keys.open(owner_of(name, subject), row.wrapped)
    stored = sealer.open(change.sealed, place_of(change))["value"]
    chain = parts.chain(change.schema)
    value = chain.translate(stored, source=change.schema_version)
    return _Current(row=row, sealer=sealer, value=value, change=change, target=chain.newest)


def _is_late(parts: ProfileParts, row: ProfileRow) -> bool:
    keep_us = parts.keep_us.get(row.name)
    return keep_us is not None and row.updated_at_us + keep_us < time.time_ns() // 1000


def _write(
    parts: ProfileParts,
    name: str,
    subject: str,
    schema: Schema,
    before: _Current | None,
    change: Change,
    value: Mapping[str, Any],
) -> bool:
    """Add the next version; False where somebody else was first."""
    keep_us = parts.keep_us[name]
    made = None if before else parts.keys.make(owner_of(name, subject))
    sealer = before.sealer if before else made[1] if made else None
    assert sealer is not None
    row = ChangeRow(
        name=name,
        subject=subject,
        version=(before.row.version if before else 0) + 1,
        schema=schema.name,
        schema_version=schema.version,
        at_us=0,
        actor=change.actor or parts.actor,
        sealed=b"",
    )
    body = {
        "value": dict(value),
        "changes": _differences(before.value if before else {}, value),
        "reason": change.reason,
    }
    row = row._replace(sealed=sealer.seal(body, place_of(row)))

    def work(tx: Write) -> bool:
        if keep_us is not None:
            profiles.expire(tx, name, before_us=tx.now_us - keep_us)
        if made is not None:
            if profiles.get(tx.conn, name, subject) is not None:
                return False
            profiles.begin(tx, ProfileRow(name, subject, 0, tx.now_us, tx.now_us, made[0]))
        done = profiles.advance(tx, row)
        fire(IN_TRANSACTION)
        return done

    return parts.ledger.write(work)


def _check(name: str, schema: Schema, value: Mapping[str, Any]) -> None:
    wrong = masked_problems(schema, dict(value))
    if wrong:
        raise UsageError(
            f"Profile {name!r} would not be valid by schema {schema.name!r}, version {schema.version}: "
            f"{'; '.join(wrong[:3])}.",
            hint=f"See schemas/{schema.name}. Nothing was changed.",
        )


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[list[Any]]:
    names = [*before, *(name for name in after if name not in before)]
    nothing = object()
    return [
        [name, before.get(name), after.get(name)]
        for name in names
        if before.get(name, nothing) != after.get(name, nothing)
    ]


def _profile(found: _Current) -> Profile:
    change = found.change
    return Profile(
        name=change.name,
        subject=change.subject,
        version=change.version,
        value=found.value,
        schema=change.schema,
        schema_version=found.target,
        stored_version=change.schema_version,
        updated_at=rfc3339(change.at_us),
        updated_by=change.actor,
    )


def _change(row: ChangeRow, body: Mapping[str, Any]) -> ProfileChange:
    return ProfileChange(
        version=row.version,
        at=rfc3339(row.at_us),
        by=row.actor,
        reason=body["reason"],
        schema_version=row.schema_version,
        changes=[FieldChange(field=name, before=old, after=new) for name, old, new in body["changes"]],
    )


def owner_of(name: str, subject: str) -> str:
    """What the key of a profile is bound to."""
    return f"{name}/{subject}"


def place_of(row: ChangeRow) -> str:
    """What a sealed version is bound to: moved to another row it does not open."""
    return f"{row.name}/{row.subject}/{row.version}"
