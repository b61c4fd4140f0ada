"""A served workspace is killed under load: what was answered is recorded, nothing twice, all counted."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from pathlib import Path

import httpx

from tests.doors.server.serving import client, printed_address, start
from tests.fakes.model_server import Act, ModelServer
from tests.workbench import Workbench

_MODELS = '\n[models.up]\nbase_url = "{url}"\nmodel = "good"\nmax_retries = 0\n'
_CALLERS = 8
_BODY = {"model": "up", "messages": [{"role": "user", "content": "Hello?"}]}


def test_what_was_answered_before_a_kill_is_recorded_once_and_counted(tmp_path: Path) -> None:
    with ModelServer(Act(text="An answer.")) as model:
        bench = Workbench(tmp_path)
        bench.configure(extra=_MODELS.format(url=model.base_url))
        with bench.open() as workspace:
            secret = workspace.keys.create("caller").secret
        answered: list[str] = []
        _killed_under_load(tmp_path, secret, answered)
    assert len(answered) > _CALLERS
    with bench.open() as workspace:
        recorded = Counter(span.trace_id for span in workspace.events.all() if span.kind == "call")
        (key,) = workspace.keys.list().items
    assert set(answered) <= set(recorded)
    assert set(recorded.values()) == {1}
    assert key.today.calls >= len(answered)
    assert key.today.tokens == 18 * key.today.calls
    assert len(recorded) + key.today.calls - 2 * len(answered) <= 2 * _CALLERS  # what nobody was told of


def _killed_under_load(root: Path, secret: str, answered: list[str]) -> None:
    with start(root, "--port", "0") as process:
        address = printed_address(process)
        callers = [
            threading.Thread(target=_call, args=(address, secret, number, answered))
            for number in range(_CALLERS)
        ]
        for caller in callers:
            caller.start()
        deadline = time.monotonic() + 30
        while len(answered) < 4 * _CALLERS and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        for caller in callers:
            caller.join()
        assert process.wait() == -signal.SIGKILL


def _call(address: str, secret: str, number: int, answered: list[str]) -> None:
    """Call until the server is gone; every second caller streams."""
    body = {**_BODY, "stream": bool(number % 2)}
    with client(address) as http:
        try:
            while True:
                answer = http.post(
                    "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {secret}"}
                )
                if answer.status_code == 200 and (not body["stream"] or "[DONE]" in answer.text):
                    answered.append(answer.headers["x-headrace-trace-id"])
        except httpx.TransportError:
            return
