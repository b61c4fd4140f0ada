"""What the gates make of one file."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.errors import DocumentError, UsageError
from headrace.ingest.gates.running import GateInput, batch_of, run_gates
from headrace.records.document import Content
from headrace.records.gates import GateVerdict

if TYPE_CHECKING:
    from headrace.ingest.gates.declared import DeclaredGate
    from headrace.ingest.parsing.pool import ParsePool


def test_file(
    parser: ParsePool, gates: Sequence[DeclaredGate], path: str | os.PathLike[str]
) -> list[GateVerdict]:
    """Read, parse and judge a file. Raises UsageError, ParseError, LimitExceeded."""
    file = Path(path)
    try:
        data, modified_ns = file.read_bytes(), file.stat().st_mtime_ns
    except OSError as error:
        raise UsageError(
            f"The file {str(file)!r} cannot be read: {error.strerror}.", hint="Name a file on this machine."
        ) from error
    return test_content(parser, gates, data, name=file.name, modified_at_us=modified_ns // 1000)


def test_content(
    parser: ParsePool,
    gates: Sequence[DeclaredGate],
    data: bytes,
    *,
    name: str,
    modified_at_us: int | None,
) -> list[GateVerdict]:
    """Parse and judge bytes. Raises ParseError, LimitExceeded."""
    parsed = parser.parse(name, Content(data=data))
    if isinstance(parsed, DocumentError):
        raise parsed
    given = GateInput(document=name, parsed=parsed, size_bytes=len(data), modified_at_us=modified_at_us)
    (verdicts,) = run_gates(gates, batch_of([given], now_us=time.time_ns() // 1000))
    return verdicts
