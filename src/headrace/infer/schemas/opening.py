"""Opens the chain of a schema: its migration files, and what needs none because the change is compatible."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.chain import Chain, Step
from headrace.infer.schemas.difference import breaking, compare
from headrace.infer.schemas.migrations import MigrationFile, find_migrations, load_migration
from headrace.infer.schemas.projection import project
from headrace.infer.schemas.validate import masked_problems
from headrace.infer.schemas.versions import Versions


def open_chain(folder: Path, versions: Versions) -> Chain:
    """The chain of a schema. Raises ConfigError for a migration file that cannot be used."""
    files = find_migrations(folder, versions.name)
    steps = [load_migration(file) for file in files]
    for lower, upper in unbridged(versions, files):
        old, new = versions.known[lower], versions.known[upper]
        if not breaking(compare(old.json_schema, new.json_schema)):
            steps.append(_compatible(old, new))

    def check(version: int, value: Any) -> list[str]:
        schema = versions.known.get(version)
        return [] if schema is None else masked_problems(schema, value)

    return Chain(versions.name, newest=versions.newest, steps=steps, check=check)


def unbridged(versions: Versions, files: list[MigrationFile]) -> list[tuple[int, int]]:
    """Neighbouring versions that no migration file joins."""
    lowers, uppers = {file.lower for file in files}, {file.upper for file in files}
    spanned = {number for file in files for number in range(file.lower + 1, file.upper)}
    return [
        (lower, upper)
        for lower, upper in itertools.pairwise(sorted(versions.known))
        if lower not in lowers and upper not in uppers and not spanned & {lower, upper}
    ]


def _compatible(old: Schema, new: Schema) -> Step:
    return Step(
        lower=old.version,
        upper=new.version,
        upgrade=lambda value: value,
        downgrade=lambda value: project(value, old.json_schema),
        where="a compatible change, which needs no migration",
        source=f"{old.digest} {new.digest}",
    )
