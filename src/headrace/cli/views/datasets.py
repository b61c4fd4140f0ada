"""Datasets and models on the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_indented, show_name, show_row, size
from headrace.curate.datasets.values import from_json, shown
from headrace.records.datasets import (
    CommitReport,
    DatasetCheck,
    DatasetDiff,
    DatasetList,
    DatasetLog,
    DatasetProfile,
    DatasetReport,
    DatasetRow,
    DatasetView,
    ExportReport,
    ImportReport,
    ModelDataReport,
    ModelList,
    ModelReport,
    SplitReport,
    StageReport,
    TagReport,
    WhereReport,
)

_STYLES = {"pass": "green", "fail": "red", "warn": "yellow", "inconclusive": "yellow"}
_STATES = {"committed": "green", "refused": "red", "nothing": "dim"}


def show_list(console: Console, report: DatasetList) -> None:
    """One block for each dataset."""
    for dataset in report.datasets:
        show_dataset(console, dataset)
    if not report.datasets:
        show_name(console, Text("No datasets yet. Next: headrace dataset create NAME"))


def show_dataset(console: Console, report: DatasetReport) -> None:
    """What there is of one dataset."""
    show_name(console, Text.assemble((report.dataset, "bold"), f"  {one_line(report.description)}".rstrip()))
    if report.version:
        show_row(console, "version", f"{report.version}  {report.committed_at}")
        show_row(console, "rows", f"{report.rows:,}")
        show_row(console, "columns", ", ".join(one_line(name) for name in report.schema))
    else:
        show_row(console, "version", "none yet")
    if report.splits:
        show_row(console, "splits", _shares(report.splits))
    for tag, version in report.tags.items():
        show_row(console, "tag", f"{tag}  {version}")
    if report.staged:
        show_row(
            console,
            "staged",
            f"{count(report.staged, 'row')}. Next: headrace dataset commit {report.dataset}",
        )


def show_staged(console: Console, report: StageReport) -> None:
    """What waits now."""
    show_name(console, Text.assemble((report.dataset, "bold"), f"  {count(report.staged, 'row')} staged"))
    if report.rows or report.removals:
        show_row(console, "now", f"{report.rows:,} to add or replace, {report.removals:,} to remove")
    _kept_out(console, report.kept_out)


def show_import(console: Console, report: ImportReport) -> None:
    """What was read."""
    read = f"{count(report.rows, 'row')} from {count(len(report.files), 'file')}, {report.staged:,} staged"
    show_name(console, Text.assemble((report.dataset, "bold"), f"  {read}"))
    _kept_out(console, report.kept_out)
    show_row(console, "next", f"headrace dataset check {report.dataset}")


def _kept_out(console: Console, number: int) -> None:
    if number:
        show_row(console, "kept out", Text(f"{count(number, 'row')} of forgotten users", style="yellow"))


def show_commit(console: Console, report: CommitReport) -> None:
    """What became of a commit."""
    _outcome(console, report, report.state)
    if report.state == "refused":
        line = f'headrace dataset commit {report.dataset} --force --reason "…", if it is right as it is'
        show_row(console, "staged", "everything as it was")
        show_row(console, "or", line)


def show_check(console: Console, report: CommitReport) -> None:
    """What the gates say."""
    words = {"committed": "would be committed", "refused": "would be refused", "nothing": "nothing to commit"}
    looked = report.version is not None and report.parent is None and report.state != "committed"
    told = {"refused": "a gate fails", "nothing": "no gate fails"}.get(report.state, "") if looked else ""
    _outcome(console, report, told or words[report.state])


def _outcome(console: Console, report: CommitReport, words: str) -> None:
    show_name(console, Text.assemble((report.dataset, "bold"), "  ", (words, _STATES[report.state])))
    if report.version and report.state != "refused":
        show_row(console, "version", report.version)
    changes = [
        f"{number:,} {word}"
        for word, number in (
            ("added", report.added),
            ("changed", report.changed),
            ("removed", report.removed),
            ("unchanged", report.unchanged),
            ("forgotten", report.erased),
        )
        if number
    ]
    show_row(console, "rows", f"{report.rows:,}" + (f": {', '.join(changes)}" if changes else ""))
    show_checks(console, report.checks)
    if report.forced:
        show_row(console, "forced", Text(one_line(report.forced), style="yellow"))
    show_row(console, "took", duration(report.seconds))


def show_checks(console: Console, checks: Sequence[DatasetCheck]) -> None:
    """One line for each gate, and the rows concerned."""
    passed = [check.gate for check in checks if check.verdict == "pass"]
    if passed:
        show_name(console, Text.assemble("  ", ("pass   ", _STYLES["pass"]), ", ".join(passed)))
    for check in checks:
        if check.verdict == "pass":
            continue
        word = {"inconclusive": "unsure"}.get(check.verdict, check.verdict)
        show_name(console, Text.assemble("  ", (f"{word:<7}", _STYLES[check.verdict]), (check.gate, "bold")))
        show_indented(console, check.reason, columns=9)
        if check.keys:
            show_indented(console, f"rows {', '.join(map(one_line, check.keys))}", columns=9, style="cyan")


def show_log(console: Console, report: DatasetLog) -> None:
    """One block for each entry, newest first."""
    for entry in report.entries:
        title = Text.assemble(
            (f"{entry.seq}  ", "bold"), (entry.version or entry.state, _STATES[entry.state])
        )
        show_name(console, title)
        show_row(console, "when", f"{entry.at} by {one_line(entry.actor)}")
        if entry.message:
            show_row(console, "message", one_line(entry.message))
        changes = f"{entry.added:,} added, {entry.changed:,} changed, {entry.removed:,} removed"
        show_row(console, "rows", f"{entry.rows:,}: {changes}")
        if entry.forced:
            show_row(console, "forced", Text(one_line(entry.forced), style="yellow"))
        show_checks(console, entry.checks)
    if not report.entries:
        show_name(console, Text(f"Nothing was committed to {report.dataset} yet."))


def show_version(console: Console, report: DatasetView) -> None:
    """Columns and rows."""
    show_name(console, Text.assemble((report.dataset, "bold"), f"  {report.version}"))
    forgotten = f", {report.erased:,} of them forgotten" if report.erased else ""
    show_row(console, "rows", f"{report.rows:,}{forgotten}")
    for column, kinds in report.schema.items():
        show_row(console, one_line(column), " or ".join(kinds))
    if report.producers:
        show_row(console, "made by", ", ".join(map(one_line, report.producers)))
    for row in report.sample:
        _row(console, row)


def _row(console: Console, row: DatasetRow) -> None:
    show_name(
        console, Text.assemble("\n", (one_line(row.key or "(forgotten)"), "bold"), f"  {row.row or ''}")
    )
    _fields(console, row.fields)
    facts = {"group": row.group, "split": row.split, "subject": row.subject, "depth": row.depth or None}
    told = ", ".join(f"{name} {one_line(str(value))}" for name, value in facts.items() if value is not None)
    if told:
        show_row(console, "·", told)


def _fields(console: Console, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        show_indented(console, f"{name}: {shown(from_json(value), most=300)}", columns=2)


def show_diff(console: Console, report: DatasetDiff) -> None:
    """Counts, kinds of change, and rows."""
    show_name(console, Text.assemble((report.dataset, "bold"), f"  {report.a}"))
    show_name(console, Text(f"{' ' * len(report.dataset)}  {report.b}"))
    show_row(
        console, "rows", f"{report.added:,} added, {report.changed:,} changed, {report.removed:,} removed"
    )
    for column, kinds in report.flips.items():
        told = ", ".join(f"{kind} {number:,}" for kind, number in kinds.items())
        show_row(console, one_line(column), told)
    show_row(console, "read", f"{report.leaves_read} of {report.leaves} leaves, {duration(report.seconds)}")
    signs = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
    for row in report.rows:
        sign, style = signs[row.change]
        show_name(console, Text.assemble("\n", (f"{sign} {one_line(row.key or '(forgotten)')}", style)))
        if row.change == "changed" and row.before is not None and row.after is not None:
            for name in row.columns:
                was, now = (_cell(fields, name) for fields in (row.before, row.after))
                show_indented(console, f"{name}: {was} → {now}", columns=2)
        else:
            _fields(console, row.after or row.before or {})
    if report.truncated:
        show_name(console, Text("\n… and more. --limit N lists them."))


def _cell(fields: Mapping[str, Any], name: str) -> str:
    return shown(from_json(fields[name])) if name in fields else "missing"


def show_tag(console: Console, report: TagReport) -> None:
    """Where a tag points, and where it did."""
    show_name(console, Text.assemble((report.tag, "bold"), f"  {report.version}"))
    for version, at, actor in report.history[:-1][::-1]:
        show_row(console, "before", f"{version}  since {at} by {one_line(actor)}")


def show_profile(console: Console, report: DatasetProfile) -> None:
    """One block for each column."""
    show_name(console, Text.assemble((report.dataset, "bold"), f"  {report.version}"))
    show_row(console, "rows", f"{report.rows:,}, {report.subjects:,} with the words of a user")
    show_row(
        console, "synthetic", f"{report.synthetic:.0%}; rows by generation depth: {_counts(report.depths)}"
    )
    if report.splits:
        show_row(console, "splits", _counts(report.splits))
    for column in report.columns:
        show_name(console, Text(one_line(column.column), style="bold"))
        show_row(console, "kinds", _counts(column.kinds))
        if column.empty:
            show_row(console, "empty", f"{column.empty:,}")
        if column.nan:
            show_row(console, "NaN", f"{column.nan:,}")
        if column.minimum is not None and column.maximum is not None:
            unit = " characters" if set(column.kinds) <= {"text", "null", "missing"} else ""
            show_row(console, "about", f"{column.minimum:.3g} to {column.maximum:.3g}{unit}")
        if column.categories:
            some = dict(list(column.categories.items())[:8])
            more = " …" if len(column.categories) > len(some) else ""
            show_row(console, "values", _counts(some) + more)


def show_splits(console: Console, report: SplitReport) -> None:
    """Rows and groups of each split."""
    show_name(
        console, Text.assemble((report.dataset, "bold"), f"  {report.version or 'nothing committed yet'}")
    )
    for name, share in report.splits.items():
        rows, groups = report.rows.get(name, 0), report.groups.get(name, 0)
        show_row(console, name, f"{share:.0%} asked for: {count(rows, 'row')} of {count(groups, 'group')}")
    if not report.splits:
        show_row(
            console,
            "splits",
            f"none. Next: headrace dataset split {report.dataset} --splits train=0.8,test=0.2",
        )
    show_checks(console, report.leaks)


def show_export(console: Console, report: ExportReport) -> None:
    """What went out and what stayed in."""
    show_name(console, Text(f"{count(report.rows, 'row')} in {one_line(report.folder)}"))
    show_row(console, "version", report.version)
    show_row(console, "export", report.export)
    for reason, number in report.withheld.items():
        show_row(console, "withheld", Text(f"{number:,} {reason}", style="yellow"))
    for file in report.files:
        show_row(
            console,
            "file",
            f"{file.path}  {size(file.size_bytes)}" + (f", {file.rows:,} rows" if file.rows else ""),
        )


def show_where(console: Console, report: WhereReport) -> None:
    """Each row with what it came from and what holds it."""
    for item in report.found:
        show_name(console, Text.assemble((f"{item.dataset}  ", "dim"), (one_line(item.key), "bold")))
        if item.row is not None:
            show_row(console, "row", str(item.row.row))
            for name, value in item.row.provenance.items():
                show_row(
                    console, one_line(name), one_line(value if isinstance(value, str) else json.dumps(value))
                )
            if item.row.subject:
                yes = ", ".join(f"{purpose} {'yes' if ok else 'no'}" for purpose, ok in item.consent.items())
                show_row(console, "consent", f"{yes} ({item.row.subject})")
        for place in item.versions:
            show_row(console, "version", f"{place.version}  commit {place.seq}, {place.at}")
        for export in item.exports:
            show_row(console, "export", f"{one_line(export.folder)}  {export.format}, {export.at}")
        for model in item.models:
            show_row(console, "model", Text(one_line(model), style="yellow"))


def show_models(console: Console, report: ModelList) -> None:
    """One block for each model."""
    for model in report.models:
        show_model(console, model)
    if not report.models:
        show_name(console, Text("No models yet. Next: headrace model register NAME --data DATASET@VERSION"))


def show_model(console: Console, report: ModelReport) -> None:
    """What made a model."""
    show_name(
        console,
        Text.assemble((one_line(report.model), "bold"), "  made elsewhere" if report.external else ""),
    )
    for data in report.data:
        show_row(console, "data", f"{data.dataset}  {data.version}, {count(data.rows, 'row')}")
    if report.parent:
        show_row(console, "parent", one_line(report.parent))
    for word, values in (("set", report.hyperparameters), ("metric", report.metrics)):
        for name, value in values.items():
            show_row(console, word, f"{one_line(name)} {one_line(str(value))}")
    if report.erased_rows:
        show_row(
            console,
            "forgotten",
            Text(f"{count(report.erased_rows, 'row')} of its data since", style="yellow"),
        )
    if report.withdrawn_rows:
        line = f"{count(report.withdrawn_rows, 'row')} of users who do not allow training now"
        show_row(console, "withdrawn", Text(line, style="yellow"))
    show_row(console, "registered", f"{report.at} by {one_line(report.actor)}")


def show_model_data(console: Console, report: ModelDataReport) -> None:
    """A model with its parents, or the models that data made."""
    show_models(console, ModelList(models=report.models))


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{one_line(name)} {number:,}" for name, number in counts.items())
