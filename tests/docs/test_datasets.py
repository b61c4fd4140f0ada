"""docs/datasets.md: what it shows is what happens, and its tables name what there is."""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path

import pytest

from headrace.cli.main import run
from headrace.curate.datasets.config import DatasetGates
from headrace.curate.datasets.exporting import FORMATS
from headrace.records.datasets import RowInput
from tests.docs.pages import DOCS, blocks, read, section
from tests.workbench import Workbench

PAGE = DOCS / "datasets.md"


def test_the_example_gives_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Workbench(tmp_path)
    (rows,) = blocks(PAGE, "json")
    (tmp_path / "edits.jsonl").write_text(rows.text)
    (tmp_path / "again.jsonl").write_text(rows.text.replace('"note": null', '"note": ""'))
    monkeypatch.chdir(tmp_path)
    shown = [" ".join(block.text.split()) for block in blocks(PAGE, "")]
    for block in blocks(PAGE, "sh"):
        for line in block.text.splitlines():
            if line.startswith("headrace"):
                code = run(shlex.split(line)[1:])
                assert code == (3 if "the same again" in line else 0), line
    printed = re.sub(r"(dataset|row)_[a-z2-7]{26}", r"\1_XXX", " ".join(capsys.readouterr().out.split()))
    for text in shown:
        assert text in printed
    assert run(["dataset", "unstage", "answers"]) == 0
    capsys.readouterr()
    (program,) = blocks(PAGE, "py")
    exec(program.text, {})
    assert capsys.readouterr().out.strip() == "1"


def test_every_gate_format_and_part_of_a_row_is_named() -> None:
    gates = section(PAGE, "Gates")
    for item in dataclasses.fields(DatasetGates):
        if item.name != "max_duplicates":
            assert f"`{item.name}`" in gates, item.name
    for form in FORMATS:
        assert f"`{form}`" in section(PAGE, "Exports"), form
    for part in dataclasses.fields(RowInput):
        assert f"`{part.name}`" in section(PAGE, "Rows"), part.name
    assert "datasets.md" in read(DOCS.parent / "README.md")
