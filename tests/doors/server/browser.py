"""A real Chromium, driven over the WebDriver protocol; just what the page's tests need."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
)
KEYS = {"Enter": "\ue007", "Escape": "\ue00c"}


def missing() -> str | None:
    """Why no browser can be driven here; None when one can."""
    wanted = ("chromium", "chromedriver")
    absent = [name for name in wanted if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


class Browser:
    """One browser window."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def open(self, url: str) -> None:
        """Load a page and wait until it is loaded."""
        self._post("url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """Give back what a script returns."""
        return self._post("execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str, *arguments: Any) -> Any:
        """Give back the first value of a script that is true; fails when none comes."""
        return self._until(lambda: self.run(script, *arguments), script)

    def text(self, selector: str) -> str:
        """The visible text of an element, once it is there."""
        return str(self.wait("return document.querySelector(arguments[0])?.innerText", selector))

    def click(self, selector: str) -> None:
        """Click an element as a mouse would, once it is there."""
        element = self.wait("return document.querySelector(arguments[0])", selector)[_ELEMENT]
        self._post(f"element/{element}/click", {})

    def type(self, text: str) -> None:
        """Send keys to whatever has the focus."""
        actions = [
            {"type": kind, "value": key} for key in (KEYS.get(text) or text) for kind in ("keyDown", "keyUp")
        ]
        self._post("actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def log(self) -> list[str]:
        """What the console was told since the last call: errors, and refusals of the security policy."""
        return [str(entry["message"]) for entry in self._post("se/log", {"type": "browser"})]

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the window."""
        path.write_bytes(base64.b64decode(self._client.get("screenshot").raise_for_status().json()["value"]))

    def resize(self, width: int, height: int) -> None:
        """Set the size of the window, in pixels."""
        self._post("window/rect", {"width": width, "height": height})

    def dark(self, *, on: bool) -> None:
        """Prefer a dark or a light page."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if on else "light"}
        parameters = {"cmd": "Emulation.setEmulatedMedia", "params": {"features": [feature]}}
        self._post("goog/cdp/execute", parameters)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    @staticmethod
    def _until(condition: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"never came true: {what}")


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A new browser with its profile in a folder."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    driver = subprocess.Popen(
        ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            _await_driver(client)
            session = _new_session(client, folder)
            client.base_url = f"http://127.0.0.1:{port}/session/{session}/"
            try:
                yield Browser(client)
            finally:
                client.delete(f"http://127.0.0.1:{port}/session/{session}")
    finally:
        driver.terminate()
        driver.wait(timeout=10)


def _await_driver(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            if client.get("/status").json()["value"]["ready"]:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("chromedriver does not answer")


def _new_session(client: httpx.Client, folder: Path) -> str:
    options = {"args": [*_ARGUMENTS, f"--user-data-dir={folder}", "--window-size=1280,860"]}
    wanted = {
        "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
    }
    answer = client.post("/session", json={"capabilities": wanted}).json()["value"]
    assert "sessionId" in answer, answer
    return str(answer["sessionId"])
