"""What a check of schemas finds, as it goes along."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from headrace.records.schemas import CheckedVersion, SchemaProblem

Kind = Literal["file", "changed", "missing", "sample", "record", "downgrade"]


@dataclass(slots=True, kw_only=True)
class Findings:
    """Gathers them."""

    problems: list[SchemaProblem] = field(default_factory=list)
    checked: list[CheckedVersion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def say(
        self, name: str, kind: Kind, message: str, *, version: int | None = None, where: str = ""
    ) -> None:
        """Add a problem."""
        self.problems.append(
            SchemaProblem(schema=name, version=version, kind=kind, where=where, message=message)
        )


def grouped(problems: list[SchemaProblem]) -> tuple[SchemaProblem, ...]:
    """Values that fail for the same reason as one problem, which names the first of them."""
    groups: dict[tuple[object, ...], SchemaProblem] = {}
    for problem in problems:
        key = (problem.schema, problem.version, problem.kind, problem.message)
        known = groups.get(key)
        groups[key] = problem if known is None else replace(known, count=known.count + 1)
    return tuple(groups.values())
