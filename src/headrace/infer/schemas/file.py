"""Reads schema files: `schemas/NAME.json`, or `schemas/NAME.py` with a model of pydantic."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.errors import ConfigError, NotFoundError
from headrace.infer.schemas.base import Schema
from headrace.infer.schemas.python import read_model
from headrace.infer.schemas.validate import compile_schema
from headrace.ledger.identity import digest

VERSION = "version"
"""The key beside `type` and `properties` that holds the version; 1 where it is missing."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def load_schema(folder: Path, name: str) -> Schema:
    """Read `NAME.json` or run `NAME.py` of a schemas folder.

    Raises NotFoundError, and ConfigError when the file is wrong or there are both.
    """
    path, model = folder / f"{name}.json", folder / f"{name}.py"
    known = schema_names(folder)
    check_name(name, known)
    if model.is_file():
        if path.is_file():
            raise ConfigError(f"schema {name!r} is there twice: keep the .json or the .py.", file=str(model))
        return make_schema(name, read_model(model, name), file=str(model))
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFoundError("schema", name, known=known, hint=f"Write schemas/{path.name}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"schema {name!r} cannot be read as UTF-8 text: {error}", file=str(path)) from error
    try:
        given = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        raise ConfigError(f"schema {name!r} is not JSON: {error}.", file=str(path), line=line) from error
    if not isinstance(given, dict):
        raise ConfigError(f"schema {name!r} must be a JSON object.", file=str(path), line=1)
    return make_schema(name, given, file=str(path))


def check_name(name: str, known: Sequence[str]) -> None:
    """Raise NotFoundError for what cannot be the name of a schema, such as a path."""
    if not _NAME.fullmatch(name):
        raise NotFoundError("schema", name, known=known, hint="A name has letters, digits, '-' and '_'.")


def schema_names(folder: Path) -> list[str]:
    """Names of the schemas in a folder; no file is opened."""
    files = [*folder.glob("*.json"), *folder.glob("*.py")]
    return sorted({file.stem for file in files if _NAME.fullmatch(file.stem)})


def make_schema(name: str, given: Mapping[str, Any], *, file: str = "") -> Schema:
    """Name a JSON Schema by its content. Raises ConfigError where it is none."""
    json_schema = {key: value for key, value in given.items() if key != VERSION}
    version = given.get(VERSION, 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ConfigError(
            f"schema {name!r}: {VERSION!r} must be a whole number from 1, not {version!r}.",
            key=VERSION,
            file=file,
        )
    try:
        compile_schema(json_schema)
    except ConfigError as error:
        raise ConfigError(f"schema {name!r}: {error.message}", file=file) from error
    return Schema(name=name, version=version, digest=digest("schema", json_schema), json_schema=json_schema)
