"""`headrace schema records`: stored outputs, listed or read in a version of their schema."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import AccessOption, JsonOption, WorkspaceOption

RefArgument = Annotated[
    str | None,
    typer.Argument(metavar="[REF]", help="The name of a schema, or the id of one record (record_…)."),
]
VersionOption = Annotated[
    int | None,
    typer.Option("--version", metavar="N", help="Read the record in this version. Else: the newest.", min=1),
]
StoredOption = Annotated[bool, typer.Option("--stored", help="Show the record as it was stored.")]
TraceOption = Annotated[str | None, typer.Option("--trace", metavar="ID", help="Only records of this trace.")]
LimitOption = Annotated[
    int, typer.Option("--limit", "-n", metavar="N", help="At most this many.", min=1, max=1000)
]


def schema_records(
    ctx: typer.Context,
    ref: RefArgument = None,
    version: VersionOption = None,
    stored: StoredOption = False,
    trace: TraceOption = None,
    limit: LimitOption = 50,
    access: AccessOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """List stored outputs, or read one in a version of its schema.

    A record is a validated output with what it came from. It is read through the migrations; an older version
    is served until the day that [schemas.NAME] support_until declares.
    """
    from headrace.cli.views.records import show_records, show_view

    if ref is not None and ref.startswith("record_"):
        record = ref
        return run_operation(
            ctx,
            workspace,
            as_json,
            lambda opened: opened.records.get(record, version=version, stored=stored, access=access),
            show_view,
        )
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.records.list(ref, trace=trace, limit=limit, access=access),
        show_records,
    )


READING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("records", schema_records, "headrace schema records goal --limit 10"),
)
