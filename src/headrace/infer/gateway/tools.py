"""Tools of a call: arguments and results hold to the schemas that the tools declare."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from headrace.errors import ConfigError, UsageError
from headrace.infer.gateway.reading import Read, read_json
from headrace.infer.schemas.base import Problem, Schema
from headrace.infer.schemas.file import make_schema
from headrace.infer.schemas.validate import problems
from headrace.infer.upstreams.openai import text_of

RESULT_SCHEMA = "result_schema"
"""Key beside `parameters` with the JSON Schema of what the tool gives back; no model sees it."""


class Tools:
    """The tools of one call. Raises UsageError for definitions that cannot be used."""

    def __init__(self, definitions: Sequence[Mapping[str, Any]]) -> None:
        self._arguments: dict[str, Schema] = {}
        self._results: dict[str, Schema] = {}
        self.sent: list[dict[str, Any]] = []
        """As models get them."""
        for place, definition in enumerate(definitions):
            function = definition.get("function")
            name = function.get("name") if isinstance(function, Mapping) else None
            if not isinstance(function, Mapping) or not isinstance(name, str) or not name:
                raise UsageError(
                    f"Tool {place} has no function with a name.",
                    hint='Write {"type": "function", "function": {"name": …, "parameters": …}}.',
                )
            self._arguments[name] = _schema(name, function.get("parameters") or {"type": "object"})
            if RESULT_SCHEMA in function:
                self._results[name] = _schema(name, function[RESULT_SCHEMA])
            plain = {key: value for key, value in function.items() if key != RESULT_SCHEMA}
            self.sent.append({**definition, "function": plain})

    def check_results(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Hold what tools gave back against their schemas. Raises UsageError: no token was spent."""
        names: dict[str, str] = {}
        for message in messages:
            for call in message.get("tool_calls") or ():
                names[str(call.get("id"))] = str(call.get("function", {}).get("name"))
            schema = self._results.get(names.get(str(message.get("tool_call_id")), ""))
            if message.get("role") != "tool" or schema is None:
                continue
            read = read_json(text_of(message.get("content")), repair=False)
            found = [Problem(path="", message=read.problem)] if read.problem else problems(schema, read.value)
            if found:
                listing = "; ".join(f"{problem.path or '/'}: {problem.message}" for problem in found[:5])
                raise UsageError(
                    f"The result of tool {schema.name!r} breaks its schema: {listing}.",
                    hint="Correct what the tool gives back; nothing was sent to the model.",
                    tool=schema.name,
                )

    def check_calls(
        self, calls: Sequence[Mapping[str, Any]], *, repair: bool
    ) -> tuple[list[dict[str, Any]], list[Problem], Read | None]:
        """Tool calls with arguments that are JSON, what they break, and how one of them was mended."""
        checked: list[dict[str, Any]] = []
        found: list[Problem] = []
        mended: Read | None = None
        for place, call in enumerate(calls):
            function = call.get("function")
            function = function if isinstance(function, Mapping) else {}
            name = str(function.get("name"))
            schema = self._arguments.get(name)
            root = f"/tool_calls/{place}"
            if schema is None:
                known = ", ".join(sorted(self._arguments)) or "none"
                found.append(
                    Problem(path=f"{root}/name", message=f"there is no tool {name!r}; known: {known}")
                )
                continue
            given = function.get("arguments")
            text = given if isinstance(given, str) else json.dumps(given)
            read = read_json(text or "{}", repair=repair)
            if read.problem:
                found.append(Problem(path=f"{root}/arguments", message=read.problem))
                continue
            mended = read if read.repair else mended
            found += [
                Problem(path=f"{root}/arguments{problem.path}", message=problem.message)
                for problem in problems(schema, read.value)
            ]
            arguments = json.dumps(read.value, ensure_ascii=False) if read.repair else text
            checked.append({**call, "function": {**function, "name": name, "arguments": arguments or "{}"}})
        return checked, found, mended


def _schema(name: str, given: Any) -> Schema:
    if not isinstance(given, Mapping):
        raise UsageError(f"Tool {name!r} has a schema that is no JSON object.")
    try:
        return make_schema(name, {key: value for key, value in given.items() if key != "version"})
    except ConfigError as error:
        raise UsageError(f"Tool {name!r}: {error.message}", hint="Correct the tool's definition.") from error
