"""What the quality score does for search: nDCG@10 on Cranfield, clean and with planted junk, by its weight.

`python bench/quality.py [--half dev|test] [--weights 0,0.5,1] [--json FILE]`. The junk: shuffled words, OCR
noise and stale copies of documents that are relevant to a question, and pages of menus and notices with the
words of each question. Thresholds of the score were tuned on the questions of the dev half, with junk made of
the documents that they are about; figures are reported on the other half. The collection is read from
$HEADRACE_TEST_DATA/cranfield.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from retrieval import CHUNKS, DATA, judgements, score

import headrace

Row = dict[str, str]

KINDS = ("shuffled", "noise", "stale", "boilerplate")
EACH = 150
"""Junk documents of each kind that is made from real ones."""
_NOW = datetime.now(UTC).replace(microsecond=0)
_CONFUSED = (("rn", "m"), ("m", "rn"), ("l", "1"), ("o", "0"), ("e", "c"), ("h", "b"), ("i", "!"), ("s", "5"))
_NOTICES = (
    "Skip to main content",
    "Home",
    "Log in to your account",
    "We use cookies to improve your experience.",
    "Accept all cookies",
    "Privacy policy",
    "Terms of use",
    "Subscribe to our newsletter",
    "Follow us on Twitter",
    "All rights reserved.",
    "Back to top",
    "Search results for",
    "Sign in to continue",
    "Cookie settings",
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "test"), default="test")
    parser.add_argument("--weights", default="0,0.25,0.5,0.75,1")
    parser.add_argument("--folder", type=Path, help="keep the workspace here, to be used again")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if not (DATA / "cranfield" / "corpus.jsonl").is_file():
        print(f"Left out: no Cranfield collection below {str(DATA)!r}; name it with HEADRACE_TEST_DATA.")
        return
    weights = [float(weight) for weight in asked.weights.split(",")]
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as made:
        result = measure(asked.folder or Path(made), half=asked.half, weights=weights)
    show(result)
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=2), encoding="utf-8")


def measure(folder: Path, *, half: str, weights: Sequence[float]) -> dict[str, Any]:
    """Sync both collections once, then search them with each weight."""
    data = DATA / "cranfield"
    grades = judgements(data)
    lines = (data / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [query for query in map(json.loads, lines) if query["id"] in grades]
    mine = [query for place, query in enumerate(asked) if (place % 2 == 0) == (half == "dev")]
    queries = {query["id"]: query["text"] for query in mine}
    folder.mkdir(exist_ok=True)
    _write(folder, data, queries, {name: grades[name] for name in queries})
    results: dict[str, Any] = {"half": half, "queries": len(queries), "ndcg": {}}
    for weight in weights:
        _configure(folder, weight)
        with headrace.open(folder) as workspace:
            for corpus in ("clean", "junk") if weight == weights[0] else ():
                workspace.sync(corpus)
            results["ndcg"][weight] = {
                corpus: _found(workspace, corpus, queries, grades) for corpus in ("clean", "junk")
            }
            results["parts"] = _means(workspace)
    return results


def _found(
    workspace: Any, corpus: str, queries: Mapping[str, str], grades: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    planted = 0

    def ranking(text: str) -> list[str]:
        nonlocal planted
        hits = workspace.search(text, k=CHUNKS, corpus=corpus).hits
        uris = list(dict.fromkeys(hit.document for hit in hits))
        planted += sum(uri.rsplit("#", 1)[1].startswith(KINDS) for uri in uris[:10])
        return uris

    return {**score(ranking, queries, grades), "planted": planted / len(queries)}


def _means(workspace: Any) -> dict[str, dict[str, float]]:
    """Mean score, and parts, of real documents and of each kind of junk."""
    sums: dict[str, list[Mapping[str, float]]] = {}
    report = workspace.quality.list("junk", limit=1_000_000)
    for row in report.worst:
        name = row.document.rsplit("#", 1)[1]
        kind = next((kind for kind in KINDS if name.startswith(kind)), "real")
        sums.setdefault(kind, []).append({"score": row.quality, **row.parts})
    return {
        kind: {
            part: round(sum(row[part] for row in rows) / len(rows), 3)
            for part in rows[0]
            if all(part in row for row in rows)
        }
        for kind, rows in sums.items()
    }


def _configure(folder: Path, weight: float) -> None:
    corpora = "".join(
        f'[corpus.{name}]\nsources = [{{ type = "records", path = "{name}.jsonl", id = "id", '
        'text = ["title", "text"], modified = "modified" }]\nprobes = 0\n'
        f"[corpus.{name}.quality]\nweight = {weight}\n"
        for name in ("clean", "junk")
    )
    (folder / "headrace.toml").write_text(corpora, encoding="utf-8")


def _write(
    folder: Path, data: Path, queries: Mapping[str, str], grades: Mapping[str, Mapping[str, int]]
) -> None:
    rng = random.Random(f"junk of {len(queries)}")
    real = [json.loads(line) for line in (data / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    clean = [
        {
            "id": row["id"],
            "title": row["title"],
            "text": row["text"],
            "modified": (_NOW - timedelta(days=rng.randint(10, 700))).isoformat(),
        }
        for row in real
    ]
    relevant = {document for found in grades.values() for document in found}
    pool = [row for row in clean if row["id"] in relevant and row["text"]]
    junk = [*_made(pool, rng), *_boilerplate(queries, rng)]
    for name, rows in (("clean", clean), ("junk", clean + junk)):
        path = folder / f"{name}.jsonl"
        text = "\n".join(map(json.dumps, rows))
        if not path.is_file():
            path.write_text(text, encoding="utf-8")


def _made(pool: Sequence[Row], rng: random.Random) -> Iterator[Row]:
    """Junk of real documents."""
    for kind, spoil in (("shuffled", _shuffled), ("noise", _noisy), ("stale", _stale)):
        for row in rng.sample(pool, min(EACH, len(pool))):
            days = rng.randint(800, 2000) if kind == "stale" else rng.randint(10, 700)
            yield {
                "id": f"{kind}-{row['id']}",
                "title": spoil(row["title"], rng),
                "text": spoil(row["text"], rng),
                "modified": (_NOW - timedelta(days=days)).isoformat(),
            }


def _shuffled(text: str, rng: random.Random) -> str:
    words = text.split()
    rng.shuffle(words)
    return " ".join(words)


def _noisy(text: str, rng: random.Random) -> str:
    """What a poor scan gives: letters taken for others, spaces lost and gained."""
    made, at = "", 0
    while at < len(text):
        seen, read = rng.choice([pair for pair in _CONFUSED if text.startswith(pair[0], at)] or [("", "")])
        if seen and rng.random() < 0.12:
            made, at = made + read, at + len(seen)
            continue
        drawn = rng.random()
        made += "" if text[at] == " " and drawn < 0.04 else text[at] + (" " if drawn < 0.015 else "")
        at += 1
    return made


def _stale(text: str, rng: random.Random) -> str:
    """An earlier version: a few words differ, and the end is not written yet."""
    words = text.split()
    words = words[: max(5, int(len(words) * rng.uniform(0.8, 0.95)))]
    for _ in range(len(words) // 60):
        words[rng.randrange(len(words))] = "draft"
    return " ".join(words)


def _boilerplate(queries: Mapping[str, str], rng: random.Random) -> Iterator[Row]:
    """A page for each question: its words among menus and notices."""
    for name, text in queries.items():
        lines = rng.sample(_NOTICES, 9)
        lines.insert(rng.randrange(3, 7), text)
        yield {
            "id": f"boilerplate-{name}",
            "title": f"Results for {text}",
            "text": "\n".join(lines),
            "modified": (_NOW - timedelta(days=rng.randint(10, 700))).isoformat(),
        }


def show(result: Mapping[str, Any]) -> None:
    """Print the tables."""
    print(f"nDCG@10 over {result['queries']} questions of the {result['half']} half; k = {CHUNKS} chunks")
    print(f"{'weight':>8}{'clean':>10}{'with junk':>12}{'junk in the first 10':>23}")
    for weight, found in result["ndcg"].items():
        clean, junk = found["clean"]["ndcg"], found["junk"]["ndcg"]
        print(f"{weight:>8}{clean:>10.4f}{junk:>12.4f}{found['junk']['planted']:>23.2f}")
    print("mean score and parts:")
    for kind, parts in result["parts"].items():
        print(f"{kind:>12}  " + "  ".join(f"{part} {value:.2f}" for part, value in parts.items()))


if __name__ == "__main__":
    main()
