"""What the gates say, before a commit or of a version as it is."""

from __future__ import annotations

import dataclasses
import time

from headrace.curate.datasets import commit, staging, versions
from headrace.curate.datasets.gates import contamination, running
from headrace.curate.datasets.parts import DatasetParts
from headrace.curate.datasets.splits import splits_of
from headrace.curate.datasets.splitting import leaking
from headrace.records.datasets import CommitReport, DatasetCheck


def check(parts: DatasetParts, name: str, *, version: str | None = None) -> CommitReport:
    """Judge what is staged, or with `version` a version as of now: eval cases and leaks. Writes nothing.

    Raises NotFoundError, UsageError.
    """
    started = time.monotonic()
    staging.require(parts, name)
    if version is not None:
        return _version(parts, name, version, started)
    planned = commit.plan(parts, name)
    checks = running.run(planned.incoming)
    report = commit.report_of(planned, "", checks)
    differs = report.added or report.changed or report.removed or report.erased
    state = "refused" if running.refused(checks) else "committed" if differs else "nothing"
    return dataclasses.replace(report, state=state, seconds=round(time.monotonic() - started, 3))  # type: ignore[arg-type]  # one of three


def _version(parts: DatasetParts, name: str, version: str, started: float) -> CommitReport:
    found = versions.find(parts, name, version)
    dataset = staging.require(parts, name)
    pack, erased = versions.all_rows(parts, found)
    with parts.ledger.read() as conn:
        held_out = list(parts.held_out(conn))
    hits = contamination.find(pack.rows, held_out)
    rows = sorted({hit.row for hit in hits})
    checks = [
        DatasetCheck(
            gate=contamination.NAME,
            verdict="fail" if hits else "pass",
            reason=f"{len(rows):,} of {len(pack.rows):,} rows hold one of {len(held_out):,} eval cases",
            rows=len(rows),
            keys=tuple(str(pack.rows.keys[row].as_py()) for row in rows[:5]),
        )
    ]
    if dataset.splits:
        checks += leaking(pack.rows, splits_of(pack.rows, salt=dataset.salt, shares=dataset.splits))
    return CommitReport(
        dataset=name,
        state="refused" if hits else "nothing",
        version=found.id,
        parent=None,
        rows=found.rows,
        erased=erased,
        checks=tuple(checks),
        seconds=round(time.monotonic() - started, 3),
    )
