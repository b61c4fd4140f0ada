"""How much personal data is found, and how much of what is found is right, on sentences it was not tuned on.

`python bench/privacy_quality.py [--json FILE] [--wrong TYPE]`. The sentences (750, with 1,440 spans) are
read from $HEADRACE_TEST_DATA/presidio_pii, by default ../shared/data/presidio_pii beside the repository.

A marked span counts as found when findings of its type cover at least half of its characters. A finding is
right when at least half of it lies in a marked span of its type. Marked types that name no one by themselves
(city, organisation, title, date, nationality, age) are not looked for without lists; they are shown as such.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.privacy.engine import Engine

DATA = Path(os.environ.get("HEADRACE_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
FEWEST = 6
"""A type with fewer marked spans gets no score."""
SAME = {"ZIP_CODE": "STREET_ADDRESS"}
"""Marked types that count under another one."""
Span = tuple[int, int]


def rows() -> Iterator[Mapping[str, Any]]:
    """The marked sentences."""
    with (DATA / "presidio_pii" / "presidio_even.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def covered(span: Span, others: Sequence[Span]) -> bool:
    """Whether others cover at least half of a span."""
    inside = sum(max(0, min(span[1], end) - max(span[0], start)) for start, end in others)
    return 2 * inside >= span[1] - span[0]


def measure(engine: Engine, wrong: str | None) -> dict[str, dict[str, int]]:
    """Counts for each type: marked, found, findings, right."""
    counts: dict[str, dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(("marked", "found", "given", "right"), 0)
    )
    for row in rows():
        marked, found = defaultdict(list), defaultdict(list)
        for span in row["spans"]:
            marked[SAME.get(span["type"], span["type"])].append((span["start"], span["end"]))
        for finding in engine.scan(row["text"]):
            found[finding.type].append((finding.start, finding.end))
        for kind in marked.keys() | found.keys():
            of = counts[kind]
            of["marked"] += len(marked[kind])
            of["found"] += sum(covered(span, found[kind]) for span in marked[kind])
            of["given"] += len(found[kind])
            right = [covered(span, marked[kind]) for span in found[kind]]
            of["right"] += sum(right)
            if kind == wrong:
                missed = [row["text"][s:e] for s, e in marked[kind] if not covered((s, e), found[kind])]
                extra = [row["text"][s:e] for (s, e), ok in zip(found[kind], right, strict=True) if not ok]
                if missed or extra:
                    print(f"missed {missed} extra {extra}")
    return counts


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--wrong", metavar="TYPE", help="print what was missed and what was wrongly found")
    options = parser.parse_args()
    counts = measure(Engine(), options.wrong)
    print(f"{'type':<20}{'marked':>8}{'recall':>8}{'precision':>11}")
    for kind, of in sorted(counts.items(), key=lambda item: -item[1]["marked"]):
        if of["marked"] < FEWEST:
            shown = f"{'-':>8}{'-':>11}  {of['found']} found, {of['given'] - of['right']} wrong"
        elif kind not in Engine().types or not of["given"]:
            shown = f"{'-':>8}{'-':>11}  not looked for"
        else:
            shown = f"{of['found'] / of['marked']:>8.2f}{of['right'] / of['given']:>11.2f}"
        print(f"{kind:<20}{of['marked']:>8}{shown}")
    if options.json:
        options.json.write_text(json.dumps(counts, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
