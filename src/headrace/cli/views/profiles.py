"""Profiles on the terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import show_indented, show_name, show_row
from headrace.records.profiles import Profile, ProfileHistory, ProfileList


def show_profile(console: Console, report: Profile) -> None:
    """Its fields, and which version of what it is."""
    title = f"  version {report.version}  {report.updated_at}  by {one_line(report.updated_by)}"
    show_name(console, Text.assemble((report.name, "bold"), title))
    show_row(console, "user", report.subject)
    schema = f"{report.schema} {report.schema_version}"
    if report.stored_version != report.schema_version:
        schema += f", written as {report.stored_version}"
    show_row(console, "schema", schema)
    for name, value in report.value.items():
        show_indented(console, f"{name}: {_shown(value)}", columns=2)


def show_history(console: Console, report: ProfileHistory) -> None:
    """Change by change, field by field."""
    show_name(console, Text.assemble((report.name, "bold"), f"  {report.subject}"))
    for change in report.changes:
        show_name(console, Text(f"{change.version}  {change.at}  by {one_line(change.by)}", style="bold"))
        if change.reason:
            show_indented(console, change.reason, style="dim")
        for item in change.changes:
            show_indented(console, f"{item.field}: {_shown(item.before)} → {_shown(item.after)}")


def show_profiles(console: Console, report: ProfileList) -> None:
    """The kinds, then one line for each profile."""
    for kind, schema in report.kinds.items():
        show_name(console, Text.assemble((kind, "bold"), f"  schema {schema}"))
        for item in report.profiles:
            if item.name == kind:
                show_row(console, f"version {item.version}", f"{item.subject}  {item.updated_at}")
    if not report.kinds:
        line = 'No kinds of profiles yet. Write [profiles.NAME] with schema = "…" into headrace.toml.'
        show_name(console, Text(line))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
