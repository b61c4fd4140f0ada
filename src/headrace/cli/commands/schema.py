"""`headrace schema …`: versions of output schemas, migrations between them, and the check for CI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

if TYPE_CHECKING:
    from headrace.records.schemas import RewriteReport, SchemaCheck

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A schema of schemas/, without its ending.")
]
MaybeName = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="A schema of schemas/. Without it: all of them.")
]
OldArgument = Annotated[
    int | None, typer.Argument(metavar="[OLD]", help="A version. Without it: the one before NEW.", min=1)
]
NewArgument = Annotated[
    int | None, typer.Argument(metavar="[NEW]", help="A version. Without it: the newest.", min=1)
]
FromOption = Annotated[
    int | None,
    typer.Option("--from", metavar="VERSION", help="Migrate from this version, not the one before.", min=1),
]
DraftOption = Annotated[bool, typer.Option("--draft", help="Write a draft for a compatible change too.")]
AllOption = Annotated[
    bool, typer.Option("--all", help="Read every stored record, not at most 200 of each version.")
]
BatchOption = Annotated[
    int, typer.Option("--batch", metavar="N", help="Records in one commit.", min=1, max=10_000)
]


def schema_list(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """List every schema with its versions and stored records.

    A schema is schemas/NAME.json, a JSON Schema with the key "version", or schemas/NAME.py with a pydantic
    model. Versions are known once they were used, checked or frozen.
    """
    from headrace.cli.views.schemas import show_list

    return run_operation(ctx, workspace, as_json, lambda opened: opened.schemas.list(), show_list)


def schema_show(
    ctx: typer.Context, name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Show a schema, its versions, and how values get from each version to the next."""
    from headrace.cli.views.schemas import show_detail

    return run_operation(ctx, workspace, as_json, lambda opened: opened.schemas.show(name), show_detail)


def schema_diff(
    ctx: typer.Context,
    name: NameArgument,
    old: OldArgument = None,
    new: NewArgument = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compare two versions: which changes are compatible, which break stored values, and why.

    Exit code 0 either way; `headrace schema check` is what fails in CI.
    """
    from headrace.cli.views.schemas import show_diff

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.schemas.diff(name, old, new), show_diff
    )


def schema_migrate(
    ctx: typer.Context,
    name: NameArgument,
    old: FromOption = None,
    draft: DraftOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Draft the migration to a new version, and freeze the older ones.

    Raise "version" in the schema's file first. The draft, schemas/migrations/NAME_1_to_2.py, has the
    functions `upgrade` and `downgrade`, as far as the difference tells. A compatible change needs none.
    """
    from headrace.cli.views.schemas import show_migrate

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.schemas.migrate(name, old=old, draft=draft),
        show_migrate,
    )


def schema_check(
    ctx: typer.Context,
    name: MaybeName = None,
    everything: AllOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check that values of every version can be read in the newest one. For CI.

    Reads schemas/samples/NAME.v1.jsonl and stored records through the migrations and validates them. A
    breaking change without a migration fails, and so does a schema that changed without a new version.

    Exit code 1 when something fails.
    """
    from headrace.cli.views.schemas import show_check

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.schemas.check(name, everything=everything),
        show_check,
        _check_code,
    )


def schema_freeze(
    ctx: typer.Context,
    name: MaybeName = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write the known versions to schemas/versions/, so that version control has the history.

    A check on another machine, such as CI, then sees them without this ledger.
    """
    from headrace.cli.views.schemas import show_freeze

    return run_operation(ctx, workspace, as_json, lambda opened: opened.schemas.freeze(name), show_freeze)


def schema_rewrite(
    ctx: typer.Context,
    name: NameArgument,
    batch: BatchOption = 500,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Upgrade stored records at once, instead of each time they are read.

    What was stored first stays beside the new value, so a schema can be rolled back. An interrupted run
    goes on where it ended. Exit code 1 when some records could not be upgraded; they stay as they were.
    """
    from headrace.cli.views.schemas import show_rewrite

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.schemas.rewrite(name, batch=batch),
        show_rewrite,
        _rewrite_code,
    )


def _check_code(report: SchemaCheck) -> int:
    return 0 if report.ok else 1


def _rewrite_code(report: RewriteReport) -> int:
    return 1 if report.failed else 0


VERSIONING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", schema_list, "headrace schema list"),
    ("show", schema_show, "headrace schema show goal"),
    ("diff", schema_diff, "headrace schema diff goal 1 2"),
    ("migrate", schema_migrate, "headrace schema migrate goal"),
    ("check", schema_check, "headrace schema check --all"),
    ("freeze", schema_freeze, "headrace schema freeze goal"),
    ("rewrite", schema_rewrite, "headrace schema rewrite goal --batch 1000"),
)
