"""One served workspace that spans are sent to, in front of a model server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors.server.serving import serving
from tests.workbench import Workbench


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """The workspace that is served."""
    return Workbench(tmp_path_factory.mktemp("otlp"))


@pytest.fixture(scope="package")
def address(bench: Workbench) -> Iterator[str]:
    """Where it is served."""
    with serving(bench.root) as served:
        yield served
