"""A schema: what an output must look like, under a name, a version and a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One version of a named schema."""

    name: str
    """File name without its ending."""
    version: int
    """From 1; rises with every change of what it allows."""
    digest: str
    """Over the JSON Schema alone: equal schemas have equal digests, whatever they are called."""
    json_schema: Mapping[str, Any]
    """JSON Schema, draft 2020-12 unless it names another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One place where a value breaks its schema."""

    path: str
    """JSON pointer into the value; empty for the value as a whole."""
    message: str
    """What is wrong there, in words."""
