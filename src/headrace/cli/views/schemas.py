"""Schemas, their differences and checks on the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line, plain
from headrace.cli.views.console import count, show_indented, show_name, show_row
from headrace.records.schemas import (
    FreezeReport,
    MigrateReport,
    RewriteReport,
    SchemaChange,
    SchemaCheck,
    SchemaDetail,
    SchemaDiff,
    SchemaList,
)

_NEXT = {
    "newest": "the newest",
    "compatible": "read as it is in the next version",
    "migration": "a migration leads to the next version",
    "missing": "no migration leads to the next version",
}
_MOST = 20


def show_list(console: Console, report: SchemaList) -> None:
    """One line for each schema."""
    if not report.schemas:
        console.print(
            "There are no schemas yet. Write schemas/NAME.json, a JSON Schema with the key “version”."
        )
    for schema in report.schemas:
        version = "no file" if schema.file is None else f"v{schema.version or '?'}"
        known = f"known: {', '.join(map(str, schema.versions))}" if schema.versions else "not checked yet"
        records = count(sum(schema.records.values()), "record")
        show_name(
            console,
            Text.assemble((f"{one_line(schema.name):<24}", "bold"), f"{version:<8}{known:<24}{records}"),
        )


def show_detail(console: Console, report: SchemaDetail) -> None:
    """The versions, then the schema itself."""
    show_name(console, Text.assemble((one_line(report.name), "bold"), f"  version {report.version}"))
    for item in report.versions:
        kept = "frozen" if item.frozen else "recorded" if item.recorded else "in its file only"
        line = f"{kept:<18}{count(item.records, 'record'):<14}{_NEXT[item.next]}"
        show_row(console, f"v{item.version}", Text(line, style="bold red" if item.next == "missing" else ""))
    for version, day in report.support_until.items():
        show_row(console, "served", f"v{version} until {day}")
    for conflict in report.conflicts:
        show_indented(console, conflict, columns=2, style="bold red")
    show_indented(
        console, json.dumps(report.json_schema, indent=2, ensure_ascii=False), columns=2, style="dim"
    )


def show_diff(console: Console, report: SchemaDiff) -> None:
    """The verdict, then each change with its reason."""
    verdict = "compatible" if report.compatible else "breaking"
    style = "bold green" if report.compatible else "bold red"
    show_name(
        console,
        Text.assemble((one_line(report.name), "bold"), f"  {report.old} → {report.new}  ", (verdict, style)),
    )
    _show_changes(console, report.changes)
    if report.migration:
        show_row(console, "migration", report.migration)
    elif not report.compatible:
        console.print(f"Next: headrace schema migrate {one_line(report.name)}")


def show_migrate(console: Console, report: MigrateReport) -> None:
    """What was written and what is left to decide."""
    show_name(console, Text.assemble((one_line(report.name), "bold"), f"  {report.old} → {report.new}"))
    _show_changes(console, report.changes)
    for path in report.frozen:
        show_row(console, "frozen", one_line(path))
    if report.file is None:
        console.print("The change is compatible: values are read as they are, and no migration is needed.")
        return
    show_row(console, "written" if report.written else "there", one_line(report.file))
    if report.undecided:
        console.print(f"{count(report.undecided, 'place')} in it for you to decide. Look for `undecided(`.")
    console.print(f"Next: look through it, then headrace schema check {one_line(report.name)}")


def show_check(console: Console, report: SchemaCheck) -> None:
    """What was read, then what failed."""
    for item in report.checked:
        parts = [
            count(number, word)
            for number, word in ((item.samples, "sample"), (item.records, "record"))
            if number
        ]
        parts += [f"{count(item.made, 'value')} made from the schema"] if item.made else []
        line = f"v{item.version} → v{item.newest}  {', '.join(parts) or 'nothing to read'}"
        show_name(console, Text.assemble((f"{one_line(item.schema):<24}", "bold"), line))
    for problem in report.problems[:_MOST]:
        version = f" v{problem.version}" if problem.version is not None else ""
        more = f" and {problem.count - 1:,} more" if problem.count > 1 else ""
        place = f"{one_line(problem.schema)}{version}  {one_line(problem.where)}{more}"
        head = Text.assemble(("failed  ", "bold red"), place)
        show_name(console, head)
        show_indented(console, problem.message, columns=4)
    if len(report.problems) > _MOST:
        console.print(f"… and {len(report.problems) - _MOST:,} more, all of them with --json.")
    for note in report.notes:
        show_indented(console, note, columns=2, style="dim")
    if not report.problems:
        console.print("Every version can be read." if report.checked else "There is nothing to check.")


def show_freeze(console: Console, report: FreezeReport) -> None:
    """Files that were written."""
    for path in report.written:
        show_row(console, "written", one_line(path))
    if report.written:
        console.print("Keep them in version control.")
    else:
        console.print(f"Nothing new; {count(report.kept, 'version')} frozen before.")


def show_rewrite(console: Console, report: RewriteReport) -> None:
    """Counts, then what stayed as it was."""
    console.print(
        f"{count(report.written, 'record')} of {plain(report.name)} upgraded to version {report.version}."
    )
    if report.failed:
        console.print(f"{count(report.failed, 'record')} stayed as they were:")
    for failure in report.failures:
        show_row(console, "failed", one_line(failure.record))
        show_indented(console, failure.error, columns=4)


def _show_changes(console: Console, changes: Sequence[SchemaChange]) -> None:
    for change in changes:
        mark = ("breaks    ", "bold red") if change.breaking else ("fits      ", "green")
        show_name(
            console,
            Text.assemble("  ", mark, (f"{one_line(change.path) or 'the value'}  ", "bold"), change.reason),
        )
