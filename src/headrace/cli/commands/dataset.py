"""`headrace dataset …`: rows in versions that are checked, compared and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption
from headrace.errors import UsageError

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The dataset.")]
VersionOption = Annotated[
    str | None,
    typer.Option(
        "--version",
        "-v",
        metavar="VERSION",
        help="An id, a tag, or a number of the log. Without it: the newest.",
    ),
]
SplitsOption = Annotated[
    str | None,
    typer.Option("--splits", metavar="SHARES", help="Such as train=0.8,test=0.2; they add up to 1."),
]
SaltOption = Annotated[
    str | None,
    typer.Option("--salt", metavar="TEXT", help="What groups are hashed with. Without it: the name."),
]
MessageOption = Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="What it is about.")]


def shares_of(text: str | None) -> dict[str, float] | None:
    """`train=0.8,test=0.2` as shares. Raises UsageError."""
    if text is None:
        return None
    try:
        pairs = [part.split("=") for part in text.split(",")]
        return {name.strip(): float(share) for name, share in pairs}
    except ValueError as error:
        raise UsageError(f"{text!r} is no list of shares.", hint="Write train=0.8,test=0.2.") from error


def dataset_list(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """List the datasets: newest version, rows, what is staged."""
    from headrace.cli.views.datasets import show_list

    return run_operation(ctx, workspace, as_json, lambda opened: opened.datasets.list(), show_list)


def dataset_create(
    ctx: typer.Context,
    name: NameArgument,
    description: Annotated[
        str, typer.Option("--description", "-d", metavar="TEXT", help="In your words.")
    ] = "",
    splits: SplitsOption = None,
    salt: SaltOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make an empty dataset."""
    from headrace.cli.views.datasets import show_dataset

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.datasets.create(
            name, description=description, splits=shares_of(splits), salt=salt
        ),
        show_dataset,
    )


def dataset_remove(
    ctx: typer.Context,
    name: NameArgument,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="Keys of rows.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Stage rows to be removed with the next commit."""
    from headrace.cli.views.datasets import show_staged

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.datasets.remove(name, keys), show_staged
    )


def dataset_unstage(
    ctx: typer.Context, name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Take back everything that is staged."""
    from headrace.cli.views.datasets import show_staged

    return run_operation(ctx, workspace, as_json, lambda opened: opened.datasets.unstage(name), show_staged)


def dataset_check(
    ctx: typer.Context,
    name: NameArgument,
    version: Annotated[
        str | None,
        typer.Option(
            "--version", "-v", metavar="VERSION", help="Look at this version, not at what is staged."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say what the gates would say of a commit now; nothing is written.

    With --version: eval cases in it, and texts that stand in two splits. Exit code 1 when a gate fails.
    """
    from headrace.cli.views.datasets import show_check

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.datasets.check(name, version=version),
        show_check,
        code=lambda report: int(report.state == "refused"),
    )


def dataset_commit(
    ctx: typer.Context,
    name: NameArgument,
    message: MessageOption = "",
    force: Annotated[
        bool, typer.Option("--force", help="Commit although a gate fails; needs --reason.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why a gate is passed over; it is kept.")
    ] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make what is staged the newest version, once the gates have looked at it.

    Exit code 3 when a gate refuses it: what is staged stays staged.
    """
    from headrace.cli.views.datasets import show_commit

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.datasets.commit(name, message=message, force=force, reason=reason),
        show_commit,
        code=lambda report: 3 if report.state == "refused" else 0,
    )


def dataset_log(
    ctx: typer.Context,
    name: NameArgument,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tell the commits of a dataset, and the attempts that gates refused."""
    from headrace.cli.views.datasets import show_log

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.datasets.log(name, limit=limit), show_log
    )


def dataset_show(
    ctx: typer.Context,
    name: NameArgument,
    version: VersionOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, metavar="N", help="Rows to show.")] = 5,
    key: Annotated[str | None, typer.Option("--key", "-k", metavar="KEY", help="Show this row.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show a version: its columns with their kinds of values, and some rows."""
    from headrace.cli.views.datasets import show_version

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.datasets.show(name, version=version, limit=limit, key=key),
        show_version,
    )


def dataset_diff(
    ctx: typer.Context,
    name: NameArgument,
    a: Annotated[str, typer.Argument(metavar="A", help="A version: id, tag, or number of the log.")],
    b: Annotated[str | None, typer.Argument(metavar="B", help="Another. Without it: the newest.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, metavar="N", help="Rows to list.")] = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tell what differs between two versions, row by row."""
    from headrace.cli.views.datasets import show_diff

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.datasets.diff(name, a, b, limit=limit), show_diff
    )


def dataset_restore(
    ctx: typer.Context,
    name: NameArgument,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="An id, a tag, or a number of the log.")],
    message: MessageOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make an older version the newest again."""
    from headrace.cli.views.datasets import show_commit

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.datasets.restore(name, version, message=message),
        show_commit,
    )


def dataset_tag(
    ctx: typer.Context,
    name: NameArgument,
    tag: Annotated[str, typer.Argument(metavar="TAG", help="The tag; its history stays.")],
    version: VersionOption = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Point a tag to a version."""
    from headrace.cli.views.datasets import show_tag

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.datasets.tag(name, tag, version=version, reason=reason),
        show_tag,
    )


def dataset_profile(
    ctx: typer.Context,
    name: NameArgument,
    version: VersionOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tell what the columns of a version are like, and how much of it models wrote."""
    from headrace.cli.views.datasets import show_profile

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.datasets.profile(name, version=version), show_profile
    )


DATASETS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", dataset_list, "headrace dataset list"),
    ("create", dataset_create, "headrace dataset create answers --splits train=0.8,test=0.2"),
    ("remove", dataset_remove, "headrace dataset remove answers case-7 case-9"),
    ("unstage", dataset_unstage, "headrace dataset unstage answers"),
    ("check", dataset_check, "headrace dataset check answers"),
    ("commit", dataset_commit, 'headrace dataset commit answers -m "edits of May"'),
    ("log", dataset_log, "headrace dataset log answers"),
    ("show", dataset_show, "headrace dataset show answers --version 3 -n 2"),
    ("diff", dataset_diff, "headrace dataset diff answers 1 2"),
    ("restore", dataset_restore, "headrace dataset restore answers 1"),
    ("tag", dataset_tag, "headrace dataset tag answers gold --version 2"),
    ("profile", dataset_profile, "headrace dataset profile answers"),
)
