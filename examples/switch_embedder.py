"""Switch the embedder of the example handbook while a search loop runs against the server, and go back.

    python examples/switch_embedder.py [FOLDER]

Serves the handbook with the `hash` embedder, builds a generation with `minilm` beside it, lets that serve,
edits a document, and rolls back. Four threads search all the while. It prints how many searches there were, how
many failed, how many gave a result that mixes two generations, and whether the rollback was stale. Exit code 1
when any of that went wrong.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HEADRACE = (sys.executable, "-m", "headrace")
THREADS = 4
NEWS = "The heron census of the mill pond is taken on the first Monday of May."
CONFIG = """\
[corpus.handbook]
sources = ["docs"]

[corpus.handbook.recipe]
embedder = "hash"

[index]
golden = "golden.jsonl"
"""


def headrace(root: Path, *words: str) -> Any:
    """Run one command and give its JSON."""
    done = subprocess.run(
        [*HEADRACE, *words, "--json"], cwd=root, capture_output=True, text=True, check=False
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit(f"headrace {' '.join(words)}: {done.stdout}{done.stderr}")


class Searching:
    """Threads that search until they are stopped; every result is kept."""

    def __init__(self, address: str, queries: list[str]) -> None:
        self._address = address
        self._queries = queries
        self._over = threading.Event()
        self.results: list[tuple[float, str, str, str]] = []
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._loop, args=(n,), daemon=True) for n in range(THREADS)]

    def ask(self, query: str) -> dict[str, Any]:
        """One search over HTTP."""
        request = urllib.request.Request(
            f"{self._address}/api/search",
            data=json.dumps({"query": query, "k": 5}).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            found: dict[str, Any] = json.load(reply)
            return found

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, once every search in flight is back."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _loop(self, number: int) -> None:
        turn = number
        while not self._over.is_set():
            query = self._queries[turn % len(self._queries)]
            turn += 1
            try:
                found = self.ask(query)
            except OSError as error:
                self.failures.append(f"{query}: {error}")
                continue
            self.results.append((time.monotonic(), query, found["generation"], shown(found)))


def shown(found: dict[str, Any]) -> str:
    """What of a result depends on the vectors it was found with: chunks and scores."""
    return json.dumps([(hit["chunk_id"], hit["score"]) for hit in found["hits"]])


def main(root: Path) -> int:
    """Run it all; gives the exit code."""
    shutil.copytree(HERE / "handbook", root / "docs")
    shutil.copy(HERE / "handbook_questions.jsonl", root / "golden.jsonl")
    (root / "headrace.toml").write_text(CONFIG, encoding="utf-8")
    headrace(root, "sync")
    questions = (root / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    queries = [json.loads(line)["question"] for line in questions][:12]
    with subprocess.Popen(
        [*HEADRACE, "serve", "--port", "0"], cwd=root, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        address = re.search(r"http://\S+(?=/ )", server.stdout.readline())
        assert address is not None
        try:
            return switch(root, Searching(address[0], queries), queries)
        finally:
            server.terminate()


def switch(root: Path, searching: Searching, queries: list[str]) -> int:
    """Build, cut over, edit and roll back while the loop runs."""
    before = {query: searching.ask(query) for query in queries}
    searching.start()
    built = headrace(root, "index", "build", "--recipe", "embedder=minilm")
    compared = headrace(root, "index", "compare", "handbook/1", "handbook/2")
    switched = headrace(root, "index", "cutover", "handbook/2")
    returned = time.monotonic()
    while not any(row[2] == built["generation"] for row in list(searching.results)):
        time.sleep(0.005)
    time.sleep(1)
    searching.stop()
    after = {query: searching.ask(query) for query in queries}
    right = {
        found["generation"]: {q: shown(f) for q, f in known.items()}
        for known in (before, after)
        for found in known.values()
    }
    mixed = sum(right[generation][query] != text for _, query, generation, text in searching.results)
    seen = next(at for at, _, generation, _ in searching.results if generation == built["generation"])

    page = root / "docs" / "operations" / "on-call-runbook.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n\n## Herons\n\n{NEWS}\n", encoding="utf-8")
    headrace(root, "sync")
    back = headrace(root, "index", "rollback", "--reason", "demo")
    found = searching.ask("When is the heron census of the mill pond taken?")
    fresh = found["generation"] == switched["former"] and NEWS in found["hits"][0]["text"]

    golden = compared["recall_at_k"]
    print(
        f"built         {built['documents']} documents, {built['embeddings']['computed']} embeddings "
        f"in {built['seconds']:.1f} s: {built['state']}"
    )
    print(
        f"compared      {compared['verdict']}: coverage {compared['coverage']:.0%}, "
        f"recall@{golden['k']} {golden['a']:.3f} -> {golden['b']:.3f} over {golden['questions']} questions"
    )
    print(f"searches      {len(searching.results)} during build, comparison and cutover")
    print(f"failed        {len(searching.failures)}")
    print(f"mixed         {mixed}")
    print(f"cutover seen  {max(0.0, seen - returned):.2f} s after the command returned")
    print(
        f"rollback      serves {'the former generation' if back['generation'] == switched['former'] else '?'}, "
        f"and what was edited since is {'found' if fresh else 'NOT found'} in it"
    )
    return 0 if fresh and not mixed and not searching.failures else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True)
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory(prefix="headrace-switch-") as folder:
        sys.exit(main(Path(folder)))
