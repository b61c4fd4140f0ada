"""`headrace dataset …`: rows from files and into files, splits, and where a row is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.commands.dataset import NameArgument, SaltOption, SplitsOption, VersionOption, shares_of
from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="JSON lines, Parquet, or a folder with croissant.json."),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key", "-k", metavar="COLUMN", help="The key of each row. Without it: `key`, else its content."
    ),
]
GroupOption = Annotated[
    str | None, typer.Option("--group", "-g", metavar="COLUMN", help="Rows of one group fall into one split.")
]
SubjectOption = Annotated[
    str | None,
    typer.Option(
        "--subject", metavar="COLUMN", help="The user whose words a row holds; kept as a keyed hash only."
    ),
]
DepthOption = Annotated[
    int,
    typer.Option(
        "--depth", min=0, metavar="N", help="Generations of unedited model output behind these rows."
    ),
]


def dataset_add(
    ctx: typer.Context,
    name: NameArgument,
    files: FilesArgument,
    key: KeyOption = None,
    group: GroupOption = None,
    subject: SubjectOption = None,
    depth: DepthOption = 0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Stage the rows of files for the next commit; a key that is there is replaced then.

    A missing field, null, "", 0 and 0.0 stay apart. CSV is not read: it cannot tell null from "".
    """
    from headrace.cli.views.datasets import show_import

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.datasets.import_files(
            name, files, key=key, group=group, subject=subject, depth=depth
        ),
        show_import,
    )


def dataset_import(
    ctx: typer.Context,
    name: NameArgument,
    files: FilesArgument,
    key: KeyOption = None,
    group: GroupOption = None,
    subject: SubjectOption = None,
    depth: DepthOption = 0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Stage the rows of an export, of a Hugging Face folder or of anything that Croissant describes.

    The same as `add`. Hashes of files are checked against croissant.json; nothing is downloaded.
    """
    return dataset_add(ctx, name, files, key, group, subject, depth, workspace, as_json)


def dataset_split(
    ctx: typer.Context,
    name: NameArgument,
    splits: SplitsOption = None,
    salt: SaltOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Declare the shares of splits, or count what falls into them and find texts that stand in two.

    A row falls by its group, else its user, else its key; it stays where it is as the dataset grows.
    """
    from headrace.cli.views.datasets import show_splits

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.datasets.split(name, splits=shares_of(splits), salt=salt),
        show_splits,
    )


def dataset_export(
    ctx: typer.Context,
    name: NameArgument,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="A new folder. Without it: one under .headrace/exports."
        ),
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="sft, dpo, openai-dpo, few-shot, rows, parquet, huggingface.",
        ),
    ] = "sft",
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="PURPOSE", help="training or eval: what users must allow.")
    ] = "training",
    version: VersionOption = None,
    split: Annotated[
        list[str] | None, typer.Option("--split", metavar="NAME", help="Only this split; may be given again.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write a version as files, with a manifest that has the hash of each.

    Rows stay in whose users do not allow the purpose now, and for training those that hold an eval case.
    """
    from headrace.cli.views.datasets import show_export

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.datasets.export(
            name, out, format=form, purpose=purpose, version=version, split=split or ()
        ),
        show_export,
    )


def dataset_where(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="ROW", help="A key, a row id (row_…), or subject:NAME.")],
    dataset: Annotated[
        str | None, typer.Option("--dataset", "-d", metavar="NAME", help="Only in this dataset.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tell where a row came from, and which versions, exports and models hold it."""
    from headrace.cli.views.datasets import show_where

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.datasets.where(ref, dataset=dataset), show_where
    )


FILES: Sequence[tuple[str, Callable[..., int], str]] = (
    ("add", dataset_add, "headrace dataset add answers edits.jsonl --key id --subject user"),
    ("import", dataset_import, "headrace dataset import answers exported/"),
    ("split", dataset_split, "headrace dataset split answers --splits train=0.8,test=0.2"),
    ("export", dataset_export, "headrace dataset export answers --out out --format dpo --purpose training"),
    ("where", dataset_where, "headrace dataset where subject:ada"),
)
