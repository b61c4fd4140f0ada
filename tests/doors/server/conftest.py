"""One served workspace for all tests of the HTTP door that change nothing in it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.doors.server.serving import client, serving, small_workspace
from tests.workbench import Workbench


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """A synced workspace."""
    bench = small_workspace(tmp_path_factory.mktemp("served"))
    bench.sync()
    return bench


@pytest.fixture(scope="session")
def address(synced: Workbench) -> Iterator[str]:
    """Where it is served."""
    with serving(synced.root) as served:
        yield served


@pytest.fixture(scope="session")
def http(address: str) -> Iterator[httpx.Client]:
    """A client of it."""
    with client(address) as opened:
        yield opened
