"""`headrace prompt …`: prompts as they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A file under prompts/, without .md.")]
VersionOption = Annotated[
    str | None,
    typer.Option(
        "--version", "-v", metavar="VERSION", help="A label, a digest or the start of one; else the file."
    ),
]
DaysOption = Annotated[
    int, typer.Option("--days", metavar="N", min=1, max=3650, help="How far back calls are counted.")
]
VarOption = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="A variable; may be given again. NAME=@FILE reads it."),
]
UpstreamOption = Annotated[
    bool, typer.Option("--upstream", help="Also compare pinned chat templates with what models serve.")
]
TemplateOption = Annotated[
    bool, typer.Option("--template", help="Show the one text under the pinned chat template.")
]


def prompt_list(
    ctx: typer.Context,
    days: DaysOption = 7,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List every prompt: its file, its labels, what serves.

    Calls take prompts as released, never from the file: a file counts once `prompt label NAME production` has
    released it. The last line says how many calls were made with what was never released.
    """
    from headrace.cli.views.prompts import show_list

    return run_operation(ctx, workspace, as_json, lambda opened: opened.prompts.list(days=days), show_list)


def prompt_show(
    ctx: typer.Context,
    name: NameArgument,
    version: VersionOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show one version with everything that shapes its calls."""
    from headrace.cli.views.prompts import show_detail

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.prompts.show(name, version), show_detail
    )


def prompt_render(
    ctx: typer.Context,
    name: NameArgument,
    var: VarOption = None,
    version: VersionOption = None,
    template: TemplateOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Print the messages that a call would send; nothing is sent.

    The last line says about how many tokens they are. Values are read by the declared types: text as it
    stands, numbers, true or false, and JSON for lists and tables.
    """
    from headrace.cli.variables import read_variables
    from headrace.cli.views.prompts import show_render

    given = read_variables(var or [])
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.prompts.render(name, given, version=version, template=template),
        show_render,
    )


def prompt_diff(
    ctx: typer.Context,
    name: NameArgument,
    a: Annotated[str | None, typer.Argument(metavar="[A]", help="A version; else what serves.")] = None,
    b: Annotated[str | None, typer.Argument(metavar="[B]", help="A version; else the file.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compare two versions: their texts, and every other part.

    Texts are compared line by line, with includes and examples. `working-tree` is the file.
    """
    from headrace.cli.views.prompts import show_diff

    return run_operation(ctx, workspace, as_json, lambda opened: opened.prompts.diff(name, a, b), show_diff)


def prompt_check(
    ctx: typer.Context,
    upstream: UpstreamOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check every prompt file and all that it draws in.

    Looked at: keys, variables, includes, schema, tools, examples, models, pinned files.

    Exit code 1 when something is wrong, with file and line of each problem.
    """
    from headrace.cli.views.prompts import show_check

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.prompts.check(upstream=upstream),
        show_check,
        code=lambda report: int(bool(report.problems)),
    )


WRITING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", prompt_list, "headrace prompt list"),
    ("show", prompt_show, "headrace prompt show triage --version production"),
    ("render", prompt_render, 'headrace prompt render triage --var ticket="The pump stopped." --var limit=3'),
    ("diff", prompt_diff, "headrace prompt diff triage production working-tree"),
    ("check", prompt_check, "headrace prompt check"),
)
