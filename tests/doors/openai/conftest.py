"""One served workspace in front of a model server that does as it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors.server.serving import serving
from tests.fakes.model_server import Act, ModelServer
from tests.workbench import Workbench

_MODELS = """
[gateway]
stream = "pass"
passthrough = "up"

[models.up]
base_url = "{url}"
model = "good"
max_retries = 0
timeout_seconds = 5

[profiles.greeting]
schema = "greeting"
"""
_GREETING = """\
---
model: up
schema: greeting
variables:
  name: str
---
## system
Greet people.
## user
Greet {{ name }}.
"""
_SCHEMA = '{"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}'


@pytest.fixture(scope="package")
def model() -> Iterator[ModelServer]:
    """What stands behind the gateway."""
    with ModelServer(Act(text="An answer.")) as server:
        yield server


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Workbench:
    """The workspace that is served."""
    bench = Workbench(tmp_path_factory.mktemp("gateway"))
    bench.configure(extra=_MODELS.format(url=model.base_url))
    for path, text in (("prompts/greet.md", _GREETING), ("schemas/greeting.json", _SCHEMA)):
        (bench.root / path).parent.mkdir(exist_ok=True)
        (bench.root / path).write_text(text, encoding="utf-8")
    return bench


@pytest.fixture(scope="package")
def base_url(bench: Workbench) -> Iterator[str]:
    """What clients are configured with."""
    with serving(bench.root) as address:
        yield f"{address}/v1"


@pytest.fixture(autouse=True)
def fresh(model: ModelServer) -> None:
    """Nothing asked, nothing planned."""
    model.play()
