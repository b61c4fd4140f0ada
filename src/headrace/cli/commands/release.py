"""`headrace release …`: what is pinned, what passed, what serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

ReleaseArgument = Annotated[
    str, typer.Argument(metavar="RELEASE", help="A digest, the start of one, an environment, or current.")
]
CurrentArgument = Annotated[
    str, typer.Argument(metavar="[RELEASE]", help="A digest, the start of one, an environment, or current.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Go on all the same; needs --reason.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it goes on record.")]
SinceOption = Annotated[
    str, typer.Option("--since", metavar="TIME", help="Calls from then on: an age as 7d, or a time.")
]
_CODES = {"pass": 0, "fail": 1, "inconclusive": 3}


def release_create(
    ctx: typer.Context,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="RELEASE", help="What to start from, by default what serves here."),
    ] = None,
    prompts: Annotated[
        list[str] | None,
        typer.Option("--prompt", metavar="NAME[@LABEL]", help="A version instead; NAME alone is its file."),
    ] = None,
    generations: Annotated[
        list[str] | None,
        typer.Option("--generation", metavar="CORPUS/N", help="A generation instead; may be given again."),
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What it is for; goes on record.")] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Hold fast what serves, with the configuration of now, under one digest. Nothing serves by it yet.

    The same content is the same release. Models whose names do not say which model they are, are named.
    """
    from headrace.cli.views.releases import show_release

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.release.create(
            source=source, prompts=prompts or (), generations=generations or (), note=note
        ),
        show_release,
    )


def release_show(
    ctx: typer.Context,
    release: CurrentArgument = "current",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show a release: everything it pins, its evidence, and where the configuration is otherwise."""
    from headrace.cli.views.releases import show_release

    return run_operation(ctx, workspace, as_json, lambda opened: opened.release.show(release), show_release)


def release_list(
    ctx: typer.Context,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="Releases at most.")
    ] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List releases that were made on purpose and those that served, newest first."""
    from headrace.cli.views.releases import show_list

    return run_operation(ctx, workspace, as_json, lambda opened: opened.release.list(limit=limit), show_list)


def release_diff(
    ctx: typer.Context,
    a: Annotated[str, typer.Argument(metavar="A", help="A digest, an environment, or current.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compare two releases, component by component, with the texts of their prompts."""
    from headrace.cli.views.releases import show_diff

    return run_operation(ctx, workspace, as_json, lambda opened: opened.release.diff(a, b), show_diff)


def release_check(
    ctx: typer.Context,
    release: CurrentArgument = "current",
    suites: Annotated[
        list[str] | None,
        typer.Option("--suite", metavar="NAME", help="This suite instead of those declared; repeatable."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run the declared suites on exactly this release, and keep what they find as evidence.

    Exit code 1 when one fails, 3 when one is inconclusive.
    """
    from headrace.cli.views.releases import show_check

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.release.check(release, suites=suites or ()),
        show_check,
        code=lambda report: _CODES[report.verdict],
    )


def release_promote(
    ctx: typer.Context,
    release: ReleaseArgument,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="ENV", help="Where; by default the environment of headrace.toml."),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="DIGEST", help="Refuse if something else serves there now."),
    ] = None,
    force: ForceOption = False,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let a release serve, if every declared suite has passed on it.

    Every process sees it at its next request. Exit code 3 without green evidence; --force goes on, on record.
    """
    from headrace.cli.views.releases import show_move

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.release.promote(release, to=to, force=force, reason=reason, expect=expect),
        show_move,
    )


def release_rollback(
    ctx: typer.Context,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DIGEST", help="Which one; by default what served before.")
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option("--env", metavar="ENV", help="Where; by default the environment of headrace.toml."),
    ] = None,
    force: ForceOption = False,
    reason: ReasonOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let the release serve again that did before: index, prompts, schemas and model in one move.

    Refused where something of it is gone. Exit code 3 where its documents were not kept in step.
    """
    from headrace.cli.views.releases import show_move

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.release.rollback(to=to, environment=environment, force=force, reason=reason),
        show_move,
    )


def release_log(
    ctx: typer.Context,
    environment: Annotated[
        str | None, typer.Argument(metavar="[ENV]", help="By default the environment of headrace.toml.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=1_000_000, help="Moves at most.")
    ] = 1000,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show every move of what serves: when, who, why, and with what evidence."""
    from headrace.cli.views.releases import show_log

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.release.log(environment, limit=limit), show_log
    )


def release_envs(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Show what every environment serves, and what it has otherwise than this one."""
    from headrace.cli.views.releases import show_envs

    return run_operation(ctx, workspace, as_json, lambda opened: opened.release.envs(), show_envs)


def release_skew(
    ctx: typer.Context,
    since: SinceOption = "7d",
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=1_000_000, help="Calls of each kind at most.")
    ] = 10_000,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show what served without green evidence, what drifted since, and whose requests differ.

    Exit code 1 when there is any of it.
    """
    from headrace.cli.views.skew import show_skew

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.release.skew(since=since, limit=limit),
        show_skew,
        code=lambda report: int(report.skewed),
    )


RELEASES: Sequence[tuple[str, Callable[..., int], str]] = (
    ("create", release_create, 'headrace release create --prompt triage@staging --note "shorter answers"'),
    ("show", release_show, "headrace release show production"),
    ("list", release_list, "headrace release list"),
    ("diff", release_diff, "headrace release diff staging production"),
    ("check", release_check, "headrace release check staging --suite golden"),
    ("promote", release_promote, "headrace release promote release_sq7tj7 --to production"),
    ("rollback", release_rollback, 'headrace release rollback --reason "answers got worse"'),
    ("log", release_log, "headrace release log"),
    ("envs", release_envs, "headrace release envs"),
    ("skew", release_skew, "headrace release skew --since 24h"),
)
