"""`regex`: the output matches a pattern, in time that does not depend on the pattern (RE2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headrace.curate.evals.base import Score, ScoreInput, unmeasured
from headrace.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """Searches for `pattern`, or for `expected.pattern` where it has none."""

    name: str = "regex"
    version: str = "1"
    unit: bool = True
    binary: bool = True
    costs: bool = False
    pattern: str | None = None
    """RE2 syntax; found anywhere in the output."""

    def __post_init__(self) -> None:
        if self.pattern is not None:
            _compiled(self.pattern)

    def score(self, given: ScoreInput) -> Score:
        """1 where found."""
        pattern = self.pattern if self.pattern is not None else given.wanted("pattern")
        if not isinstance(pattern, str):
            return unmeasured("the case expects no `pattern`")
        try:
            found = _compiled(pattern).search(given.text)
        except ConfigError as error:
            return unmeasured(error.message)
        return Score(value=float(found is not None))


def _compiled(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ConfigError(f"{pattern!r} is no pattern of RE2: {error}.", key="pattern") from error
