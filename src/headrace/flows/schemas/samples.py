"""Samples of values: `schemas/samples/NAME.vN.jsonl`, one JSON value a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from headrace.records.schemas import SchemaProblem

FOLDER = "samples"


class Sample(NamedTuple):
    """A value to be read through the chain."""

    where: str
    """File and line, or the id of a record."""
    record: bool
    value: Any | Callable[[], Any]


def sample_files(folder: Path, name: str) -> Iterator[tuple[Path, int]]:
    """The files with samples of a schema, and the version of each."""
    for path in sorted((folder / FOLDER).glob(f"{name}.v*.jsonl")):
        version = path.name.removeprefix(f"{name}.v").removesuffix(".jsonl")
        if version.isdecimal():
            yield path, int(version)


def load_samples(folder: Path, name: str, version: int, problems: list[SchemaProblem]) -> Iterator[Sample]:
    """The samples of one version; lines that cannot be read are added to the problems."""
    path = folder / FOLDER / f"{name}.v{version}.jsonl"
    if not path.is_file():
        return
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        where = f"schemas/{FOLDER}/{path.name}:{number}"
        if not line.strip():
            continue
        try:
            yield Sample(where=where, record=False, value=json.loads(line, parse_constant=_refuse))
        except ValueError as error:
            problems.append(
                SchemaProblem(
                    schema=name, version=version, kind="sample", where=where, message=f"No JSON: {error}."
                )
            )


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no value of JSON")
