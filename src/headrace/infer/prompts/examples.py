"""Few-shot sets: `prompts/few_shot/NAME.jsonl`, one example a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from headrace.errors import ConfigError
from headrace.infer.prompts.base import FewShot
from headrace.infer.prompts.confinement import FileRefused, read_confined
from headrace.infer.prompts.shape import FEW_SHOT, as_text
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.validate import problems
from headrace.ledger.identity import digest

FOLDER = "few_shot"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ROLES = ("system", "user", "assistant")
_ALLOWED = ('{"input": …, "output": …}', '{"messages": […], "output": …}')


class ReadSet(NamedTuple):
    """A set as it stands in its file."""

    few_shot: FewShot
    file: str
    """For messages, from the folder of the workspace."""
    lines: Sequence[int]
    """Line of each row, from 1."""


def read_examples(folder: Path | None, name: str) -> ReadSet:
    """Read a set. Raises FileRefused where there is none, ConfigError with the line of a wrong example."""
    if not _NAME.fullmatch(name):
        raise FileRefused(f"{name!r} is not the name of a file in prompts/{FOLDER}/, without '.jsonl'")
    text = read_confined(folder, f"{FOLDER}/{name}.jsonl")
    file = f"prompts/{FOLDER}/{name}.jsonl"
    lines = [number for number, _ in _lines(text)]
    rows = [_row(line, number, file) for number, line in _lines(text)]
    if not rows:
        raise ConfigError("the set holds no example.", file=file, line=1)
    named = digest(FEW_SHOT, [as_text(row) for row in rows])
    return ReadSet(FewShot(name=name, digest=named, rows=rows), file, lines)


def example_errors(read: ReadSet, schema: Schema | None) -> Iterator[ConfigError]:
    """Outputs that the schema does not allow, and examples that stand there twice."""
    file = read.file
    seen: dict[str, int] = {}
    for line, row in zip(read.lines, read.few_shot.rows, strict=True):
        first = seen.setdefault(digest("row", row), line)
        if first != line:
            yield ConfigError(f"the example is the same as that of line {first}.", file=file, line=line)
        broken = problems(schema, row["output"]) if schema is not None else []
        if schema is not None and broken:
            where = f" at {broken[0].path}" if broken[0].path else ""
            said = f"the output breaks schema {schema.name!r}{where}: {broken[0].message}"
            yield ConfigError(f"{said.rstrip('.')}.", file=file, line=line)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _row(line: str, number: int, file: str) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_refuse)
        as_text(row).encode()
    except ValueError as error:
        raise ConfigError(f"not JSON: {error}.", file=file, line=number) from error
    if not isinstance(row, dict) or sorted(row) not in (["input", "output"], ["messages", "output"]):
        raise ConfigError("an example has other keys.", file=file, line=number, allowed=_ALLOWED)
    if "messages" in row and not _are_messages(row["messages"]):
        said = '\'messages\' must be a list of {"role", "content"} with text in both.'
        raise ConfigError(said, file=file, line=number, allowed=_ROLES)
    return row


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _are_messages(given: Any) -> bool:
    return (
        isinstance(given, list)
        and bool(given)
        and all(
            isinstance(item, Mapping)
            and set(item) == {"role", "content"}
            and item["role"] in _ROLES
            and isinstance(item["content"], str)
            for item in given
        )
    )
