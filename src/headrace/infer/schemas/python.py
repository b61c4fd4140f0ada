"""Reads Python of the workspace: models of pydantic as schemas, and migrations. It is trusted code.

A file is run only when somebody names it or what it belongs to; nothing is left beside it on disk.
"""

from __future__ import annotations

import ast
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from headrace.errors import ConfigError
from headrace.ledger.identity import digest_text

VERSION = "VERSION"
"""The variable that holds the version of a model; 1 where it is missing."""
_MODEL = "Model"


def read_model(path: Path, name: str) -> dict[str, Any]:
    """The JSON Schema of the model in a file, with its version. Raises ConfigError.

    The model is the class called as the file is, in CamelCase, or `Model`.
    """
    module = load_module(path)
    wanted = "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]", name))
    model = getattr(module, wanted, None) or getattr(module, _MODEL, None)
    if not hasattr(model, "model_json_schema"):
        raise ConfigError(
            f"schema {name!r} has no pydantic model: write a class {wanted!r} or {_MODEL!r}.", file=str(path)
        )
    try:
        json_schema: dict[str, Any] = model.model_json_schema()  # type: ignore[union-attr]  # looked for above
    except Exception as error:
        raise ConfigError(
            f"schema {name!r}: its model has no JSON Schema: {type(error).__name__}: {error}.", file=str(path)
        ) from error
    return {**json_schema, "version": getattr(module, VERSION, 1)}


def peek_version(path: Path) -> int | None:
    """The version that a file of a model gives, read without running it; None where it is computed."""
    try:
        body = ast.parse(path.read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError, OSError):
        return None
    for statement in body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="VERSION")], value=value)
                | ast.AnnAssign(target=ast.Name(id="VERSION"), value=value)
            ):
                return value.value if isinstance(value, ast.Constant) and type(value.value) is int else None
    return 1


def load_module(path: Path) -> ModuleType:
    """Run a file as a module of its own. Raises ConfigError with the line that failed."""
    text = read_source(path)
    module = ModuleType(digest_text("headrace_workspace", f"{path}\n{text}"))
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # annotations are looked up there
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)  # noqa: S102 - the workspace's own, named by it
    except Exception as error:
        del sys.modules[module.__name__]
        raise ConfigError(
            f"it cannot be run: {type(error).__name__}: {error}.", file=str(path), line=_line(error, path)
        ) from error
    return module


def read_source(path: Path) -> str:
    """The text of a file. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"it cannot be read as UTF-8 text: {error}", file=str(path)) from error


def _line(error: Exception, path: Path) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return lines[-1] if lines else None
