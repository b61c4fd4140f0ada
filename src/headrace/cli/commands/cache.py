"""`headrace cache …`: outputs of former calls that answer calls again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from headrace.cli.operation import run_operation
from headrace.cli.options import JsonOption, WorkspaceOption


def cache_status(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Show what is cached, and how often a semantic hit was wrong.

    [cache] of headrace.toml switches the caches on. Exit code 1 when the semantic cache has switched itself
    off.
    """
    from headrace.cli.views.cache import show_status

    return run_operation(
        ctx,
        workspace,
        as_json,
        lambda opened: opened.caches.status(),
        show_status,
        code=lambda report: int(report.semantic and report.shadow.off_at_us is not None),
    )


def cache_clear(ctx: typer.Context, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Take every output out. Wrong hits are measured anew: a semantic cache that was off is on again."""
    from headrace.cli.views.cache import show_cleared

    return run_operation(ctx, workspace, as_json, lambda opened: opened.caches.clear(), show_cleared)


CACHING: Sequence[tuple[str, Callable[..., int], str]] = (
    ("status", cache_status, "headrace call cache status"),
    ("clear", cache_clear, "headrace call cache clear"),
)
