"""Links between the pages lead somewhere, and every command that is shown exists with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from headrace.cli.main import app
from tests.docs.pages import DOCS, ROOT, anchors, blocks, read, without_code

PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md")),
        *DOCS.rglob("*.md"),
    ]
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_SPLIT = re.compile(r"^(?:&&|\|\|?|;)$")
"""What ends a command."""


def _links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for target in _LINK.findall(re.sub(r"`[^`\n]*`", "", without_code(read(page)))):
            if not re.match(r"[a-z]+:", target):
                yield page, target


def _commands() -> Iterator[tuple[str, str]]:
    """Page and command line of each `headrace …` in a shell block."""
    for page in PAGES:
        for block in blocks(page, "sh", "console", "shell", "bash"):
            lines = block.text.replace("\\\n", " ").splitlines()
            for line in lines:
                plain = line.strip().removeprefix("$ ")
                if re.match(r"(?:[A-Z_]+=\S* )*headrace\b", plain):
                    yield page.name, plain


LINKS = list(_links())
COMMANDS = list(_commands())


@pytest.mark.parametrize(("page", "target"), LINKS, ids=lambda value: getattr(value, "name", value))
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    assert found.exists(), f"{page.name} links to {target}, which does not exist"
    if anchor and found.suffix == ".md":
        assert anchor in anchors(found), f"{page.name} links to {target}, which has no such heading"


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_that_is_shown_exists(page: str, line: str) -> None:
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    for command in _split(list(reader)):
        while re.fullmatch(r"[A-Z_]+=.*", command[0]):
            command.pop(0)
        if command[0] == "headrace":
            _parse(command[1:])


def test_there_are_links_and_commands_to_look_at() -> None:
    assert len(LINKS) > 10
    assert len(COMMANDS) > 10


def test_a_wrong_option_would_be_seen() -> None:
    from typer.exceptions import TyperException

    with pytest.raises(TyperException, match="No such option: --limit"):
        _parse(["search", "backups", "--limit", "3"])
    with pytest.raises(TyperException, match="No such command 'find'"):
        _parse(["find", "backups"])


def _split(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for word in words:
        if _SPLIT.match(word):
            if command:
                yield command
            command = []
        elif word in (">", "<", ">>", "2>"):
            break
        else:
            command.append(word)
    if command:
        yield command


def _parse(words: list[str]) -> None:
    """Parse a command line as the program would, and run nothing. Raises TyperException."""
    program: Any = get_command(app)
    if words and words[0] in ("--version", "--help", "-h"):
        return
    context = program.make_context("headrace", list(words))
    name, command, rest = program.resolve_command(context, [*context._protected_args, *context.args])
    while hasattr(command, "commands"):
        context = command.make_context(name, rest, parent=context)
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    if "--help" not in rest:
        command.make_context(name, rest, parent=context)
