"""`json_schema`: the output is JSON that is valid by a schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from headrace.curate.evals.base import Score, ScoreInput, unmeasured


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonSchema:
    """Checks by `schema`, or by `expected.schema` where it has none."""

    name: str = "json_schema"
    version: str = "1"
    unit: bool = True
    binary: bool = True
    costs: bool = False
    schema: Mapping[str, Any] | None = None
    """JSON Schema; nothing is fetched for it."""

    def score(self, given: ScoreInput) -> Score:
        """1 where valid."""
        schema = self.schema
        if schema is None and isinstance(given.expected, Mapping):
            schema = given.expected.get("schema")
        if not isinstance(schema, Mapping):
            return unmeasured("there is no schema")
        value = given.reply.output
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return Score(value=0.0, reason="not JSON")
        problem = next(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value), None)
        return Score(value=float(problem is None), reason="" if problem is None else problem.message[:200])


@lru_cache(maxsize=64)
def _validator(text: str) -> Any:
    from headrace.infer.schemas.validate import compile_schema

    return compile_schema(json.loads(text))
