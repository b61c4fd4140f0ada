"""The HTTP API of cached outputs."""

from __future__ import annotations

from fastapi import APIRouter

from headrace.records.cache import CacheStatus, ClearReport
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

router = APIRouter(prefix="/api/cache", responses=ERRORS, tags=["cache"])


@router.get("", response_model=CacheStatus)
def cache_status(workspace: Served) -> Reply:
    """Show what is cached, and how often a semantic hit was wrong."""
    return Reply(workspace.caches.status())


@router.post("/clear", response_model=ClearReport)
def clear(workspace: Served) -> Reply:
    """Take every output out, and measure wrong hits anew."""
    return Reply(workspace.caches.clear())
