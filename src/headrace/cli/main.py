"""The `headrace` program. Only the parser is loaded here; a command loads its parts when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from headrace.cli.commands.ask import ask
from headrace.cli.commands.at import at
from headrace.cli.commands.deprecate import deprecate
from headrace.cli.commands.forget import forget
from headrace.cli.commands.hide import hide, unhide
from headrace.cli.commands.init import init
from headrace.cli.commands.mcp import mcp
from headrace.cli.commands.plan import plan
from headrace.cli.commands.search import search
from headrace.cli.commands.serve import serve
from headrace.cli.commands.status import status
from headrace.cli.commands.sync import sync
from headrace.cli.commands.why import why
from headrace.cli.failure import guarded, report, wants_json
from headrace.cli.groups import GROUPS, Group
from headrace.cli.options import Selected, WorkspaceOption
from headrace.errors import UsageError

_COMMANDS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("init", init, "headrace init support --source docs --source https://example.com/help/"),
    ("plan", plan, "headrace plan --corpus handbook"),
    ("sync", sync, "headrace sync --confirm-deletes"),
    ("search", search, 'headrace search "rate limits" -k 5 --filter "year >= 2025"'),
    ("ask", ask, 'headrace ask "How long are traces kept?"'),
    ("serve", serve, "headrace serve --port 8321"),
    ("status", status, "headrace status"),
    ("why", why, "headrace why 4bf92f3577b34da6a3ce929d0e0e4736"),
    ("at", at, "headrace at 2026-03-01T09:30:00Z"),
    ("deprecate", deprecate, "headrace deprecate policy-2025.md --by policy-2026.md"),
    ("hide", hide, 'headrace hide docs/draft.md --reason "not public yet"'),
    ("unhide", unhide, "headrace unhide docs/draft.md"),
    ("forget", forget, "headrace forget docs/old.md --dry-run"),
    ("mcp", mcp, "headrace mcp --workspace support"),
)

_SETTINGS: Any = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

app = typer.Typer(name="headrace", **_SETTINGS)


def _print_version(asked: bool) -> None:
    if asked:
        from headrace import __version__

        typer.echo(f"headrace {__version__}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    epilog='Start with: headrace init support --source docs; cd support; headrace sync; headrace ask "…"',
)
def _entry(
    ctx: typer.Context,
    workspace: WorkspaceOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Documents in, cited answers out, and everything in between stays tied to what it came from.

    Exit codes: 0 done, 1 something failed, 2 wrong usage or configuration, 3 withheld: needs a decision.
    """
    ctx.obj = Selected(workspace=workspace)
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


for _name, _command, _example in _COMMANDS:
    app.command(_name, epilog=f"Example: {_example}")(guarded(_command))


def _noun(group: Group) -> typer.Typer:
    made = typer.Typer(name=group.name, help=group.help, no_args_is_help=False, **_SETTINGS)
    for name, command, example in group.commands:
        made.command(name, epilog=f"Example: {example}")(guarded(command))
    for below in group.groups:
        made.add_typer(_noun(below))
    return made


for _group in GROUPS:
    app.add_typer(_noun(_group))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code."""
    try:
        code: Any = app(list(arguments), prog_name="headrace", standalone_mode=False)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "headrace"
        usage = UsageError(error.format_message(), hint=f"See `{path} --help`.")
        return report(usage, as_json=wants_json(arguments))
    return code if isinstance(code, int) else 0


def main() -> None:
    """Entry point of the `headrace` program."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
