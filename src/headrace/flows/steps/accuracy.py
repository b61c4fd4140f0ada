"""How well a step does, on documents that people have labelled."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.errors import UsageError
from headrace.flows.steps.listing import find_step
from headrace.flows.wilson import wilson
from headrace.ingest.index.values import fit
from headrace.ledger import documents
from headrace.ledger.steps import states
from headrace.records.steps import FieldAccuracy, StepAccuracy

if TYPE_CHECKING:
    from headrace.flows.steps.parts import StepParts

_Z = 1.959963984540054
"""Of a 95 % interval."""


class Labelled(NamedTuple):
    """One line of a sample."""

    document: str
    expected: Mapping[str, Any]


def read_sample(path: str | os.PathLike[str]) -> list[Labelled]:
    """Read a JSON Lines file of `{"document", "expected"}`. Raises UsageError with the line."""
    file = Path(path)
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The sample {str(file)!r} cannot be read as UTF-8 text: {error}",
            hint="Name a file of JSON lines.",
        ) from error
    return [
        parse_labelled(line, where=f"{file.name}, line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def parse_labelled(line: str, *, where: str) -> Labelled:
    """One line of a sample. Raises UsageError."""
    try:
        given = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{where}: not JSON: {error}.", hint=_SHAPE) from error
    return labelled(given, where=where)


def labelled(given: Any, *, where: str) -> Labelled:
    """A labelled document out of JSON values. Raises UsageError."""
    fits = (
        isinstance(given, Mapping)
        and isinstance(given.get("document"), str)
        and isinstance(given.get("expected"), Mapping)
    )
    if not fits:
        raise UsageError(f"{where}: it needs `document` and `expected`.", hint=_SHAPE)
    return Labelled(given["document"], given["expected"])


def accuracy(parts: StepParts, step: str, sample: Sequence[Labelled], corpus: str | None) -> StepAccuracy:
    """Hold what serves against a sample: nothing is asked. A fallback counts as what was written.

    Raises NotFoundError, and UsageError for a sample without documents or of fields that it does not write.
    """
    name, opened = find_step(parts, step, corpus)
    fields = opened.step.writes
    if not fields:
        raise UsageError(
            f"Step {step!r} writes no metadata, so there is nothing to compare.",
            hint="Accuracy is measured for steps that write metadata fields.",
        )
    unknown = sorted({key for row in sample for key in row.expected} - set(fields))
    if unknown or not sample:
        said = f"expects {', '.join(map(repr, unknown))}" if unknown else "is empty"
        raise UsageError(f"The sample {said}; step {step!r} writes {', '.join(fields)}.", hint=_SHAPE)
    uris = sorted({row.document for row in sample})
    with parts.ledger.read() as conn:
        serving = parts.serving(conn, name)
        held = documents.lookup(conn, serving, uris) if serving is not None else {}
        stood = states.of(conn, serving, uris) if serving is not None else {}
    there = [row for row in sample if row.document in held]
    pairs = [(row.expected, held[row.document].metadata) for row in there]
    return StepAccuracy(
        corpus=name,
        step=step,
        sample=len(sample),
        missing=tuple(uri for uri in uris if uri not in held),
        waiting=sum(
            any(state.step == step and state.state == "waiting" for state in stood.get(row.document, ()))
            for row in there
        ),
        fields=tuple(
            _field(field, pairs) for field in fields if any(field in row.expected for row in sample)
        ),
    )


def _interval(hits: int, n: int) -> tuple[float, float] | tuple[None, None]:
    """The interval of a share, 95 %; None without observations."""
    return wilson(hits, n, z=_Z) if n else (None, None)


def _field(name: str, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> FieldAccuracy:
    labelled_ = [(_plain(want[name]), _plain(have.get(name))) for want, have in pairs if name in want]
    expected = sum(want is not None for want, _ in labelled_)
    written = sum(have is not None for _, have in labelled_)
    correct = sum(want is not None and _same(want, have) for want, have in labelled_)
    equal = sum(_same(want, have) for want, have in labelled_)
    n = len(labelled_)
    (low, high), precision = _interval(equal, n), _interval(correct, written)
    recall = _interval(correct, expected)
    return FieldAccuracy(
        field=name,
        n=n,
        expected=expected,
        written=written,
        correct=correct,
        precision=_share(correct, written),
        recall=_share(correct, expected),
        exact_match=_share(equal, n),
        exact_match_low=low,
        exact_match_high=high,
        precision_low=precision[0],
        precision_high=precision[1],
        recall_low=recall[0],
        recall_high=recall[1],
    )


def _plain(value: Any) -> Any:
    """A list has no order; an empty one, or an empty text, is nothing."""
    if isinstance(value, list | tuple):
        return sorted(map(str, value)) or None
    return value.strip() or None if isinstance(value, str) else value


def _same(want: Any, have: Any) -> bool:
    if want == have and isinstance(want, bool) == isinstance(have, bool):
        return True
    return isinstance(want, str) and isinstance(have, str) and any(_both(want, have, kind) for kind in _TIMES)


def _both(want: str, have: str, as_kind: Callable[[str], Any]) -> bool:
    """Whether both are one moment, however they are written."""
    try:
        return bool(as_kind(want) == as_kind(have))
    except ValueError:
        return False


_TIMES: Sequence[Callable[[str], Any]] = (lambda text: fit(text, "datetime"),)
_SHAPE = 'Write one object a line: {"document": "docs/a.md", "expected": {"field": "value"}}.'


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
