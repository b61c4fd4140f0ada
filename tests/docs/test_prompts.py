"""docs/prompts.md: its file is a prompt, its examples fit, its tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headrace.infer.prompts.file import load_prompt
from headrace.infer.prompts.front import KEYS
from headrace.infer.prompts.render import render
from headrace.infer.prompts.template import MOST_DEPTH
from headrace.infer.prompts.types import TYPES
from tests.docs.pages import DOCS, blocks, read, section, tables
from tests.prompt_files import MODELS, SCHEMA, write

PAGE = DOCS / "prompts.md"


def test_the_file_that_is_shown_is_a_prompt(tmp_path: Path) -> None:
    (prompt,) = blocks(PAGE, "markdown")
    (examples,) = blocks(PAGE, "jsonl")
    write(tmp_path, "headrace.toml", MODELS)
    write(tmp_path, "prompts/triage.md", prompt.text)
    write(tmp_path, "prompts/parts/tone.md", "Be brief.\n")
    write(tmp_path, "prompts/few_shot/triage.jsonl", examples.text)
    write(tmp_path, "schemas/ticket.json", SCHEMA)
    import headrace

    with headrace.open(tmp_path) as workspace:
        assert workspace.prompts.check().problems == []
    messages = render(load_prompt(tmp_path / "prompts", "triage"), {"ticket": "Pump 3 hums.", "limit": 9})
    assert [item["role"] for item in messages] == ["system", *["user", "assistant"] * 3, "user"]
    assert messages[0]["content"] == "Be brief.\nSort the ticket."
    assert messages[-1]["content"] == "Pump 3 hums. (at most 9 words)"


def test_every_key_and_every_type_is_named() -> None:
    keys = next(iter(tables(section(PAGE, "The file"))))
    named = {name for row in keys for name in re.findall(r"`(\w+)`", row[0])}
    beside = re.findall(r"`(\w+)`", next(row[1] for row in keys if row[0] == "`parameters`"))
    assert named | set(beside) == set(KEYS)
    types = next(iter(tables(section(PAGE, "Types"))))
    assert [row[0].strip("`") for row in types] == list(TYPES)
    assert f"at most {MOST_DEPTH} deep" in read(PAGE)


def test_the_program_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (program,), (output,) = blocks(PAGE, "python"), blocks(PAGE, "text")
    exec(compile(program.text, str(PAGE), "exec"), {})
    assert capsys.readouterr().out == output.text
