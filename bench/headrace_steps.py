"""Headrace over the benchmark corpus, in the protocol of the peers: `headrace_steps.py CORPUS STATE STEP`.

STATE is the workspace and CORPUS a folder inside it. The clock runs around opening the workspace and
one sync. The libraries that a sync needs are imported before it, as every peer's are.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import headrace.workspace
import lance  # noqa: F401
import pyarrow  # noqa: F401
import sqlalchemy  # noqa: F401

import headrace

# A section is 90 to 135 tokens: one fits, two never do.
RECIPE_A = 'embedder = "hash"\nchunk_tokens = 160\nchunk_overlap = 0\n'
# Other chunks, so nothing that recipe A embedded can serve it.
RECIPE_B = 'embedder = "hash"\nchunk_tokens = 80\nchunk_overlap = 0\n'
STEPS = ("cold", "unchanged", "edit", "rename", "delete", "config_b", "config_a", "empty")


def write_config(workspace: Path, corpus: Path, *, recipe: str) -> None:
    """The workspace's configuration: one corpus, one folder, the recipe of this step."""
    source = corpus.resolve().relative_to(workspace.resolve()).as_posix()
    text = f'[corpus.bench]\nsources = ["{source}"]\n\n[corpus.bench.recipe]\n{recipe}'
    (workspace / "headrace.toml").write_text(text, encoding="utf-8")


def sync(corpus: Path, workspace: Path, step: str) -> dict[str, object]:
    """One sync, measured, as the step's line."""
    write_config(workspace, corpus, recipe=RECIPE_B if step == "config_b" else RECIPE_A)
    start = time.perf_counter()
    report = headrace.open(workspace).sync(corpus="bench")
    seconds = round(time.perf_counter() - start, 4)
    return {"step": step, "seconds": seconds, "embeddings": report.embeddings.computed,
            "versions": report.commits, "rows": report.chunks.total, "wrong": None,
            "reused": report.embeddings.reused, "withheld": report.documents.withheld,
            "failed": report.documents.failed, "digest": report.digest}


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
