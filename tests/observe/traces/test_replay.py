"""Traces are asked again with another prompt or model, compared, and nothing of it is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.cli.main import run
from headrace.records.call import SpanEvent
from tests.fakes.openai_server import OpenAIServer
from tests.observe.traces.spans import span
from tests.workbench import Workbench

MODEL = """
[models.tried]
base_url = "{url}"
model = "tried-1"
max_retries = 0
price_per_million_input_tokens = 1.0
price_per_million_output_tokens = 2.0
"""


def test_asking_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with OpenAIServer(answer="Herons nest in the mill. [1]") as server:
        bench = Workbench(tmp_path)
        bench.configure(extra=MODEL.format(url=server.base_url))
        bench.write("herons.md", "# Herons\n\nHerons nest in the old mill every spring.")
        bench.sync()
        with bench.open() as workspace:
            trace = workspace.ask("Where do herons nest?").trace_id
            call = _call()
            other = span(kind="tool", name="tool")
            workspace.events.append([call, other]).result()
            before = workspace.events.count(0)
            state = _state(tmp_path)
            same = workspace.traces.replay([trace])
            assert (same.same, same.changed, same.failed, same.skipped) == (1, 0, 0, 0)
            assert same.traces[0].overlap == 1.0
            changed = workspace.traces.replay([trace, call.trace_id, other.trace_id], model="tried")
            assert (changed.changed, changed.skipped) == (2, 1)
            asked, called = changed.traces
            assert asked.after is not None
            assert asked.after.model != asked.before.model
            assert called.after is not None
            assert called.before.output == "They nest."
            assert called.after.output == "Herons nest in the mill. [1]"
            assert "+Herons nest in the mill. [1]" in called.diff
            assert called.before.cost_micro == 40
            assert server.requests[-1].body["messages"] == call.attributes["input"]
            failed = workspace.traces.replay([call.trace_id])
            assert failed.failed == 1
            assert failed.traces[0].error
            assert workspace.events.count(0) == before
            assert _state(tmp_path) == state
        assert run(["trace", "replay", trace, "-w", str(tmp_path)]) == 0
        assert "1 the same" in capsys.readouterr().out


def _state(root: Path) -> dict[str, int]:
    files = (root / ".headrace").rglob("*")
    return {str(path): path.stat().st_size for path in files if path.is_file() and "-shm" not in path.name}


def _call() -> SpanEvent:
    return span(
        attributes={
            "input": [{"role": "user", "content": "Where do herons nest?"}],
            "output": "They nest.",
            "gen_ai.request.model": "gone",
            "attempts": [{"kind": "ask", "valid": True, "model": "gone"}],
        },
        cost_micro=40,
        currency="EUR",
    )
