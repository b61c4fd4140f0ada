"""Many small commits, each one changed document, straight through the publisher that a sync uses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SOURCE = "corpus.jsonl"


def change_documents(
    workspace: Any,
    *,
    texts: list[str],
    vectors: NDArray[np.float32],
    commits: int,
    maintain: bool,
    seed: int,
) -> int:
    """Replace one random document a commit, each published by its own ledger transaction.

    With `maintain`, every commit is followed by what ends a sync: indices and fragments looked after, and
    the version published. Returns how many versions the index has on disk afterwards.
    """
    from headrace.ingest.index.generation import GenerationTable, Upkeep
    from headrace.ingest.sync.publish import Pending, Publisher
    from headrace.ledger import leases, runs

    context = workspace._sync_context("bench")
    with workspace.ledger.read() as conn:
        _, generation_id = workspace.releases.pointer(conn, "bench")
    with leases.held(workspace.ledger, "corpus/bench") as lease:
        generation, states = _standing(workspace, generation_id)
        table = GenerationTable(generation.location, dimension=vectors.shape[1], config=context.index_config)
        run_id = workspace.ledger.write(lambda tx: runs.start(tx, "sync", "bench", actor="bench"))
        publisher = Publisher(
            ledger=workspace.ledger,
            lease=lease,
            corpus="bench",
            generation=generation_id,
            run_id=run_id,
            table=table,
            documents=len(states),
            chunks=len(states),
        )
        counts = dict.fromkeys(states, 1)
        chance = np.random.default_rng(seed)
        for number in range(commits):
            uri = f"{SOURCE}#{chance.integers(len(texts))}"
            other, mixed = chance.integers(len(texts), size=2)
            embedded = _embedded(
                uri,
                f"{texts[other]} Revised {seed}.{number}.",
                vectors[other] + 0.5 * vectors[mixed],
                acl_id=states[uri],
            )
            publisher.publish(Pending(embedded=[embedded]), counts=counts)
            if maintain:
                if table.maintain(Upkeep()):
                    publisher.publish_version(int(table.table.head().version), digest="")
                table.clean(Upkeep())
        workspace.ledger.write(lambda tx: runs.finish(tx, run_id, "done", report={}))
        return len(table.table.head().versions())


def _standing(workspace: Any, generation_id: str) -> tuple[Any, dict[str, int]]:
    from headrace.ledger import generations
    from headrace.ledger.documents import load_brief

    with workspace.ledger.read() as conn:
        generation = generations.get(conn, generation_id)
        states = {state.uri: state.acl_id for state in load_brief(conn, generation_id)}
    return generation, states


def _embedded(uri: str, text: str, vector: NDArray[np.float32], *, acl_id: int) -> Any:
    from headrace.ingest.sync.changes import Candidate
    from headrace.ingest.sync.embed import Embedded
    from headrace.ingest.sync.prepare import Prepared
    from headrace.ledger.identity import digest, digest_bytes, digest_text
    from headrace.records.document import ChunkSpan, Content, SourceItem

    data = text.encode()
    revision, text_hash = digest_bytes("rev", data), digest_text("text", text)
    item = SourceItem(
        uri=uri, stamp=revision, read=lambda: Content(data=data, media_type="text/plain", charset="utf-8")
    )
    chunk_id = digest("chunk", ["bench", uri, text_hash, 0])
    document = Prepared(
        candidate=Candidate(item=item, source=SOURCE, acl_id=acl_id, state=None),
        revision=revision,
        input_digest=digest("input", [revision, {}]),
        digest=digest("doc", [uri, revision, chunk_id]),
        title=None,
        media_type="text/plain",
        metadata={"topic": "t1", "size": len(text)},
        metadata_schema="",
        misfits={},
        spans=[ChunkSpan(start=0, end=len(text), page=None, headings=())],
        texts=[text],
        text_hashes=[text_hash],
        chunk_ids=[chunk_id],
    )
    return Embedded(document=document, vectors=(vector / np.linalg.norm(vector))[None, :].astype(np.float32))
