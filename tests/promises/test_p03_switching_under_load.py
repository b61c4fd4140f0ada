"""P3: while another embedder is built and cut over to, every search is answered, by one generation."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import httpx

from tests.doors.server.serving import client, serving
from tests.workbench import Workbench

QUERIES = [f"heron {number} at the weir" for number in range(6)]


def test_a_server_sees_a_cutover_and_a_rollback_at_once_and_mixes_nothing(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    for number in range(30):
        bench.write(f"{number}.md", f"Heron {number} stands at weir {number % 7}.\n\n" + "More words. " * 20)
    bench.sync()
    with serving(bench.root) as address, client(address) as http:
        before = _ask_all(http)
        loop = _Loop(address)
        with loop:
            with bench.open() as workspace:
                built = workspace.index.build(recipe={"embedder": "hash:32", "chunk_tokens": "16"})
                switched = workspace.index.cutover(force=True, reason="a test")
            assert _ask(http, QUERIES[0])["generation"] == built.generation, "the next request sees it"
            loop.wait_for(20)
        after = _ask_all(http)
        assert {found["generation"] for found in before.values()} == {switched.former}
        assert {found["generation"] for found in after.values()} == {built.generation}
        known = {switched.former: before, built.generation: after}
        assert loop.failures == []
        for query, found in loop.results:
            assert _hits(found) == _hits(known[found["generation"]][query]), "a result mixes generations"
        assert {found["generation"] for _, found in loop.results} == set(known)

        bench.write("0.md", "The census of herons is taken in May.")
        bench.sync()
        assert _ask(http, "census in May")["hits"][0]["document"] == "docs/0.md"
        with bench.open() as workspace:
            workspace.index.rollback()
        found = _ask(http, "census in May")
        assert found["generation"] == switched.former
        assert found["hits"][0]["text"] == "The census of herons is taken in May."


class _Loop:
    """Searches over HTTP until the block ends."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._over = threading.Event()
        self._step = threading.Condition()
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]
        self.results: list[tuple[str, dict[str, Any]]] = []
        self.failures: list[str] = []

    def __enter__(self) -> _Loop:
        for thread in self._threads:
            thread.start()
        self.wait_for(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Let so many more searches come back."""
        with self._step:
            enough = len(self.results) + more
            assert self._step.wait_for(lambda: len(self.results) >= enough or self.failures, timeout=60)

    def _run(self) -> None:
        with client(self._address) as http:
            turn = 0
            while not self._over.is_set():
                query = QUERIES[turn % len(QUERIES)]
                turn += 1
                reply = http.post("/api/search", json={"query": query, "k": 5})
                with self._step:
                    if reply.status_code == 200:
                        self.results.append((query, reply.json()))
                    else:
                        self.failures.append(reply.text)
                    self._step.notify_all()


def _ask(http: httpx.Client, query: str) -> dict[str, Any]:
    found: dict[str, Any] = http.post("/api/search", json={"query": query, "k": 5}).raise_for_status().json()
    return found


def _ask_all(http: httpx.Client) -> dict[str, dict[str, Any]]:
    return {query: _ask(http, query) for query in QUERIES}


def _hits(found: dict[str, Any]) -> list[tuple[str, float]]:
    return [(hit["chunk_id"], hit["score"]) for hit in found["hits"]]
