"""Reads `[[corpus.NAME.steps]]`: what a model writes of the documents of a corpus."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headrace.config.table import Table, kind_of, named_tables
from headrace.ingest.steps.base import WRITES, StepSpec

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}")
_ONLY: dict[str, tuple[str, ...]] = {
    "labels": ("classify",),
    "labels_file": ("classify",),
    "multiple": ("classify",),
    "candidates": ("classify",),
    "minimum_share": ("clean",),
    "field": ("classify", "summarise"),
    "schema": ("extract", "summarise"),
    "fallback": ("extract", "classify", "summarise"),
}
"""Keys that only some kinds have."""


def read_steps(corpus: Table) -> tuple[StepSpec, ...]:
    """Read and check the steps of a corpus. Raises ConfigError."""
    return named_tables(corpus, "steps", _step, noun="step", called="step ")


def _step(table: Table) -> StepSpec:
    fallback = table.child("fallback").values
    rest = {key: value for key, value in table.values.items() if key != "fallback"}
    spec = replace(table, values=rest).fill(StepSpec, given={"fallback": _values(table, fallback)})
    if not _NAME.fullmatch(spec.name):
        allowed = ["letters, digits, '_', '.' and '-', at most 64, a letter or '_' first"]
        raise table.error("has a name that cannot be used.", "name", allowed=allowed)
    for key, kinds in _ONLY.items():
        if key in table.values and spec.kind not in kinds:
            raise table.error(f"is no key of a step of kind {spec.kind!r}, only of {', '.join(kinds)}.", key)
    if spec.into is not None and spec.into not in WRITES[spec.kind]:
        problem = f"is {spec.into!r}, where a step of kind {spec.kind!r} cannot write."
        raise table.error(problem, "into", allowed=WRITES[spec.kind])
    if spec.kind == "extract" and spec.schema is None:
        raise table.error("needs the key `schema`: its properties become metadata fields.")
    if spec.kind == "classify" and bool(spec.labels) == (spec.labels_file is not None):
        raise table.error("needs either `labels` or `labels_file`.")
    return spec


def _values(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in given.items():
        listed = isinstance(value, list) and all(isinstance(item, str) for item in value)
        if not listed and not isinstance(value, str | int | float | bool):
            problem = f"must be a text, a number, true, false or a list of texts, not {kind_of(value)}."
            raise table.error(problem, "fallback", key)
    return dict(given)
