"""A served workspace for the MCP door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors.server.serving import serving, small_workspace
from tests.workbench import Workbench


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """A synced workspace."""
    bench = small_workspace(tmp_path_factory.mktemp("mcp"))
    bench.sync()
    return bench


@pytest.fixture(scope="session")
def address(synced: Workbench) -> Iterator[str]:
    """Where it is served."""
    with serving(synced.root) as served:
        yield served
