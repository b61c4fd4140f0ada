"""`schema check`: is every value of every version still readable? For CI, and before a release."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from headrace.errors import ConfigError, HeadraceError
from headrace.flows.schemas.findings import Findings, Kind, grouped
from headrace.flows.schemas.parts import SchemaParts
from headrace.flows.schemas.samples import Sample, load_samples
from headrace.flows.schemas.versioning import check_digests, check_joints, check_strays, note_history
from headrace.infer.records import store
from headrace.infer.records.window import Support
from headrace.infer.schemas.chain import Chain
from headrace.infer.schemas.examples import examples
from headrace.infer.schemas.migrations import find_migrations
from headrace.infer.schemas.opening import open_chain
from headrace.infer.schemas.store import remember
from headrace.infer.schemas.validate import masked_problems
from headrace.infer.schemas.versions import Versions
from headrace.records.schemas import CheckedVersion, SchemaCheck

SAMPLED = 200
"""Stored records of each version that are read, unless all are asked for."""


def check(parts: SchemaParts, name: str | None, *, everything: bool = False) -> SchemaCheck:
    """Check one schema or all: versions, migrations, and values of every version read in the newest one.

    Values are the samples of `schemas/samples/` and stored records: at most 200 of each version, chosen at
    random, or `everything`. Versions that are well are kept in the ledger. Raises NotFoundError.
    """
    found = Findings()
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
        for stray in sorted(set(parts.support) - set(names)):
            found.say(stray, "file", f"headrace.toml has [schemas.{stray}], but there is no such schema.")
    for item in names:
        _check_one(parts, item, found, everything=everything)
    return SchemaCheck(
        ok=not found.problems,
        problems=grouped(found.problems),
        checked=tuple(found.checked),
        notes=tuple(found.notes),
    )


def _check_one(parts: SchemaParts, name: str, found: Findings, *, everything: bool) -> None:
    try:
        versions = parts.versions(name)
        chain = open_chain(parts.folder, versions)
    except ConfigError as error:
        found.say(name, "file", error.message)
        return
    for conflict in versions.conflicts:
        found.say(name, "changed", conflict)
    if versions.conflicts:
        return
    before = len(found.problems)
    check_digests(parts, versions, found)
    check_strays(parts, versions, found)
    check_joints(parts, versions, found)
    with parts.ledger.read() as conn:
        stored = store.counts(conn, name)
    for number in versions.known:
        # After a rollback newer records must be told as well.
        if number <= versions.newest or number in stored:
            _check_version(parts, versions, chain, number, found, everything=everything)
    note_history(versions, found)
    if versions.working is not None and len(found.problems) == before:
        remember(parts.ledger, versions.working, actor=parts.actor, reason="schema check")


def _check_version(
    parts: SchemaParts, versions: Versions, chain: Chain, number: int, found: Findings, *, everything: bool
) -> None:
    if number != versions.newest:
        try:
            chain.path(number, versions.newest)
        except HeadraceError as error:
            if not any(item.kind == "missing" and item.schema == versions.name for item in found.problems):
                found.say(versions.name, "missing", error.message, version=number)
            return
    counts = Counter[str]()
    for sample in itertools.chain(
        load_samples(parts.folder, versions.name, number, found.problems),
        _records(parts, versions.name, number, everything=everything),
    ):
        counts["records" if sample.record else "samples"] += 1
        _check_sample(parts, versions, chain, number, sample, found)
    made = [] if counts else _made(versions, number)
    for sample in made:
        _check_sample(parts, versions, chain, number, sample, found)
    found.checked.append(
        CheckedVersion(
            schema=versions.name,
            version=number,
            newest=versions.newest,
            samples=counts["samples"],
            records=counts["records"],
            made=len(made),
        )
    )


def _check_sample(
    parts: SchemaParts, versions: Versions, chain: Chain, number: int, sample: Sample, found: Findings
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
    after = ""
    while True:
        with parts.ledger.read() as conn:
            if everything:
                rows = store.page(conn, name, number, after=after, limit=SAMPLED)
            else:
                rows = store.sample(conn, name, number, limit=SAMPLED)
        for row in rows:
            assert row.sealed is not None
            yield Sample(where=row.id, record=True, value=partial(_value, parts, row.id, row.sealed))
        if not everything or not rows:
            return
        after = rows[-1].id


def _value(parts: SchemaParts, record: str, sealed: bytes) -> Any:
    return parts.seal.open(record, sealed).value


def _made(versions: Versions, number: int) -> list[Sample]:
    values: list[Any] = examples(versions.known[number])
    where = f"a value made from version {number}"
    return [Sample(where=where, record=False, value=value) for value in values]
