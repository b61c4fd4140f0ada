"""CocoIndex over the benchmark corpus, into LanceDB: one component per file, one memoised call per chunk.

Row ids are path and position, so that an edited chunk is one upsert and no delete. State (LMDB) and
target (LanceDB) are on disk. The first update opens the environment, inside the clock.
"""

from __future__ import annotations

import os

# CocoIndex sends usage events from its import on unless told not to.
os.environ["COCOINDEX_DISABLE_USAGE_TRACKING"] = "1"

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import cocoindex as coco
import numpy as np
import pyarrow as pa
from cocoindex.connectors import lancedb as lance_target
from cocoindex.connectors import localfs
from cocoindex.resources.file import FileLike
from numpy.typing import NDArray
from step_protocol import (
    DIMENSION,
    CountingEmbedder,
    Step,
    Stopwatch,
    count_wrong,
    fingerprint,
    run_step,
    split,
)

TABLE = "chunks"
DATABASE: coco.ContextKey[Any] = coco.ContextKey("database")


@dataclass
class Row:
    """One chunk in the target table."""

    id: str
    path: str
    text: str
    vector: Annotated[NDArray[np.float32], lance_target.LanceType(pa.list_(pa.float32(), DIMENSION))]


def build_app(corpus: Path, state: Path, embedder: CountingEmbedder) -> coco.App[Any, Any]:
    """The app for one model; the model is a declared dependency of the embedding function."""

    @coco.fn(memo=True, deps=embedder.model)
    async def embed(text: str) -> NDArray[np.float32]:
        return np.asarray(embedder.embed(text), dtype=np.float32)

    @coco.fn(memo=True)
    async def index_file(file: FileLike[Any], table: lance_target.TableTarget[Row]) -> None:
        path = file.file_path.path.relative_to(corpus).as_posix()
        for position, chunk in enumerate(split(await file.read_text())):
            vector = await embed(chunk)
            table.declare_row(row=Row(id=f"{path}#{position}", path=path, text=chunk, vector=vector))

    @coco.fn
    async def index_corpus(folder: Path) -> None:
        schema = await lance_target.TableSchema.from_class(Row, primary_key=["id"])
        table = await lance_target.mount_table_target(DATABASE, TABLE, schema)
        await coco.mount_each(index_file, localfs.walk_dir(folder, recursive=True).items(), table)

    async def lifespan(builder: coco.EnvironmentBuilder) -> AsyncIterator[None]:
        builder.settings.db_path = state / "cocoindex.db"
        builder.provide(DATABASE, await lance_target.connect_async(str(state / "lancedb")))
        yield

    coco.lifespan(lifespan)
    return coco.App(coco.AppConfig(name="bench"), index_corpus, corpus)


def sync(corpus: Path, state: Path, step: str, embedder: CountingEmbedder) -> Step:
    """One update of the app, measured."""
    app = build_app(corpus.resolve(), state, embedder)
    version_before, _ = asyncio.run(read_table(state))
    clock = Stopwatch()
    app.update_blocking()
    seconds = clock.seconds()
    checking = Stopwatch()
    version, stored = asyncio.run(read_table(state))
    wrong = count_wrong(corpus, embedder, stored=stored)
    return Step(
        step=step,
        seconds=seconds,
        embeddings=embedder.texts,
        versions=version - version_before,
        rows=stored.total(),
        wrong=wrong,
        check_seconds=checking.seconds(),
    )


async def read_table(state: Path) -> tuple[int, Counter[tuple[str, bytes]]]:
    """The table's version (0 before it exists), and its rows as (path, vector fingerprint) pairs."""
    connection = await lance_target.connect_async(str(state / "lancedb"))
    if TABLE not in (await connection.list_tables()).tables:
        return 0, Counter()
    table = await connection.open_table(TABLE)
    rows = await table.to_arrow()
    vectors = map(fingerprint, rows["vector"].to_pylist())
    return await table.version(), Counter(zip(rows["path"].to_pylist(), vectors, strict=True))


if __name__ == "__main__":
    run_step(sync)
