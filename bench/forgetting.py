"""Forget one document of a large index: how long it takes, and what was scanned.

python bench/forgetting.py --chunks 5000
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import headrace

CHUNKS_PER_DOCUMENT = 4
_CONFIG = """\
[erasure]
reader_wait = "0s"

[corpus.docs]
sources = ["docs"]

[corpus.docs.recipe]
embedder = "hash:384"
chunk_tokens = 48
chunk_overlap = 0
"""


def main() -> None:
    """Build a workspace, forget one document of it, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=5000)
    chunks = parser.parse_args().chunks
    root = Path(tempfile.mkdtemp(prefix="headrace-forget-"))
    try:
        build(root, chunks // CHUNKS_PER_DOCUMENT)
        for name in (f"docs/{number:06}.md" for number in (7, chunks // CHUNKS_PER_DOCUMENT // 2)):
            facts = forget_one(root, name)
            print(
                f"forget one of {facts['chunks']:,} chunks: {facts['seconds']:.2f} s, "
                f"{facts['scanned_bytes'] / 1e6:,.0f} MB decoded, {facts['hits']} hits"
            )
    finally:
        shutil.rmtree(root)


def build(root: Path, documents: int) -> None:
    """A synced workspace of so many documents with four chunks each."""
    (root / "docs").mkdir()
    (root / "headrace.toml").write_text(_CONFIG, encoding="utf-8")
    for number in range(documents):
        (root / "docs" / f"{number:06}.md").write_text(_text(number), encoding="utf-8")
    with headrace.open(root) as workspace:
        workspace.sync()


def forget_one(root: Path, uri: str) -> dict[str, Any]:
    """Forget one document of a workspace; gives seconds and what was scanned. Fails if anything is left."""
    with headrace.open(root) as workspace:
        chunks = workspace.status().corpora[0].chunks
        started = time.perf_counter()
        report = workspace.forget(uri)
        seconds = time.perf_counter() - started
    assert report.certificate is not None, report
    return {
        "seconds": seconds,
        "chunks": chunks,
        "scanned_bytes": report.scan.bytes,
        "hits": report.scan.hits,
    }


def _text(number: int) -> str:
    parts = [
        f"Paragraph {part} of document {number} tells of entry {number * 7919 + part} in the register. "
        + f"The register of year {1500 + number % 500} has {number} pages and {part} seals. " * 2
        for part in range(CHUNKS_PER_DOCUMENT)
    ]
    return f"# Document {number}\n\n" + "\n\n".join(parts)


if __name__ == "__main__":
    main()
