"""docs/features.md: what it shows is what happens, and its tables name what there is."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path

import pytest

from headrace.cli.main import run
from headrace.config.features import _KEYS
from headrace.observe.features.base import COLUMN_TYPES, FeatureGates
from tests.docs.pages import DOCS, blocks, read, section
from tests.workbench import Workbench

PAGE = DOCS / "features.md"


def test_the_example_gives_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Workbench(tmp_path)
    (tmp_path / "features").mkdir()
    (view,) = blocks(PAGE, "ini")
    source, requests, rows = blocks(PAGE, "csv")
    (tmp_path / "features" / "account.toml").write_text(view.text)
    (tmp_path / "accounts.csv").write_text(source.text)
    (tmp_path / "calls.csv").write_text(requests.text)
    monkeypatch.chdir(tmp_path)
    for block in blocks(PAGE, "sh"):
        for line in block.text.splitlines():
            assert run(shlex.split(line)[1:]) == 0, line
    assert (tmp_path / "rows.csv").read_text().strip() == rows.text.strip()
    assert "2 of 2 entities are the same" in capsys.readouterr().out
    (program,) = blocks(PAGE, "py")
    exec(program.text, {})
    assert capsys.readouterr().out.strip() == "{'owed': 30.0}"


def test_every_key_type_and_gate_is_named() -> None:
    view, gates = section(PAGE, "A view"), section(PAGE, "Gates")
    for name in (*_KEYS, *COLUMN_TYPES):
        assert f"`{name}`" in view, name
    for item in dataclasses.fields(FeatureGates):
        assert f"`{item.name}`" in gates, item.name
        assert f"| {item.default:g} |" in gates, item.name
    assert "features.md" in read(DOCS.parent / "README.md")
