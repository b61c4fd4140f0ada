"""A loopback model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes import openai_server as fake


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server
