"""`schema check`: is every value of every version still readable? For CI, and before a release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Literal

from headrace.errors import ConfigError, HeadraceError
from headrace.flows.schemas.parts import SchemaParts
from headrace.flows.schemas.samples import Sample, load_samples
from headrace.infer.records import store
from headrace.infer.records.window import Support
from headrace.infer.schemas.chain import Chain
from headrace.infer.schemas.difference import breaking, compare
from headrace.infer.schemas.examples import examples
from headrace.infer.schemas.migrations import find_migrations
from headrace.infer.schemas.opening import open_chain, unbridged
from headrace.infer.schemas.store import remember
from headrace.infer.schemas.validate import masked_problems
from headrace.infer.schemas.versions import Versions
from headrace.records.schemas import CheckedVersion, SchemaCheck, SchemaProblem

SAMPLED = 200
"""Stored records of each version that are read, unless all are asked for."""

Kind = Literal["file", "changed", "missing", "sample", "record", "downgrade"]


@dataclass(slots=True, kw_only=True)
class _Found:
    problems: list[SchemaProblem] = field(default_factory=list)
    checked: list[CheckedVersion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def say(
        self, name: str, kind: Kind, message: str, *, version: int | None = None, where: str = ""
    ) -> None:
        self.problems.append(
            SchemaProblem(schema=name, version=version, kind=kind, where=where, message=message)
        )


def check(parts: SchemaParts, name: str | None, *, everything: bool = False) -> SchemaCheck:
    """Check one schema or all: versions, migrations, and values of every version read in the newest one.

    Values are the samples of `schemas/samples/` and stored records: at most 200 of each version, chosen at
    random, or `everything`. Versions that are well are kept in the ledger. Raises NotFoundError.
    """
    found = _Found()
    with parts.ledger.read() as conn:
        names = parts.names(conn) if name is None else [name]
    try:
        strays = {file.name for file in find_migrations(parts.folder)} - set(names)
    except ConfigError as error:
        strays = set()
        found.say(name or "", "file", error.message)
    if name is None:
        for stray in sorted(strays):
            found.say(stray, "file", f"There are migrations of {stray!r}, but no such schema.")
    for item in names:
        _check_one(parts, item, found, everything=everything)
    return SchemaCheck(
        ok=not found.problems,
        problems=_grouped(found.problems),
        checked=tuple(found.checked),
        notes=tuple(found.notes),
    )


def _grouped(problems: list[SchemaProblem]) -> tuple[SchemaProblem, ...]:
    """Values that fail for the same reason as one problem, which names the first of them."""
    groups: dict[tuple[object, ...], SchemaProblem] = {}
    for problem in problems:
        key = (problem.schema, problem.version, problem.kind, problem.message)
        known = groups.get(key)
        groups[key] = problem if known is None else replace(known, count=known.count + 1)
    return tuple(groups.values())


def _check_one(parts: SchemaParts, name: str, found: _Found, *, everything: bool) -> None:
    try:
        versions = parts.versions(name)
        chain = open_chain(parts.folder, versions)
    except ConfigError as error:
        found.say(name, "file", error.message)
        return
    for conflict in versions.conflicts:
        found.say(name, "changed", conflict)
    _check_digests(parts, versions, found)
    if versions.conflicts:
        return
    before = len(found.problems)
    _check_joints(parts, versions, found)
    for number in versions.known:
        if number <= versions.newest:
            _check_version(parts, versions, chain, number, found, everything=everything)
    _note(versions, found)
    if versions.working is not None and len(found.problems) == before:
        remember(parts.ledger, versions.working, actor=parts.actor, reason="schema check")


def _check_digests(parts: SchemaParts, versions: Versions, found: _Found) -> None:
    """Records that were valid by a schema which shares its version with another one."""
    with parts.ledger.read() as conn:
        by_version = store.digests(conn, versions.name)
        counts = store.counts(conn, versions.name)
    for number, digests in by_version.items():
        if number not in versions.known and counts.get(number):
            message = f"{counts[number]} stored records have version {number}, which is not known here."
            found.say(versions.name, "changed", message, version=number)
        elif number in versions.recorded and len(digests) > 1:
            found.notes.append(
                f"Records of version {number} of {versions.name!r} are by {len(digests)} schemas."
            )


def _check_joints(parts: SchemaParts, versions: Versions, found: _Found) -> None:
    for lower, upper in unbridged(versions, find_migrations(parts.folder, versions.name)):
        broken = breaking(compare(versions.known[lower].json_schema, versions.known[upper].json_schema))
        if broken and upper <= versions.newest:
            said = "; ".join(f"{change.path or 'the value'}: {change.reason}" for change in broken[:3])
            message = f"Version {upper} breaks version {lower} and no migration joins them: {said}."
            found.say(versions.name, "missing", message, version=lower, where=f"schemas/{versions.name}")


def _check_version(
    parts: SchemaParts, versions: Versions, chain: Chain, number: int, found: _Found, *, everything: bool
) -> None:
    if number != versions.newest:
        try:
            chain.path(number, versions.newest)
        except HeadraceError as error:
            if not any(item.kind == "missing" and item.schema == versions.name for item in found.problems):
                found.say(versions.name, "missing", error.message, version=number)
            return
    samples = list(load_samples(parts.folder, versions.name, number, found.problems))
    records = list(_records(parts, versions.name, number, everything=everything))
    made = [] if samples or records else _made(versions, number)
    for sample in [*samples, *records, *made]:
        _check_sample(parts, versions, chain, number, sample, found)
    found.checked.append(
        CheckedVersion(
            schema=versions.name,
            version=number,
            newest=versions.newest,
            samples=len(samples),
            records=len(records),
            made=len(made),
        )
    )


def _check_sample(
    parts: SchemaParts, versions: Versions, chain: Chain, number: int, sample: Sample, found: _Found
) -> None:
    kind: Kind = "record" if sample.record else "sample"
    try:
        value = sample.value() if callable(sample.value) else sample.value
    except HeadraceError as error:
        found.say(versions.name, kind, error.message, version=number, where=sample.where)
        return
    wrong = masked_problems(versions.known[number], value)
    if wrong:
        message = f"It is not valid by version {number} itself: {'; '.join(wrong[:3])}."
        found.say(versions.name, kind, message, version=number, where=sample.where)
        return
    try:
        newest = chain.translate(value, source=number)
    except HeadraceError as error:
        found.say(versions.name, kind, error.message, version=number, where=sample.where)
        return
    if number < versions.newest and _served(parts.support.get(versions.name, Support()), number):
        try:
            chain.translate(newest, source=versions.newest, target=number)
        except HeadraceError as error:
            message = f"It cannot be told to readers of version {number} any more: {error.message}"
            found.say(versions.name, "downgrade", message, version=number, where=sample.where)


def _served(support: Support, number: int) -> bool:
    until: date | None = support.support_until.get(number)
    return until is not None and until >= datetime.now(UTC).date()


def _records(parts: SchemaParts, name: str, number: int, *, everything: bool) -> Iterator[Sample]:
    with parts.ledger.read() as conn:
        rows = store.sample(conn, name, number, limit=None if everything else SAMPLED)
    for row in rows:
        assert row.sealed is not None
        yield Sample(where=row.id, record=True, value=partial(_value, parts, row.id, row.sealed))


def _value(parts: SchemaParts, record: str, sealed: bytes) -> Any:
    return parts.seal.open(record, sealed).value


def _made(versions: Versions, number: int) -> list[Sample]:
    values: list[Any] = examples(versions.known[number])
    where = f"a value made from version {number}"
    return [Sample(where=where, record=False, value=value) for value in values]


def _note(versions: Versions, found: _Found) -> None:
    name = versions.name
    above = [number for number in versions.known if number > versions.newest]
    if above:
        listed = ", ".join(map(str, above))
        found.notes.append(f"{name!r} is at version {versions.newest}; newer ones are known: {listed}.")
    loose = [number for number in versions.known if number not in versions.frozen]
    if loose and len(versions.known) > 1:
        listed = ", ".join(map(str, loose))
        found.notes.append(
            f"Not in schemas/versions/, so unknown to a check without this ledger: {name!r} version {listed}. "
            f"To keep them: headrace schema freeze {name}"
        )
