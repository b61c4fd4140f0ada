"""docs/evals.md: what it shows is what happens, and its tables name what there is."""

from __future__ import annotations

import json
import random
import re
import shlex
from pathlib import Path

import pytest

from headrace.cli.main import run
from headrace.curate.evals.comparing import LEAST_SLICE, SHARE_MARGIN, UNIT_MARGIN
from headrace.curate.evals.scorers.building import BUILT_IN
from headrace.curate.golden.cases import PARTS, STATES
from tests.docs.pages import DOCS, blocks, read
from tests.workbench import Workbench

PAGE = DOCS / "evals.md"
RETENTION = "Traces are kept for 30 days. Backups are kept for 35 days, then they are destroyed."
REFUNDS = "A refund takes up to 14 days. Gift cards are not refunded."
_CHANGING = (
    (r"\b(run|golden|verdict)_[a-z2-7]{26}", r"\1_…"),
    (r"p50 .* ms", "p50 … ms"),
    (r"[\d,]+ tokens", "… tokens"),
)


def write_runs(root: Path) -> None:
    """The two files of the page."""
    seeded = random.Random(4)
    before = [seeded.random() < 0.8 for _ in range(200)]
    flipped = [right if seeded.random() < 0.93 else not right for right in before]
    after = [right and not (n % 4 == 0 and seeded.random() < 0.45) for n, right in enumerate(flipped)]
    slow = [seeded.lognormvariate(6, 0.4) for _ in range(200)]
    slower = [each * seeded.lognormvariate(0.02, 0.1) for each in slow]
    for name, values, latency in (("march", before, slow), ("april", after, slower)):
        rows = [
            {
                "case": f"c{n:03}",
                "scores": {"right": int(value)},
                "latency_ms": round(latency[n], 1),
                "tags": ["refunds" if n % 4 == 0 else "other"],
                "group": f"doc-{n // 4}",
            }
            for n, value in enumerate(values)
        ]
        (root / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def normal(text: str) -> str:
    for pattern, shown in _CHANGING:
        text = re.sub(pattern, shown, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def outputs(root: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the last command of each block prints, in the workspace of the page."""
    bench = Workbench(root)
    (suite,) = blocks(PAGE, "toml")
    bench.configure(extra=suite.text, chunk_tokens=64)
    bench.write("retention.md", f"# Retention\n\n{RETENTION}\n")
    bench.write("refunds.md", f"# Refunds\n\n{REFUNDS}\n")
    bench.sync()
    (cases,) = blocks(PAGE, "jsonl")
    (root / "golden.jsonl").write_text(cases.text)
    write_runs(root)
    found = []
    for block in blocks(PAGE, "sh"):
        for line in block.text.splitlines():
            capsys.readouterr()
            assert run(shlex.split(line)[1:]) in (0, 1), line
        found.append(capsys.readouterr().out)
    return found


def test_the_examples_print_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    shown = [block.text for block in blocks(PAGE, "text")]
    for printed, text in zip(outputs(tmp_path, capsys), shown, strict=True):
        assert normal(printed) == normal(text)


def test_every_state_part_and_scorer_is_named() -> None:
    text = read(PAGE)
    for name in (
        *STATES,
        *PARTS,
        *(name.replace("recall", "recall@K") for name in BUILT_IN if name != "ndcg"),
    ):
        assert f"`{name}`" in text, name


def test_the_defaults_are_those_of_the_program() -> None:
    text = " ".join(read(PAGE).split())
    assert f"may lose {UNIT_MARGIN}, any other {SHARE_MARGIN:.0%}".replace("%", " %") in text
    assert LEAST_SLICE == 5
    assert "below five cases" in text
