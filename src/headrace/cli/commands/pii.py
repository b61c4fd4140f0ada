"""`headrace pii …`: personal data and secrets in a text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder

if TYPE_CHECKING:
    from headrace.records.privacy import PiiReport


def pii_scan(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A text file in UTF-8, or - for stdin.")],
    jsonl: Annotated[
        str | None,
        typer.Option(
            "--jsonl", metavar="FIELD", help="FILE has a JSON object a line; scan this field of each."
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the values that were found, too.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Find personal data and secrets in a text.

    Spans count characters from 0, the end exclusive. With --jsonl there is one JSON result for each line
    of FILE, in its order; a line that cannot be read gives an error in its place and exit code 1. The
    workspace's [privacy] decides what counts; without a workspace the defaults do.
    """
    with _scanner(ctx, workspace) as scan:
        if jsonl is not None:
            from headrace.cli.each_record import scan_records

            return scan_records(_read(file), jsonl, scan)
        text = _read(file).decode("utf-8", "surrogateescape")
        report = scan(text)
    if as_json:
        from headrace.cli.output import write_json

        write_json(report)
        return 0
    from headrace.cli.views.console import output_console
    from headrace.cli.views.pii import show_findings

    show_findings(output_console(), report, text, values=show)
    return 0


@contextmanager
def _scanner(ctx: typer.Context, workspace: Path | None) -> Iterator[Callable[[str], PiiReport]]:
    """What scans a text: the workspace that was named or is around here, or else the defaults."""
    from headrace.errors import WorkspaceNotFound

    is_chosen = workspace is not None or getattr(ctx.obj, "workspace", None) is not None
    try:
        folder = workspace_folder(ctx, workspace)
    except WorkspaceNotFound:
        if is_chosen:
            raise
        from headrace.privacy.engine import Engine
        from headrace.privacy.scanning import scan

        engine = Engine()
        yield lambda text: scan(engine, text)
        return
    from headrace.workspace import Workspace

    with Workspace.open(folder) as opened:
        yield opened.pii_scan


def _read(file: str) -> bytes:
    from headrace.errors import UsageError

    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(
            f"Cannot read {file!r}: {error.strerror}.", hint="Name a text file, or - to read from stdin."
        ) from error


SCANNING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("scan", pii_scan, "headrace pii scan notes.txt --json"),
)
