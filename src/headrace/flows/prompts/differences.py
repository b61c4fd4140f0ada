"""`prompt diff`: two versions of a prompt beside each other."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.flows.prompts.versions import WORKING_TREE, find
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.shape import shape_of
from headrace.records.prompts import DiffReport, PartChange

if TYPE_CHECKING:
    from headrace.flows.prompts.parts import PromptParts

_TAKEN_APART = ("body", "includes", "variables", "types", "parameters", "tools", "few_shot", "schema")


class Between(NamedTuple):
    """What two versions have otherwise."""

    text: str
    """Unified difference of body, includes and examples."""
    changed: list[PartChange]
    """Everything else."""


def diff(parts: PromptParts, name: str, a: str | None, b: str | None) -> DiffReport:
    """Compare two versions; by default what serves with the file. Raises NotFoundError, ConfigError."""
    with parts.ledger.read() as conn:
        first = find(parts, conn, name, a or parts.releases.environment)
        second = find(parts, conn, name, b or WORKING_TREE)
    found = between(name, first, second)
    return DiffReport(
        name=name,
        a=first.word,
        a_digest=first.prompt.digest,
        b=second.word,
        b_digest=second.prompt.digest,
        same=first.prompt.digest == second.prompt.digest,
        text=found.text,
        changed=found.changed,
    )


def between(name: str, before: tuple[str, Prompt], after: tuple[str, Prompt]) -> Between:
    """What two versions have otherwise, each given with the word by which it was found."""
    return Between("".join(_text(name, before, after)), list(_changes(before[1], after[1])))


def _text(name: str, first: tuple[str, Prompt], second: tuple[str, Prompt]) -> Iterator[str]:
    """Unified differences of every text, as `git diff` prints them."""
    (a, before), (b, after) = first, second
    old, new = _texts(name, before), _texts(name, after)
    for file in sorted({*old, *new}):
        lines = difflib.unified_diff(
            _lines(old.get(file, "")), _lines(new.get(file, "")), f"{file}@{a}", f"{file}@{b}"
        )
        for line in lines:
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _texts(name: str, prompt: Prompt) -> dict[str, str]:
    examples: dict[str, str] = {}
    if prompt.few_shot is not None:
        rows = (json.dumps(row, ensure_ascii=False) for row in prompt.few_shot.rows)
        examples[f"few_shot/{prompt.few_shot.name}.jsonl"] = "".join(f"{row}\n" for row in rows)
    return {f"{name}.md": prompt.body, **prompt.includes, **examples}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _changes(before: Prompt, after: Prompt) -> Iterator[PartChange]:
    old, new = _parts(before), _parts(after)
    for part in sorted({*old, *new}):
        if old.get(part) != new.get(part):
            yield PartChange(part=part, before=old.get(part), after=new.get(part))


def _parts(prompt: Prompt) -> dict[str, Any]:
    """Everything that is no text, tables by their keys."""
    shape: Mapping[str, Any] = shape_of(prompt)
    found = {key: value for key, value in shape.items() if key not in _TAKEN_APART}
    found |= {f"parameters.{name}": value for name, value in prompt.parameters.items()}
    found |= {} if prompt.model is None else {"model": prompt.model}
    if prompt.schema is not None:
        found["schema"] = {
            "name": prompt.schema.name,
            "version": prompt.schema.version,
            "digest": prompt.schema.digest,
        }
    found |= {f"variables.{name}": prompt.type_of(name) for name in prompt.variables}
    found |= {f"tools.{tool['function']['name']}": tool["function"] for tool in prompt.tools}
    if prompt.few_shot is not None:
        found["few_shot"] = f"{prompt.few_shot.name}, {len(prompt.few_shot.rows)} examples"
    return found
