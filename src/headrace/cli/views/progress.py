"""Progress bars on stderr while a sync or a batch runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import progress_console
from headrace.records.calls import BatchProgress
from headrace.records.evals import EvalProgress
from headrace.records.sync import SyncProgress

Listener = Callable[[SyncProgress], None]


class _Rate(ProgressColumn):
    """Documents a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


@contextmanager
def sync_progress() -> Iterator[Listener | None]:
    """Give a listener for `Workspace.sync` that draws a bar; None when nobody watches stderr."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[detail]}", markup=False, style="dim"),
    )
    with Progress(*columns, console=progress_console(), transient=True, speed_estimate_period=30) as progress:
        yield _Drawing(progress)


@contextmanager
def batch_progress() -> Iterator[Callable[[BatchProgress], None] | None]:
    """Give a listener for `workspace.calls.batch` that draws a bar; None when nobody watches stderr."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("calls"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[detail]}", markup=False, style="red"),
    )
    with Progress(*columns, console=progress_console(), transient=True) as progress:
        task = progress.add_task("calls", total=None, detail="")

        def tell(step: BatchProgress) -> None:
            detail = f"{step.failed:,} failed" if step.failed else ""
            progress.update(task, completed=step.done, total=step.total, detail=detail)

        yield tell


@contextmanager
def eval_progress() -> Iterator[Callable[[EvalProgress], None] | None]:
    """Give a listener for `workspace.evals.run` that draws a bar; None when nobody watches stderr."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("outputs"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[detail]}", markup=False),
    )
    with Progress(*columns, console=progress_console(), transient=True) as progress:
        task = progress.add_task("outputs", total=None, detail="")

        def tell(step: EvalProgress) -> None:
            detail = f"{step.cached:,} from earlier runs" if step.cached else ""
            progress.update(task, completed=step.done, total=step.total, detail=detail)

        yield tell


class _Drawing:
    """One line per corpus."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, int] = {}

    def __call__(self, step: SyncProgress) -> None:
        if step.corpus not in self._tasks:
            self._tasks[step.corpus] = self._progress.add_task(step.corpus, total=None, detail="")
        self._progress.update(
            self._tasks[step.corpus],  # type: ignore[arg-type]
            description=f"{one_line(step.corpus)}: {step.phase}",
            completed=step.documents_done,
            total=step.documents_total or None,
            detail=f"{step.embeddings_done:,} embedded" if step.embeddings_done else "",
        )
