"""Cases from a JSON Lines file, and back: what one writes the other reads, null and "" apart."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from headrace.curate.golden.cases import add, listed
from headrace.curate.golden.parts import GoldenParts
from headrace.errors import UsageError
from headrace.ledger.durability import fsync_path
from headrace.records.golden import CaseInput, GoldenChange, GoldenList

_FIELDS = {item.name for item in fields(CaseInput)}
_LISTS = ("tags",)
_OLD = {"question", "document", "documents", "corpus", "access", "answer"}
"""Keys of golden questions for `index compare`, which are taken as they are."""


def import_cases(parts: GoldenParts, file: Path, *, set_name: str, accept: bool, reason: str) -> GoldenChange:
    """Add the cases of a file. A line is a case, or a question with its documents. Raises UsageError."""
    cases = list(read_cases(file))
    change = add(parts, cases, set_name=set_name, accept=accept, reason=reason or f"from {file.name}")
    return GoldenChange(
        set=change.set,
        version=change.version,
        added=change.added,
        changed=change.changed,
        unchanged=change.unchanged,
        redacted=change.redacted,
        file=str(file),
    )


def read_cases(file: Path) -> Iterator[CaseInput]:
    """The cases of a JSON Lines file. Raises UsageError naming the first line that is none."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(file)!r} cannot be read: {error}.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield case_from(json.loads(line), f"{file.name}:{number}")
            except ValueError as error:
                raise UsageError(f"{file.name}:{number} is not JSON: {error}.") from error


def case_from(values: Any, place: str) -> CaseInput:
    """A case of JSON values. Raises UsageError."""
    if not isinstance(values, dict):
        raise UsageError(f"{place} is not a JSON object.")
    if "inputs" not in values and "question" in values:
        return _question(values, place)
    unknown = sorted(set(values) - _FIELDS)
    if unknown:
        raise UsageError(f"{place} has {unknown[0]!r}. Allowed: {', '.join(sorted(_FIELDS))}.")
    if not isinstance(values.get("key"), str):
        raise UsageError(f"{place} has no `key`.", hint='{"key": "…", "inputs": {…}, "expected": …}')
    for name in _LISTS:
        if not isinstance(values.get(name, []), list):
            raise UsageError(f"{place}: `{name}` is a list of texts.")
    given: dict[str, Any] = {
        name: tuple(map(str, value)) if name in _LISTS else value for name, value in values.items()
    }
    if not isinstance(given.get("provenance", {}), Mapping):
        raise UsageError(f"{place}: `provenance` is an object.")
    if not isinstance(given.get("must_pass", False), bool):
        raise UsageError(f"{place}: `must_pass` is true or false.")
    return CaseInput(**given)


def export_cases(parts: GoldenParts, file: Path, *, set_name: str, state: str | None) -> GoldenList:
    """Write the cases of a set, one a line; the file is there whole or not at all. Raises NotFoundError."""
    report = listed(parts, set_name=set_name, state=state)
    lines = [
        json.dumps({name: getattr(case, name) for name in sorted(_FIELDS)}, ensure_ascii=False)
        for case in report.cases
    ]
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("w", encoding="utf-8") as output:
            output.write("".join(f"{line}\n" for line in lines))
            output.flush()
            os.fsync(output.fileno())
        part.replace(file)
        fsync_path(file.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{str(file)!r} cannot be written: {error}.") from error
    return report


def _question(values: Mapping[str, Any], place: str) -> CaseInput:
    named = values.get("documents", values.get("document"))
    documents: Sequence[str] = [named] if isinstance(named, str) else list(named or ())
    unknown = sorted(set(values) - _OLD - _FIELDS)
    if unknown or not isinstance(values["question"], str):
        raise UsageError(
            f"{place} does not fit: {unknown[0]!r} is no key of a question."
            if unknown
            else f"{place}: a question is a text."
        )
    inputs = {key: values[key] for key in ("question", "corpus", "access") if key in values}
    expected = {"documents": documents}
    if "answer" in values:
        expected["answer"] = values["answer"]
    rest = {key: values[key] for key in _FIELDS - {"inputs", "expected", "key"} if key in values}
    key = values.get("key", values["question"][:200])
    return CaseInput(
        key=str(key), inputs=inputs, expected=expected, **{**rest, "tags": tuple(rest.get("tags", ()))}
    )
