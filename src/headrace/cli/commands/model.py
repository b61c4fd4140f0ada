"""`headrace model …`: models, and the data that made them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption
from headrace.errors import UsageError

ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="Its name.")]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A hyperparameter, such as epochs=3; may be given again."
    ),
]
MetricsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--metric", metavar="NAME=VALUE", help="A result, such as accuracy=0.91; may be given again."
    ),
]


def _values(given: Sequence[str] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in given or ():
        name, separator, value = item.partition("=")
        if not separator or not name.strip():
            raise UsageError(f"{item!r} is no NAME=VALUE.", hint="For example epochs=3.")
        try:
            found[name.strip()] = json.loads(value)
        except ValueError:
            found[name.strip()] = value
    return found


def model_list(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """List registered models."""
    from headrace.cli.views.datasets import show_models

    return run_operation(ctx, workspace, as_json, lambda opened: opened.models.list(), show_models)


def model_register(
    ctx: typer.Context,
    model: ModelArgument,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data", "-d", metavar="DATA", help="NAME@VERSION, or the id of an export; may be given again."
        ),
    ] = None,
    settings: SettingsOption = None,
    metrics: MetricsOption = None,
    parent: Annotated[
        str | None, typer.Option("--parent", metavar="MODEL", help="The model it was tuned from.")
    ] = None,
    external: Annotated[
        bool, typer.Option("--external", help="Made elsewhere, of data nobody here knows.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Record what made a model: versions of datasets, hyperparameters, parent, results."""
    from headrace.cli.views.datasets import show_model

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.models.register(
            model,
            data=data or (),
            hyperparameters=_values(settings),
            metrics=_values(metrics),
            parent=parent,
            external=external,
        ),
        show_model,
    )


def model_show(
    ctx: typer.Context, model: ModelArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Show a model, and how much of its data was forgotten or withdrawn since."""
    from headrace.cli.views.datasets import show_model

    return run_operation(ctx, workspace, as_json, lambda opened: opened.models.show(model), show_model)


def model_data(
    ctx: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="MODEL", help="A model, a dataset version, or dataset:NAME.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tell what made a model and its parents, or which models a dataset or version made."""
    from headrace.cli.views.datasets import show_model_data

    return run_operation(ctx, workspace, as_json, lambda opened: opened.models.data(ref), show_model_data)


MODELS: Sequence[tuple[str, Callable[..., int], str]] = (
    ("list", model_list, "headrace model list"),
    ("register", model_register, "headrace model register helper-2 --data answers@gold --set epochs=3"),
    ("show", model_show, "headrace model show helper-2"),
    ("data", model_data, "headrace model data dataset:answers"),
)
