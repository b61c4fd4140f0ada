"""docs/python.md: its programs run and print what it says; every public name is on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import headrace
from tests.docs.pages import DOCS, blocks, headings, read

PAGE = DOCS / "python.md"


def test_the_programs_print_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    programs, outputs = blocks(PAGE, "python"), blocks(PAGE, "text")
    assert len(programs) == len(outputs) >= 2
    names: dict[str, Any] = {}
    for program, output in zip(programs, outputs, strict=True):
        exec(compile(program.text, str(PAGE), "exec"), names)
        assert capsys.readouterr().out == output.text


def test_every_public_name_is_on_the_page() -> None:
    text = read(PAGE)
    titles = {title.strip("`") for title in headings(PAGE)}
    for name in set(headrace.__all__) - {"__version__"}:
        assert name in titles or f"headrace.{name}" in text, name
