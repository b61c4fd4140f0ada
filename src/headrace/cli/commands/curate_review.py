"""`headrace curate review`: one draft after the other, decided with a key."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from headrace.cli.commands.curate import IntoOption, KindOption
from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder
from headrace.errors import HeadraceError, UsageError

if TYPE_CHECKING:
    from headrace.flows.curation.operations import CurationOperations
    from headrace.records.curation import ItemDetail

KEYS = "a accept   e edit   r reject   m merge   s skip   q quit"


def curate_review(
    ctx: typer.Context,
    kind: KindOption = None,
    into: IntoOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Decide about drafts one after the other, at a terminal.

    a accepts, e opens the text in $EDITOR first, r rejects, m merges into another draft, s leaves it
    for later, q ends. Every decision is kept at once: come back at any time. For scripts there are accept,
    reject and merge.
    """
    from headrace.workspace import Workspace

    if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "A review needs a terminal.",
            hint="In scripts: headrace curate list --json, then `curate accept`, `reject` or `merge`.",
        )
    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        return _review(opened.curation, kind=kind, into=into)


def _review(curation: CurationOperations, *, kind: str | None, into: str | None) -> int:
    from rich.text import Text

    from headrace.cli.views.console import output_console, show_name
    from headrace.cli.views.curation import show_detail

    console = output_console()
    passed: set[str] = set()
    while (detail := curation.next(kind=kind, into=into, passed=passed)) is not None:
        show_detail(console, detail)
        show_name(console, Text(KEYS, style="bold"))
        key = typer.getchar().lower()
        if key in ("q", "\x03", "\x04"):
            show_name(console, Text("The rest waits."))
            return 0
        try:
            done = _decide(curation, detail, key)
        except HeadraceError as error:
            show_name(console, Text(f"{error.message} {error.hint}", style="yellow"))
            continue
        if done:
            passed.add(detail.item.id)
            show_name(console, Text(f"{done}\n", style="green"))
    show_name(console, Text("Nothing more waits."))
    return 0


def _decide(curation: CurationOperations, detail: ItemDetail, key: str) -> str | None:
    """Do what a key says; None where nothing was decided."""
    item = detail.item.id
    if key == "a":
        return curation.accept(item).state
    if key == "e":
        text = edited(detail.item.expected or detail.item.observed or "")
        return None if text is None else curation.accept(item, expected=text).state
    if key == "r":
        return curation.reject(item, note=typer.prompt("Why", default="", show_default=False)).state
    if key == "m":
        other = typer.prompt("Into which item", default="", show_default=False).strip()
        return curation.merge(item, into=other).state if other else None
    if key == "s":
        return curation.skip(item).state
    return None


def edited(text: str) -> str | None:
    """The text after $VISUAL or $EDITOR changed it; None where it came back empty. Raises UsageError."""
    program = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="headrace-") as folder:  # only its owner can look inside
        file = Path(folder) / "expected.txt"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(program), str(file)], check=True)  # noqa: S603 - the user's own editor
        except (OSError, subprocess.CalledProcessError) as error:
            raise UsageError(
                f"The editor {program!r} did not end well: {error}.",
                hint="Set EDITOR, or use `headrace curate accept ITEM --expected TEXT`.",
            ) from error
        return file.read_text(encoding="utf-8").strip() or None


REVIEWING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("review", curate_review, "headrace curate review --kind case"),
)
