"""`headrace index backfill-metadata`, `drop-field` and `retype-field`: fields that change late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Annotated

import typer

from headrace.cli.commands.index import run_index
from headrace.cli.options import JsonOption, OneCorpusOption, WorkspaceOption

FieldArgument = Annotated[str, typer.Argument(metavar="FIELD", help="Name of a metadata field.")]
OptionalFieldArgument = Annotated[
    str | None, typer.Argument(metavar="[FIELD]", help="Only documents that lack this field.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it although the field is in use.")]


def backfill_metadata(
    ctx: typer.Context,
    field: OptionalFieldArgument = None,
    corpus: OneCorpusOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Fill metadata fields that were declared after documents were indexed.

    The metadata are read again from the sources, nothing is embedded. A run that was stopped goes on where it
    was. Exit code 1 when some documents could not be read.
    """
    from headrace.cli.views.metadata import show_backfill
    from headrace.cli.views.progress import sync_progress

    with nullcontext() if as_json else sync_progress() as listener:
        return run_index(
            ctx,
            workspace,
            as_json,
            lambda index: index.backfill_metadata(field, corpus=corpus, progress=listener),
            show_backfill,
            code=lambda report: 1 if report.failures else 0,
        )


def drop_field(
    ctx: typer.Context,
    field: FieldArgument,
    corpus: OneCorpusOption = None,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Decide that a metadata field goes.

    Take it out of headrace.toml first. Its values leave the index with the next backfill-metadata. Exit code
    3 when the field is in use and --yes was not given.
    """
    from headrace.cli.views.metadata import show_decision

    return run_index(
        ctx,
        workspace,
        as_json,
        lambda index: index.drop_field(field, corpus=corpus, confirmed=yes),
        show_decision,
    )


def retype_field(
    ctx: typer.Context,
    field: FieldArgument,
    corpus: OneCorpusOption = None,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Decide that a metadata field gets the type that headrace.toml declares by now.

    Its values take that type with the next backfill-metadata. Exit code 3 when the field is in use and --yes
    was not given.
    """
    from headrace.cli.views.metadata import show_decision

    return run_index(
        ctx,
        workspace,
        as_json,
        lambda index: index.retype_field(field, corpus=corpus, confirmed=yes),
        show_decision,
    )


METADATA: Sequence[tuple[str, Callable[..., int], str]] = (
    ("backfill-metadata", backfill_metadata, "headrace index backfill-metadata year"),
    ("drop-field", drop_field, "headrace index drop-field year --yes"),
    ("retype-field", retype_field, "headrace index retype-field year --yes"),
)
