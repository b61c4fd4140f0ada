"""Opens the online store that `[storage] online` names."""

from __future__ import annotations

from pathlib import Path

from headrace.observe.features.online.base import OnlineStore


def open_online(url: str, *, workspace: str) -> OnlineStore:
    """The store of a URL; `workspace` keeps workspaces apart that share a server. Raises MissingExtra."""
    if url.startswith("sqlite:///"):
        from headrace.observe.features.online.sqlite import SqliteOnline

        return SqliteOnline(Path(url.removeprefix("sqlite:///")))
    from headrace.observe.features.online.redis import RedisOnline

    return RedisOnline(url, workspace=workspace)
