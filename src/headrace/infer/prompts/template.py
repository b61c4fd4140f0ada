"""The sandbox prompt bodies run in: no files but its includes, no attributes of Python, nothing undefined."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from headrace.infer.prompts.base import ROLES, Role
from headrace.infer.prompts.confinement import FileRefused

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_DEPTH = 5
"""How deep includes may stand in each other."""

_SECTION = re.compile(r"^##[ \t]+(\w+)[ \t]*$", re.MULTILINE)
_GLOBALS = ("range",)
_MOST_VISITS = 500
_FRONT = "---\n"

ReadFile = Callable[[str], str]
"""From the path of an include to its text; raises FileRefused."""


class BodyError(ValueError):
    """A prompt body cannot be used; `line` counts from its first line, 1-based."""

    def __init__(self, problem: str, *, line: int = 1) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class Body(NamedTuple):
    """What a body takes from outside."""

    variables: frozenset[str]
    includes: Mapping[str, str]
    """Path to text, those inside includes as well."""


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """The sandbox of a prompt without includes."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    sandbox = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, loader=None
    )
    sandbox.globals = {name: sandbox.globals[name] for name in _GLOBALS}
    return sandbox


def environment_with(includes: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    """The sandbox in which these files, and no others, can be included, each with its last line end."""
    from jinja2 import DictLoader

    files = DictLoader(includes)
    sandbox: ImmutableSandboxedEnvironment = environment().overlay(loader=files, keep_trailing_newline=True)
    return sandbox


def split_sections(body: str) -> list[tuple[Role, str, int]]:
    """Role, text and first line of each section; a body without sections is one user message.

    It is the body that is split, not what it renders to, so a passage that holds `## system` stays a passage.
    Raises BodyError.
    """
    marks = [mark for mark in _SECTION.finditer(body) if mark.group(1).lower() in ROLES]
    if not marks:
        return [("user", body, 1)]
    if body[: marks[0].start()].strip():
        raise BodyError(f"text stands before the first section {marks[0].group(0)!r}")
    ends = [*(mark.start() for mark in marks[1:]), len(body)]
    sections: list[tuple[Role, str, int]] = []
    for mark, end in zip(marks, ends, strict=True):
        role = next(role for role in ROLES if role == mark.group(1).lower())
        sections.append((role, body[mark.end() : end], body.count("\n", 0, mark.end()) + 1))
    return sections


def read_body(body: str, read: ReadFile, *, name: str = "the prompt") -> Body:
    """Names and files that a body takes. Raises BodyError for syntax that is wrong or reaches elsewhere."""
    reader = _Reader(read)
    found: set[str] = set()
    for _, text, first_line in split_sections(body):
        found |= reader.visit(text, (name,), first_line=first_line)
    return Body(frozenset(found - set(_GLOBALS)), reader.includes)


class _Reader:
    """Walks through a text and what it includes."""

    def __init__(self, read: ReadFile) -> None:
        self._read = read
        self._visits = 0
        self.includes: dict[str, str] = {}

    def visit(self, text: str, chain: tuple[str, ...], *, first_line: int = 1) -> set[str]:
        """Names that a text takes from outside, given that the last of the chain holds it."""
        from jinja2 import TemplateSyntaxError, meta, nodes

        self._visits += 1
        if self._visits > _MOST_VISITS:
            raise BodyError(f"more than {_MOST_VISITS} includes, counting repeated ones", line=first_line)
        try:
            tree: nodes.Template = environment().parse(text)
            found = set(meta.find_undeclared_variables(tree))
            # Compiled once here: unknown filters and tests show themselves only then.
            environment().compile(tree)
        except TemplateSyntaxError as error:
            raise BodyError(error.message or "syntax error", line=first_line + error.lineno - 1) from error
        own = {item.name for item in tree.find_all(nodes.Name) if item.ctx != "load"}
        for node in tree.find_all((nodes.Import, nodes.FromImport, nodes.Extends)):
            problem = f"{type(node).__name__.lower()} is not allowed: only include is"
            raise BodyError(problem, line=first_line + node.lineno - 1)
        for node in tree.find_all(nodes.Include):
            line = first_line + node.lineno - 1
            found |= self._include(node, chain, line) - own
        return found

    def _include(self, node: nodes.Include, chain: tuple[str, ...], line: int) -> set[str]:
        path = _path_of(node, line)
        whole = " → ".join((*chain, path))
        if path in chain:
            raise BodyError(f"includes go in a circle: {whole}", line=line)
        if len(chain) > MOST_DEPTH:
            raise BodyError(f"includes are nested deeper than {MOST_DEPTH}: {whole}", line=line)
        try:
            text = self.includes[path] if path in self.includes else self._read(path)
        except FileRefused as error:
            raise BodyError(f"include: {error}", line=line) from error
        if text.startswith(_FRONT):
            raise BodyError(f"include: {path!r} has front matter; a part is text alone", line=line)
        self.includes[path] = text
        try:
            return self.visit(text, (*chain, path))
        except BodyError as error:
            inside = error.problem if " → " in error.problem else f"{path}:{error.line}: {error.problem}"
            raise BodyError(inside, line=line) from error


def _path_of(node: nodes.Include, line: int) -> str:
    from jinja2 import nodes

    named = node.template
    if not isinstance(named, nodes.Const) or not isinstance(named.value, str):
        raise BodyError('include names one file in quotes: {% include "parts/tone.md" %}', line=line)
    if node.ignore_missing or not node.with_context:
        raise BodyError("include takes neither 'ignore missing' nor 'without context'", line=line)
    return named.value
