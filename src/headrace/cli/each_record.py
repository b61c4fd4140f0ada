"""One JSON result a line for a file of records."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from headrace.errors import UsageError


def scan_records(data: bytes, field: str, scan: Callable[[str], Any]) -> int:
    """Print a result for each line that is not empty; gives 1 when one could not be read, else 0."""
    from headrace.cli.output import OutputClosed, close_output
    from headrace.records.wire import to_plain

    code = 0
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            result = to_plain(scan(_text(line, field, number)))
        except UsageError as error:
            result, code = error.to_wire(), 1
        try:
            sys.stdout.write(json.dumps(result, allow_nan=False) + "\n")
        except BrokenPipeError:
            close_output()
            raise OutputClosed from None
    sys.stdout.flush()
    return code


def _text(line: bytes, field: str, number: int) -> str:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise UsageError(
            f"Line {number} is not JSON: {error}.", hint="Write one JSON object a line."
        ) from error
    if not isinstance(record, dict) or not isinstance(record.get(field), str):
        known = ", ".join(map(repr, record)) if isinstance(record, dict) else "no fields"
        raise UsageError(
            f"Line {number} has no text in {field!r}; it has {known}.",
            hint="Name the field with --jsonl FIELD.",
        )
    return str(record[field])
