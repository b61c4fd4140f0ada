"""What a step makes of one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.errors import DocumentError, UsageError
from headrace.flows.steps.letters import attempt_of
from headrace.flows.steps.listing import find_step
from headrace.ingest.steps.running import Stepping
from headrace.ingest.steps.tasks import StepInput
from headrace.ledger.identity import digest_bytes
from headrace.records.document import Content
from headrace.records.steps import StepTest

if TYPE_CHECKING:
    from headrace.flows.steps.parts import StepParts


def test_file(parts: StepParts, step: str, path: str | os.PathLike[str], corpus: str | None) -> StepTest:
    """Read and parse a file and run one step on it. Raises UsageError, NotFoundError, ParseError."""
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The file {str(file)!r} cannot be read: {error.strerror}.", hint="Name a file on this machine."
        ) from error
    return test_content(parts, step, data, name=file.name, corpus=corpus)


def test_content(parts: StepParts, step: str, data: bytes, *, name: str, corpus: str | None) -> StepTest:
    """Parse bytes and run one step on them: the model is asked, whatever is stored, and nothing is stored."""
    chosen, opened = find_step(parts, step, corpus)
    parsed = parts.parser().parse(name, Content(data=data))
    if isinstance(parsed, DocumentError):
        raise parsed
    given = StepInput(uri=name, revision=digest_bytes("rev", data), document=parsed, declared={})
    stepping = Stepping(chosen, None, [opened], parts.asker(chosen))
    (stepped,) = stepping.run([given])
    (state,) = stepped.states
    text = stepped.document.text if opened.step.into == "text" else None
    return StepTest(
        step=step,
        file=name,
        state=state.state,
        reason=state.reason,
        fields={
            field: stepped.document.metadata[field] for field in state.fields if field in opened.step.writes
        },
        text=stepped.derived[0].text if stepped.derived else text,
        attempts=tuple(attempt_of(attempt) for attempt in stepping.attempts),
        count=stepping.counts[step],
    )
