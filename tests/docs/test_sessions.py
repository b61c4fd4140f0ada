"""docs/sessions.md: its commands run, its program prints what it says, its tables name what there is."""

from __future__ import annotations

import json
import shlex
import typing
from pathlib import Path

import pytest

from headrace.cli.main import run
from headrace.flows.sessions.placing import QUESTIONS
from headrace.records.sessions import HistoryUse, Overflow
from tests.docs.pages import DOCS, blocks, read, section, tables
from tests.workbench import Workbench

PAGE = DOCS / "sessions.md"
SCHEMA = {"type": "object", "properties": {"level": {"type": "string"}, "hours": {"type": "integer"}}}


def test_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Workbench(tmp_path)
    (profiles,) = [block for block in blocks(PAGE, "toml") if block.section == "Profiles"]
    bench.configure(extra=profiles.text)
    bench.write("backups.md", "# Backups\n\nBackups are kept for ninety days in Zanzibar.\n")
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "learner.json").write_text(json.dumps(SCHEMA))
    bench.sync()
    monkeypatch.chdir(tmp_path)
    for block in blocks(PAGE, "sh"):
        for line in block.text.splitlines():
            assert run(shlex.split(line)[1:]) == 0, line
    assert "level: A2 → B1" in capsys.readouterr().out
    (program,), (output,) = blocks(PAGE, "py"), blocks(PAGE, "text")
    exec(program.text, {})
    assert capsys.readouterr().out == output.text


def test_every_policy_and_every_count_is_named() -> None:
    (_, policies) = tables(section(PAGE, "What goes into the prompt"))
    assert [row[0].strip("`") for row in policies] == list(typing.get_args(Overflow))
    text = read(PAGE)
    for name in (*QUESTIONS, "kept", "trimmed", "summarised", "retrieved", "cut", "withheld", "summary"):
        assert f"`{name}`" in text, name
    assert {"kept", "trimmed", "summarised", "retrieved", "cut", "withheld"} <= set(HistoryUse.__slots__)
    assert "sessions.md" in read(DOCS.parent / "README.md")
