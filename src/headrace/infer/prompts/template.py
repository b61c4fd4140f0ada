"""The sandbox prompt bodies run in: no files, no attributes of Python, nothing undefined."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from headrace.infer.prompts.base import ROLES, Role

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

_SECTION = re.compile(r"^##[ \t]+(\w+)[ \t]*$", re.MULTILINE)
_GLOBALS = ("range",)


class BodyError(ValueError):
    """A prompt body cannot be used; `line` counts from its first line, 1-based."""

    def __init__(self, problem: str, *, line: int = 1) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """The one environment of all prompts."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    sandbox = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, loader=None
    )
    sandbox.globals = {name: sandbox.globals[name] for name in _GLOBALS}
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


def find_variables(body: str) -> frozenset[str]:
    """Names a body takes from outside. Raises BodyError for syntax that is wrong or reaches for files."""
    from jinja2 import TemplateSyntaxError, meta, nodes

    forbidden = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    found: set[str] = set()
    for _, text, first_line in split_sections(body):
        try:
            tree: nodes.Template = environment().parse(text)
            found |= meta.find_undeclared_variables(tree)
            # Compiled once here: unknown filters and tests show themselves only then.
            environment().compile(tree)
        except TemplateSyntaxError as error:
            raise BodyError(error.message or "syntax error", line=first_line + error.lineno - 1) from error
        for node in tree.find_all(forbidden):
            problem = f"{type(node).__name__.lower()} is not allowed: a prompt is one file"
            raise BodyError(problem, line=first_line + node.lineno - 1)
    return frozenset(found - set(_GLOBALS))
