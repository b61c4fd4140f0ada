"""Runs plan or sync over one corpus or all of them; one that fails does not keep the others from running."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from headrace.cli.failure import report as report_error
from headrace.cli.failure import worst
from headrace.cli.output import write_json
from headrace.config.base import WorkspaceConfig
from headrace.errors import HeadraceError, NotFoundError, UsageError
from headrace.records.sync import PlanReport, SyncReport

Report = TypeVar("Report", PlanReport, SyncReport)


def for_each_corpus(
    config: WorkspaceConfig,
    chosen: str | None,
    *,
    run: Callable[[str], Report],
    show: Callable[[Report], None],
    as_json: bool,
) -> int:
    """Run over the chosen corpus, or over all, and give one exit code.

    One corpus prints its report as it is; several print `{"corpora": [report, …]}`, where a corpus that could
    not be run at all is `{"corpus", "error"}`. Raises NotFoundError, and the error of a corpus that is alone.
    """
    names = _names(config, chosen)
    documents: list[Any] = []
    codes = []
    for name in names:
        try:
            result = run(name)
        except HeadraceError as error:
            if len(names) == 1:
                raise
            documents.append({"corpus": name, **error.to_wire()})
            codes.append(error.exit_code)
            if not as_json:
                report_error(error, as_json=False)
            continue
        documents.append(result)
        codes.append(exit_code(result))
        if not as_json:
            show(result)
    if as_json:
        write_json(documents[0] if len(names) == 1 else {"corpora": documents})
    return worst(codes)


def exit_code(result: PlanReport | SyncReport) -> int:
    """3 when something was withheld, 1 when some documents failed or lack what a step writes, else 0."""
    if result.documents.withheld or result.withheld_reason:
        return 3
    lacking = isinstance(result, SyncReport) and any(
        count.failed or count.waiting for count in result.steps.values()
    )
    return 1 if result.failures or result.documents.failed or lacking else 0


def _names(config: WorkspaceConfig, chosen: str | None) -> list[str]:
    names = list(config.corpora)
    if chosen is not None:
        if chosen not in config.corpora:
            raise NotFoundError(
                "corpus", chosen, known=names, hint="It must be a [corpus.NAME] of headrace.toml."
            )
        return [chosen]
    if not names:
        raise UsageError(
            "No corpus is configured.", hint=f"Add a [corpus.NAME] table with sources to {config.file}."
        )
    return names
