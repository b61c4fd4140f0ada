"""Options that several commands share, and the workspace they choose."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        envvar="HEADRACE_WORKSPACE",
        help="Folder with headrace.toml. Without it: the current folder or the closest one above.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print exactly one JSON document, also for an error.")
]
CorpusOption = Annotated[
    str | None,
    typer.Option("--corpus", "-c", metavar="NAME", help="Only this corpus. Without it: all of them."),
]
OneCorpusOption = Annotated[
    str | None,
    typer.Option("--corpus", "-c", metavar="NAME", help="Which corpus, where there are several."),
]
ConfirmOption = Annotated[
    bool, typer.Option("--confirm-deletes", help="Go on with a mass delete that was withheld.")
]
VerifyOption = Annotated[
    bool, typer.Option("--verify", help="Hash every document again, even if it looks unchanged.")
]
BudgetOption = Annotated[
    str | None,
    typer.Option(
        "--budget", metavar="LIMIT", help="Tokens (100000) or money ('2.50 EUR') this run may spend."
    ),
]
FilterOption = Annotated[
    str | None,
    typer.Option("--filter", "-f", metavar="EXPR", help="Only documents whose metadata match."),
]
AccessOption = Annotated[
    list[str] | None,
    typer.Option("--access", "-a", metavar="LABEL", help="A label the caller has; may be given again."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help="As of a time: 2026-03-01, RFC 3339, or '30d ago'."),
]

SessionOption = Annotated[
    str | None,
    typer.Option("--session", metavar="ID", help="The conversation it belongs to; a new id begins one."),
]
UserOption = Annotated[
    str | None,
    typer.Option("--user", "-u", metavar="NAME", help="For whom; on the call is only a keyed hash of it."),
]
EntityOption = Annotated[
    list[str] | None,
    typer.Option(
        "--entity", "-e", metavar="KEY=VALUE", help="Whose features the prompt takes: user_id=u7. Repeat it."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What stood before the command's name."""

    workspace: Path | None


def workspace_folder(context: typer.Context, own: Path | None) -> Path:
    """The folder of the workspace a command works on. Raises WorkspaceNotFound."""
    from headrace.config.base import FILE_NAME
    from headrace.config.load import find_workspace
    from headrace.errors import WorkspaceNotFound

    before = context.obj.workspace if isinstance(context.obj, Selected) else None
    chosen = own or before
    if chosen is None:
        return find_workspace(Path.cwd())
    folder = Path(os.path.abspath(chosen))
    if not (folder / FILE_NAME).is_file():
        raise WorkspaceNotFound([str(folder)])
    return folder
