"""What a server does once a day by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from headrace.errors import LeaseHeld

if TYPE_CHECKING:
    from headrace.workspace import Workspace

_FIRST_SECONDS = 120.0
_DAY_SECONDS = 86_400.0
_log = logging.getLogger(__name__)


@asynccontextmanager
async def daily(workspace: Workspace, *, first_seconds: float = _FIRST_SECONDS) -> AsyncIterator[None]:
    """Move old spans to files while the block runs: soon after it begins, then once a day."""
    task = asyncio.create_task(_run(workspace, first_seconds))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _run(workspace: Workspace, first_seconds: float) -> None:
    wait = first_seconds
    while True:
        await asyncio.sleep(wait)
        await asyncio.to_thread(archive_once, workspace)
        wait = _DAY_SECONDS


def archive_once(workspace: Workspace) -> None:
    """Do what `[traces.keep]` says; a failure is logged, and the next day tries again."""
    try:
        report = workspace.traces.archive()
    except LeaseHeld:
        _log.info("Another process is moving old spans to files.")
    except Exception as error:  # noqa: BLE001 - recorded, whatever it was; the next day tries again
        _log.error("Old spans were not moved to files: %s", error, exc_info=error)
    else:
        _log.info("%s spans were moved to files, %s deleted.", report.moved, report.deleted)
