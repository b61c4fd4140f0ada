"""`prompt check`: everything that is wrong with the prompt files, before a call finds out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headrace.errors import ConfigError
from headrace.flows.prompts.versions import Read, working_tree
from headrace.infer.prompts.examples import FOLDER
from headrace.infer.prompts.front import read_front
from headrace.records.prompts import CheckedPrompts, PromptProblem

if TYPE_CHECKING:
    from headrace.flows.prompts.parts import PromptParts


def check(parts: PromptParts) -> CheckedPrompts:
    """Read every prompt of the working tree, with parts, examples, schema and models; nothing is stored."""
    tree = working_tree(parts)
    found = {problem for name, read in tree.items() for problem in problems_of(parts, name, read)}
    found |= set(_unused_sets(parts, tree))
    return CheckedPrompts(
        prompts=len(tree),
        problems=sorted(found, key=lambda item: (item.file, item.line or 0, item.message)),
    )


def problems_of(parts: PromptParts, name: str, read: Read) -> list[PromptProblem]:
    """What is wrong with one file and what it draws in, its models included."""
    found = [_problem(parts, name, error) for error in read.errors]
    if read.prompt is not None:
        file = parts.folder / f"{name}.md"
        try:
            parts.models_of(read.prompt)
        except ConfigError as error:
            text = file.read_text(encoding="utf-8")
            lines = read_front(name, text, file=str(file)).lines
            line = lines.get("model") or lines.get("fallbacks")
            found.append(_located(parts, name, str(file), line, f"{error.message} {error.hint}"))
    return found


def _unused_sets(parts: PromptParts, tree: dict[str, Read]) -> list[PromptProblem]:
    """Example files that no prompt names are most likely a name that was written otherwise."""
    if any(read.prompt is None for read in tree.values()):
        return []
    used = {read.prompt.few_shot.name for read in tree.values() if read.prompt and read.prompt.few_shot}
    folder = parts.folder / FOLDER
    return [
        _located(parts, "", str(file), None, "no prompt names this set in `few_shot`.")
        for file in sorted(folder.glob("*.jsonl"))
        if file.stem not in used
    ]


def _problem(parts: PromptParts, name: str, error: ConfigError) -> PromptProblem:
    file, line = error.details.get("file") or "", error.details.get("line")
    where = ":".join(str(part) for part in (file, line) if part)
    message = error.message.removeprefix(f"{where}: ")
    if error.hint.startswith("Did you mean"):
        message = f"{message} {error.hint}"
    return _located(parts, name, file, line, message)


def _located(parts: PromptParts, name: str, file: str, line: int | None, message: str) -> PromptProblem:
    path = Path(file)
    if path.is_relative_to(parts.root):
        file = path.relative_to(parts.root).as_posix()
    return PromptProblem(prompt=name, file=file, line=line, message=message)
