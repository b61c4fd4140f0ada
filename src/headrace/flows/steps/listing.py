"""Which steps there are, and how their documents stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError
from headrace.flows.steps.parts import StepParts
from headrace.ledger.steps import states
from headrace.records.steps import StepList, StepReport

if TYPE_CHECKING:
    from headrace.ingest.steps.outputs import Opened


def list_steps(parts: StepParts, corpus: str | None) -> StepList:
    """Every step that a corpus declares, in its order. Raises NotFoundError, ConfigError."""
    return StepList(
        steps=tuple(report for name in parts.corpora(corpus) for report in _of_corpus(parts, name))
    )


def show_step(parts: StepParts, step: str, corpus: str | None) -> StepReport:
    """One step. Raises NotFoundError, ConfigError."""
    name = parts.corpus(corpus)
    reports = {report.step: report for report in _of_corpus(parts, name)}
    if step not in reports:
        raise unknown_step(step, list(reports), name)
    return reports[step]


def find_step(parts: StepParts, step: str, corpus: str | None) -> tuple[str, Opened]:
    """The corpus and the opened step of a name. Raises NotFoundError, ConfigError."""
    name = parts.corpus(corpus)
    opened = {item.step.name: item for item in parts.opened(name)}
    if step not in opened:
        raise unknown_step(step, list(opened), name)
    return name, opened[step]


def unknown_step(step: str, known: list[str], corpus: str) -> NotFoundError:
    """The error for a step that a corpus does not declare."""
    return NotFoundError("step", step, known=known, hint=f"Declare it with [[corpus.{corpus}.steps]].")


def _of_corpus(parts: StepParts, corpus: str) -> list[StepReport]:
    opened = parts.opened(corpus)
    with parts.ledger.read() as conn:
        serving = parts.serving(conn, corpus)
        counts = states.counts(conn, serving) if serving is not None else {}
    return [_report(corpus, at, item, counts.get(item.step.name, {})) for at, item in enumerate(opened)]


def _report(corpus: str, position: int, opened: Opened, documents: Mapping[str, int]) -> StepReport:
    step = opened.step
    return StepReport(
        corpus=corpus,
        step=step.name,
        position=position,
        kind=step.kind,
        into=step.into,
        fields=step.writes,
        model=opened.model.identity,
        prompt=step.prompt.name,
        prompt_digest=step.prompt.digest,
        schema=step.spec.schema,
        schema_digest=step.schema.digest,
        labels=len(step.labels),
        fallback=dict(step.spec.fallback),
        documents=dict(sorted(documents.items())),
    )
