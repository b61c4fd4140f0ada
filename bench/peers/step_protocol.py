"""What every peer script shares: its arguments, its embedder, its chunking and the line it prints.

A script is called as `<peer>.py CORPUS STATE STEP` in the peers' own environment. It runs one sync over
the corpus as it finds it and prints one JSON line. Every step is a process of its own, as under cron.
`config_b` syncs with another embedding model, every other step with model A. The clock runs around the
sync alone: imports are left out, and for the stores that live in memory, loading and saving are
reported beside it, as is the time of checking what the store holds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

DIMENSION = 64
STEPS = ("cold", "unchanged", "edit", "rename", "delete", "config_b", "config_a", "empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One sync, measured."""

    step: str
    seconds: float
    """The sync call, file reads included."""
    embeddings: int
    """Texts the embedder was given."""
    versions: int | None
    """Lance versions added; None where the store has no versions."""
    rows: int
    """Chunks in the store afterwards."""
    wrong: int
    """Chunks missing, left over, or holding another vector than the corpus and model ask for."""
    load_seconds: float = 0.0
    save_seconds: float = 0.0
    check_seconds: float = 0.0
    """Finding `rows` and `wrong`: the benchmark's own work, no part of the step."""


class CountingEmbedder:
    """A deterministic 64-dimension stand-in for a model: the BLAKE2b digest of (model, text)."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._salt = model.encode()
        self.texts = 0

    def embed(self, text: str) -> list[float]:
        """The vector of one text, 64 values between -1 and 1; the text is counted."""
        self.texts += 1
        return self.vector(text)

    def vector(self, text: str) -> list[float]:
        """The same without counting, for checking a store."""
        digest = hashlib.blake2b(text.encode(), digest_size=DIMENSION, salt=self._salt).digest()
        return [byte / 127.5 - 1.0 for byte in digest]


def split(text: str) -> list[str]:
    """The sections of a document, each with its heading."""
    return [f"## {section}" for section in text.split("## ")[1:]]


def read_documents(folder: Path) -> Iterator[tuple[str, str]]:
    """(path relative to the corpus, text) of every document."""
    for path in sorted(folder.rglob("*.md")):
        yield path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")


def fingerprint(vector: list[float]) -> bytes:
    """A vector of the embedder as the bytes it was made of, so that float32 and float64 copies agree."""
    return bytes(round((value + 1.0) * 127.5) for value in vector)


def count_wrong(folder: Path, embedder: CountingEmbedder, *, stored: Counter[tuple[str, bytes]]) -> int:
    """Chunks to add or remove to mend a store, a replacement counting once.

    `stored` counts (path, vector fingerprint) pairs: what the store holds.
    """
    wanted = Counter(
        (path, fingerprint(embedder.vector(chunk)))
        for path, text in read_documents(folder)
        for chunk in split(text)
    )
    return max((wanted - stored).total(), (stored - wanted).total())


def run_step(sync: Callable[[Path, Path, str, CountingEmbedder], Step]) -> None:
    """Read the arguments, run the step named there and print its line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("step", choices=STEPS)
    arguments = parser.parse_args()
    arguments.state.mkdir(parents=True, exist_ok=True)
    embedder = CountingEmbedder("B" if arguments.step == "config_b" else "A")
    measured = asdict(sync(arguments.corpus, arguments.state, arguments.step, embedder))
    print(json.dumps(measured), flush=True)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def seconds(self) -> float:
        """How long it has been, to a tenth of a millisecond."""
        return round(time.perf_counter() - self._start, 4)
