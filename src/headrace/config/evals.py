"""Reads `[evals]` and the suites in `evals/*.toml`."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.config.table import Table, kind_of
from headrace.config.toml_lines import locate
from headrace.curate.evals.suite import EvalBudget, EvalsConfig, MetricGate, Suite
from headrace.errors import ConfigError
from headrace.infer.embedders.budget import parse_money

FOLDER = "evals"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_APART = ("scorers", "budget", "gates", "pass_at")


def read_evals(table: Table, *, root: Path) -> EvalsConfig:
    """Read and check every suite; those of headrace.toml come first. Raises ConfigError."""
    python = bool(table.read("python", bool)) if "python" in table.values else False
    suites = {
        name: _suite(table.child(name), name) for name, value in table.values.items() if name != "python"
    }
    for file in sorted((root / FOLDER).glob("*.toml")):
        if file.stem in suites:
            raise table.error(f"is also the file {FOLDER}/{file.name}: keep one of them.", file.stem)
        suites[file.stem] = _suite(_parsed(file), file.stem)
    return EvalsConfig(python=python, suites=suites)


def _parsed(file: Path) -> Table:
    try:
        text = file.read_text("utf-8-sig")
        values = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"The suite cannot be read: {error}.", file=str(file)) from error
    return Table(values=values, path=(), file=str(file), lines=locate(text))


def _suite(table: Table, name: str) -> Suite:
    if not _NAME.fullmatch(name):
        allowed = ["letters, digits, '_' and '-', at most 64, a letter first"]
        raise table.error("has a name that no suite can have.", allowed=allowed)
    table.refuse_unknown(item.name for item in dataclasses.fields(Suite) if item.name != "name")
    given: dict[str, Any] = {
        "name": name,
        "scorers": _scorers(table),
        "budget": _budget(table.child("budget")),
        "gates": {key: part.fill(MetricGate, given={}) for key, part in table.children("gates").items()},
        "pass_at": _numbers(table.child("pass_at")),
    }
    plain = {key: value for key, value in table.values.items() if key not in _APART}
    return Table(values=plain, path=table.path, file=table.file, lines=table.lines).fill(Suite, given=given)


def _scorers(table: Table) -> tuple[str | Mapping[str, Any], ...]:
    if "scorers" not in table.values:
        return ("contains",)
    items = table.values["scorers"]
    items = [items] if isinstance(items, str) else items
    if not isinstance(items, list) or not items:
        raise table.error(f"must be a list of scorers, not {kind_of(items)}.", "scorers")
    for place, item in enumerate(items):
        named = isinstance(item, str) or (isinstance(item, dict) and isinstance(item.get("type"), str))
        if not named:
            allowed = ['"NAME"', '{ type = "NAME", … }']
            raise table.error("is no scorer.", "scorers", place, allowed=allowed)
    return tuple(items)


def _budget(table: Table) -> EvalBudget:
    budget = table.fill(EvalBudget, given={})
    if budget.money is not None:
        try:
            parse_money(budget.money)
        except ValueError as error:
            raise table.error(f"is wrong: {error}.", "money") from error
    return budget


def _numbers(table: Table) -> dict[str, float]:
    return {name: float(table.read(name, float)) for name in table.values}
