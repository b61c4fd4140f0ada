"""Gates over made-up prose: megabytes and documents a second on one core, near duplicates beside datasketch.

`python bench/gates.py [--documents N] [--members N] [--json FILE]`. With HEADRACE_PEERS_PYTHON, a Python
that has `datasketch`, its MinHashLSH signs and inserts the same texts, without deletes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TARGETS = {"near_duplicate documents/s": 12_000, "language documents/s": 20_000, "all default gates MB/s": 5}
BATCH = 1_000
_PEER = """
import json, sys, time
from datasketch import MinHash, MinHashLSH
texts = json.load(sys.stdin)
index = MinHashLSH(threshold=0.8, num_perm=128)
began = time.process_time()
for place, text in enumerate(texts):
    words = text.lower().split()
    made = MinHash(num_perm=128)
    made.update_batch([" ".join(words[at : at + 5]).encode() for at in range(len(words) - 4)])
    index.query(made)
    index.insert(str(place), made)
print(len(texts) / (time.process_time() - began))
"""


def corpus(documents: int) -> list[str]:
    """Texts of some 1.4 KB from the words of the examples; one in ten is a near copy of another."""
    folder = Path(__file__).resolve().parent.parent / "docs"
    words = " ".join(page.read_text(encoding="utf-8") for page in sorted(folder.glob("*.md"))).split()
    words = [word for word in words if word.isalpha()]
    random.seed(7)
    texts: list[str] = []
    for place in range(documents):
        if place % 10 == 9:
            copied = texts[random.randrange(place)].split(" ")
            copied[random.randrange(len(copied))] = "changed"
            texts.append(" ".join(copied))
            continue
        at = [random.randrange(len(words) - 12) for _ in range(20)]
        texts.append(". ".join(" ".join(words[start : start + 12]) for start in at))
    return texts


def processor_seconds(work: Callable[[], Any]) -> float:
    """What the work took of the processor."""
    began = time.process_time()
    work()
    return time.process_time() - began


def duplicates(texts: list[str]) -> dict[str, float]:
    """Sign, insert in batches with one delete for every ten inserts, and tell the memory of the index."""
    from headrace.ingest.gates.duplicates.index import DuplicateIndex, Entry
    from headrace.ingest.gates.duplicates.signatures import signatures
    from headrace.ingest.gates.duplicates.store import SignatureStore

    signatures(texts[:10])
    with tempfile.TemporaryDirectory() as folder:
        index = DuplicateIndex(store=SignatureStore(folder))

        def insert() -> None:
            for start in range(0, len(texts), BATCH):
                signed = signatures(texts[start : start + BATCH])
                index.store.add(signed)
                entries = [
                    Entry(f"{start + place}", content) for place, content in enumerate(signed.contents)
                ]
                gone = [f"{start - BATCH + place}" for place in range(0, BATCH, 10)] if start else []
                index.apply(entries, removed=gone)

        seconds = processor_seconds(insert)
        return {
            "near_duplicate documents/s": len(texts) / seconds,
            "near_duplicate bytes/document in segments": index.store.size_bytes / len(index.members),
            "near_duplicate losers": float(len(index.aliases)),
        }


def scale(members: int) -> dict[str, float]:
    """Made-up signatures, one in ten nearly another, one delete for every ten inserts: no text is read."""
    import numpy as np

    from headrace.ingest.gates.duplicates.index import DuplicateIndex, Entry
    from headrace.ingest.gates.duplicates.signatures import PERMUTATIONS, Signatures
    from headrace.ingest.gates.duplicates.store import SignatureStore

    batch = 10_000
    random_ = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        before = _resident_bytes()
        index = DuplicateIndex(store=SignatureStore(folder))
        seconds = 0.0
        for start in range(0, members, batch):
            values = random_.integers(0, 1 << 32, size=(batch, PERMUTATIONS), dtype=np.uint32)
            copies = np.arange(9, batch, 10)
            values[copies, 5:] = values[copies - 1, 5:]
            names = [f"{number:032x}" for number in random_.integers(0, 1 << 62, size=batch).tolist()]
            entries = [Entry(f"{start + place}", name) for place, name in enumerate(names)]
            gone = [f"{start - batch + place}" for place in range(0, batch, 10)] if start else []

            def insert() -> None:
                index.store.add(Signatures(names, values))  # noqa: B023
                index.apply(entries, removed=gone)  # noqa: B023

            seconds += processor_seconds(insert)
        held = len(index.members)
        on_disk = sum(path.stat().st_size for path in Path(folder).iterdir())
        resident = _resident_bytes() - before
        index.store.compact({entry.content for entry in index.members.values()})
        compacted = sum(path.stat().st_size for path in Path(folder).iterdir())
        return {
            f"{members:,} members: documents/s without signing": members / seconds,
            f"{members:,} members: bytes/document in files": on_disk / held,
            f"{members:,} members: the same without the dead": compacted / held,
            f"{members:,} members: bytes/document of memory": resident / held,
            f"{members:,} members: losers": float(len(index.aliases)),
        }


def _resident_bytes() -> int:
    """Memory of this process without mapped files, which the kernel may drop at any time."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")))


def gates(texts: list[str]) -> dict[str, float]:
    """Each built-in gate with its defaults, then all together with the signatures of near duplicates."""
    from headrace.ingest.gates.declared import default_gates
    from headrace.ingest.gates.duplicates.signatures import signatures
    from headrace.ingest.gates.running import GateInput, batch_of, run_gate
    from headrace.records.document import ParsedDocument

    given = [
        GateInput(
            document=f"{place}.md",
            parsed=ParsedDocument(text=text, kind="markdown", media_type="text/markdown", title=None),
            size_bytes=len(text),
            modified_at_us=None,
        )
        for place, text in enumerate(texts)
    ]
    batches = [batch_of(given[at : at + 256], now_us=0) for at in range(0, len(given), 256)]
    megabytes = sum(len(text) for text in texts) / 1e6
    found: dict[str, float] = {}
    total = processor_seconds(lambda: signatures(texts))
    for declared in default_gates():
        run_gate(declared.gate, batches[0])
        seconds = processor_seconds(lambda: [run_gate(declared.gate, batch) for batch in batches])  # noqa: B023
        total += seconds
        found[f"{declared.name} MB/s"] = megabytes / seconds
        if declared.name == "language":
            found["language documents/s"] = len(texts) / seconds
    found["all default gates MB/s"] = megabytes / total
    return found


def peer(texts: list[str]) -> dict[str, float]:
    """datasketch on the same texts, if there is a Python that has it."""
    python = os.environ.get("HEADRACE_PEERS_PYTHON")
    if python is None or subprocess.run([python, "-c", "import datasketch"], capture_output=True).returncode:
        print("datasketch left out: set HEADRACE_PEERS_PYTHON to a Python that has it.", file=sys.stderr)
        return {}
    done = subprocess.run(
        [python, "-c", _PEER], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return {"datasketch documents/s, no deletes": float(done.stdout)}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--members", type=int, help="only the duplicate index, with so many made-up members")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.members:
        found = scale(asked.members)
    else:
        texts = corpus(asked.documents)
        found = {**duplicates(texts), **peer(texts[:5_000]), **gates(texts[:5_000])}
    for name, value in found.items():
        target = f"   target {TARGETS[name]:,}" if name in TARGETS else ""
        print(f"{name:<56}{value:>14,.1f}{target}")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
