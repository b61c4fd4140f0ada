"""`headrace feature …`: values of entities as of a time, for training rows and for calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption

ViewArgument = Annotated[str, typer.Argument(metavar="VIEW", help="The name of a file under features/.")]
FeatureArgument = Annotated[str, typer.Argument(metavar="VIEW:COLUMN", help="A column of the type vector.")]
NearestOption = Annotated[
    int, typer.Option("--k", metavar="N", min=1, max=10_000, help="Entities to show at most.")
]
KeysArgument = Annotated[
    list[str], typer.Argument(metavar="KEY...", help="The keys of one entity, in the order of the view.")
]
RequestsArgument = Annotated[
    str,
    typer.Argument(metavar="REQUESTS", help="A Parquet or CSV file: keys and a time in each row."),
]
FeaturesOption = Annotated[
    str,
    typer.Option("--features", "-f", metavar="LIST", help="view:column,… or view for all of its columns."),
]
OutOption = Annotated[
    str, typer.Option("--out", "-o", metavar="FILE", help="Where the rows go: a .parquet or .csv file.")
]
TimeOption = Annotated[
    str, typer.Option("--time", metavar="COLUMN", help="The column with the time of each request.")
]
KnownOption = Annotated[
    str | None,
    typer.Option("--as-known", metavar="TIME", help="Count all that was known by then, learnt late or not."),
]
PurposeOption = Annotated[
    str | None,
    typer.Option("--for", metavar="PURPOSE", help="Nothing of users who do not permit eval, or training."),
]
ConfirmOption = Annotated[
    bool, typer.Option("--confirm", help="Let a run through that a gate would hold back.")
]
RebuildOption = Annotated[
    bool, typer.Option("--rebuild", help="Let values go back to older ones, where the source took some back.")
]
SampleOption = Annotated[
    int, typer.Option("--sample", metavar="N", min=1, max=1_000_000, help="Entities to compare at most.")
]


def feature_list(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """List the feature views, where their values come from, and since when they serve.

    A view is a file features/NAME.toml: an entity, a source, its times and its columns.
    """
    from headrace.cli.views.features import show_list

    return run_operation(ctx, workspace, as_json, lambda opened: opened.features.list(), show_list)


def feature_join(
    ctx: typer.Context,
    requests: RequestsArgument,
    features: FeaturesOption,
    out: OutOption,
    time: TimeOption = "event_time",
    as_known: KnownOption = None,
    purpose: PurposeOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Add to each request what was known of its entity at its time; every row comes back, in order.

    A value counts from its event time and from when it was known, whichever is later, until its time to
    live is over. VIEW__status says ok, expired or missing, and with --for no consent.
    """
    from headrace.cli.views.features import show_join
    from headrace.observe.traces.consenting import checked_purpose

    names = [name for name in features.split(",") if name.strip()]
    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.features.join(
            requests,
            names,
            out=out,
            time=time,
            as_known=as_known,
            purpose=None if purpose is None else checked_purpose(purpose),
        ),
        show_join,
    )


def feature_materialise(
    ctx: typer.Context,
    view: ViewArgument,
    confirm: ConfirmOption = False,
    rebuild: RebuildOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Put the newest values of each entity online, for calls.

    A run that looks wrong beside the last one is held back (exit code 3): what served goes on serving.
    """
    from headrace.cli.views.features import show_run

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.features.materialise(view, confirm=confirm, rebuild=rebuild),
        show_run,
        code=lambda report: 3 if report.state == "held" else 0,
    )


def feature_get(
    ctx: typer.Context,
    view: ViewArgument,
    keys: KeysArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show the values of one entity as calls see them now, and since when they hold."""
    from headrace.cli.views.features import show_entity

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.features.get(view, *keys), show_entity
    )


def feature_check(
    ctx: typer.Context,
    view: ViewArgument,
    sample: SampleOption = 1000,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compare what calls see with what training rows would hold, at the time of the run that serves.

    Exit code 1 when they differ.
    """
    from headrace.cli.views.features import show_check

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.features.check(view, sample=sample),
        show_check,
        code=lambda report: int(report.differing > 0),
    )


def feature_search(
    ctx: typer.Context,
    feature: FeatureArgument,
    keys: KeysArgument,
    k: NearestOption = 10,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Find the entities whose vector is nearest to that of one entity, by cosine.

    Every entity with a vector that still counts is compared.
    """
    from headrace.cli.views.features import show_matches

    return run_operation(
        ctx, workspace, as_json, lambda opened: opened.features.search(feature, like=keys, k=k), show_matches
    )


FEATURES: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", feature_list, "headrace feature list"),
    ("join", feature_join, "headrace feature join calls.csv --features account:balance --out rows.parquet"),
    ("materialise", feature_materialise, "headrace feature materialise account"),
    ("get", feature_get, "headrace feature get account u7"),
    ("search", feature_search, "headrace feature search taste:vector u7 --k 5"),
    ("check", feature_check, "headrace feature check account --sample 200"),
)
