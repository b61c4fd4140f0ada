"""docs/traces.md: it names every condition and what there is, and its rules are accepted."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any

import pytest
import typer

from headrace.cli.groups import GROUPS
from headrace.cli.main import app
from headrace.flows.traces.filters import TraceFilter
from tests.docs.pages import DOCS, blocks, read, section

PAGE = DOCS / "traces.md"


def test_every_condition_is_explained() -> None:
    told = section(PAGE, "Find")
    for item in dataclasses.fields(TraceFilter):
        assert item.name == "text" or f"`--{item.name}`" in told, item.name
    (group,) = (item for item in GROUPS if item.name == "trace")
    for verb, _, _ in group.commands:
        assert verb in read(PAGE), verb
    assert "traces.md" in read(DOCS.parent / "README.md")


@pytest.mark.parametrize("line", [line for block in blocks(PAGE, "sh") for line in block.text.splitlines()])
def test_the_commands_are_those_of_the_program(line: str) -> None:
    words = shlex.split(line)[1:]
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    made = command.make_context(command.name, words)
    assert made.command is command
