"""Vectors of questions, kept between runs: only new questions are embedded."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.ledger.durability import fsync_path
from headrace.ledger.identity import digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headrace.infer.embedders.base import Embedder

FOLDER = "queries"


class Vectors(NamedTuple):
    """Vectors of the texts that could be embedded."""

    places: Sequence[int]
    """Which texts they are of."""
    matrix: NDArray[Any]
    """float32 (len(places), dimension), unit length."""


def embed_texts(embedder: Embedder, texts: Sequence[str], *, folder: Path | None) -> Vectors:
    """Embed texts; those that fail are left out. Without a folder nothing is kept.

    They lie apart from the vectors of chunks: a question is a user's, and goes when anything is forgotten.
    """
    import numpy as np

    from headrace.infer.embedders.store import EmbeddingStore

    if not texts:
        return Vectors([], np.zeros((0, embedder.dimension), dtype=np.float32))
    keys = [digest("query", text) for text in texts]
    store = None
    found, vectors = np.zeros(len(keys), dtype=bool), np.zeros((len(keys), embedder.dimension), np.float32)
    if folder is not None:
        place = str(folder / FOLDER)
        store = EmbeddingStore(place, fingerprint=embedder.fingerprint, dimension=embedder.dimension)
        found, vectors = store.fetch(keys)
    missing = {key: place for place, key in enumerate(keys) if not found[place]}
    if missing:
        made = embedder.embed([texts[place] for place in missing.values()])
        good = [place for place in range(len(missing)) if place not in made.failed]
        names = list(missing)
        if store is not None and good:
            run = f"coverage-{secrets.token_hex(4)}"
            store.put([names[place] for place in good], made.vectors[good], run_id=run)
        fresh = {names[place]: made.vectors[place] for place in good}
        for row, name in enumerate(keys):
            if name in fresh:
                found[row], vectors[row] = True, fresh[name]
    places = [int(row) for row in np.flatnonzero(found)]
    return Vectors(places, np.ascontiguousarray(vectors[places], dtype=np.float32))


def drop_vectors(folder: Path) -> int:
    """Delete every kept vector; returns how many files there were."""
    place = folder / FOLDER
    if not place.is_dir():
        return 0
    files = sum(path.is_file() for path in place.rglob("*"))
    shutil.rmtree(place)
    fsync_path(folder)
    return files
