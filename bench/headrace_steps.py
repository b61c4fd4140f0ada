"""Headrace over the benchmark corpus, in the protocol of the peers: `headrace_steps.py CORPUS STATE STEP`.

STATE is the workspace and CORPUS a folder inside it. The clock runs around opening the workspace and
one sync. The libraries that a sync needs are imported before it, as every peer's are.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import lance
import pyarrow  # noqa: F401
import sqlalchemy  # noqa: F401

import headrace
import headrace.workspace

# A section counts as 120 to 205 tokens (`hash` counts four bytes as one): one fits, two never do.
RECIPE_A = 'embedder = "hash"\nchunk_tokens = 210\nchunk_overlap = 0\n'
# The same chunks for another embedder, as in the peers: nothing that A embedded can serve it.
RECIPE_B = RECIPE_A.replace('"hash"', '"hash:96"')
STEPS = ("cold", "unchanged", "edit", "rename", "delete", "config_b", "config_a", "empty")


def write_config(workspace: Path, corpus: Path, *, recipe: str) -> None:
    """The workspace's configuration: one corpus, one folder, the recipe of this step."""
    source = corpus.resolve().relative_to(workspace.resolve()).as_posix()
    text = f'[corpus.bench]\nsources = ["{source}"]\n\n[corpus.bench.recipe]\n{recipe}'
    (workspace / "headrace.toml").write_text(text, encoding="utf-8")


def sync(corpus: Path, workspace: Path, step: str) -> dict[str, object]:
    """One sync, measured, as the step's line."""
    write_config(workspace, corpus, recipe=RECIPE_B if step == "config_b" else RECIPE_A)
    versions_before = lance_versions(workspace)
    start = time.perf_counter()
    report = headrace.open(workspace).sync(corpus="bench")
    seconds = round(time.perf_counter() - start, 4)
    check_start = time.perf_counter()
    versions = lance_versions(workspace) - versions_before
    check_seconds = round(time.perf_counter() - check_start, 4)
    return {
        "step": step,
        "seconds": seconds,
        "embeddings": report.embeddings.computed,
        "versions": versions,
        "rows": report.chunks.total,
        "wrong": None,
        "index_commits": report.commits,
        "check_seconds": check_seconds,
        "reused": report.embeddings.reused,
        "withheld": report.documents.withheld,
        "failed": report.documents.failed,
        "digest": report.digest,
    }


def lance_versions(workspace: Path) -> int:
    """Versions of every Lance dataset in the workspace, those of the embedding store included."""
    folders = [versions.parent for versions in workspace.glob(".headrace/**/*.lance/_versions")]
    return sum(lance.dataset(str(folder)).version for folder in folders)


def main() -> None:
    """Read the arguments, run the step and print its line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("step", choices=STEPS)
    arguments = parser.parse_args()
    arguments.state.mkdir(parents=True, exist_ok=True)
    print(json.dumps(sync(arguments.corpus, arguments.state, arguments.step)), flush=True)


if __name__ == "__main__":
    main()
