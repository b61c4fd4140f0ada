"""`prompt check`: everything that is wrong with the prompt files, before a call finds out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.errors import ConfigError, TerminalError
from headrace.flows.prompts.versions import Read, working_tree
from headrace.infer.prompts.chat_template import require_same
from headrace.infer.prompts.examples import FOLDER
from headrace.infer.prompts.front import read_front
from headrace.infer.providers.named import provider_config
from headrace.infer.providers.props import read_props
from headrace.records.prompts import CheckedPrompts, PromptProblem

if TYPE_CHECKING:
    from headrace.flows.prompts.parts import PromptParts


def check(parts: PromptParts, *, upstream: bool = False) -> CheckedPrompts:
    """Read every prompt of the working tree, with parts, examples, schema and models; nothing is stored.

    `upstream`: ask self-served models what they serve, and hold it against what prompts pin.
    """
    tree = working_tree(parts)
    found = {problem for name, read in tree.items() for problem in problems_of(parts, name, read)}
    if upstream:
        found |= {problem for read in tree.values() for problem in _served_otherwise(parts, read)}
    found |= set(_unused_sets(parts, tree))
    return CheckedPrompts(
        prompts=len(tree),
        problems=sorted(found, key=lambda item: (item.file, item.line or 0, item.message)),
    )


def problems_of(parts: PromptParts, name: str, read: Read) -> list[PromptProblem]:
    """What is wrong with one file and what it draws in, its models included."""
    found = [_problem(parts, name, error) for error in read.errors]
    if read.prompt is not None:
        try:
            parts.models_of(read.prompt)
        except ConfigError as error:
            file, lines = _lines(parts, name)
            line = lines.get("model") or lines.get("fallbacks")
            found.append(_located(parts, name, file, line, f"{error.message} {error.hint}"))
    return found


def _served_otherwise(parts: PromptParts, read: Read) -> list[PromptProblem]:
    prompt = read.prompt
    if prompt is None or (prompt.chat_template is None and prompt.tokenizer is None):
        return []
    file, lines = _lines(parts, prompt.name)
    line = lines.get("chat_template") or lines.get("tokenizer")
    try:
        config = provider_config(prompt.model or parts.default_model, models=parts.models)
        if config is None:
            said = "it pins files of a self-served model, and its model is none"
            return [_located(parts, prompt.name, file, lines.get("model"), f"{said}.")]
        require_same(parts.folder, prompt, read_props(config))
    except (ConfigError, TerminalError) as error:
        return [_located(parts, prompt.name, file, line, error.message)]
    return []


def _lines(parts: PromptParts, name: str) -> tuple[str, Mapping[str, int]]:
    """A prompt's file, and the line of each key above its body."""
    file = parts.folder / f"{name}.md"
    return str(file), read_front(name, file.read_text(encoding="utf-8"), file=str(file)).lines


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
