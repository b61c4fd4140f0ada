"""Reads `[[corpus.NAME.gates]]`: which gates, in which order, with which thresholds."""

from __future__ import annotations

import dataclasses
from typing import Any

from headrace.config.table import Table, named_tables, nearest
from headrace.ingest.gates.base import ACTIONS, Action
from headrace.ingest.gates.builtin import gate_class, known_gates
from headrace.ingest.gates.declared import GateSpec

_OWN = ("name", "on_failure")


def read_gates(corpus: Table) -> tuple[GateSpec, ...]:
    """Read and check the gates of a corpus. Raises ConfigError, which lists the keys a gate has."""
    return named_tables(corpus, "gates", _gate, noun="gate")


def _actions(gate: Any) -> tuple[Action, ...]:
    """`redact` needs a gate that says what to take out."""
    return tuple(action for action in ACTIONS if action != "redact" or hasattr(gate, "redact"))


def _gate(table: Table) -> GateSpec:
    if "name" not in table.values:
        raise table.error("needs the key `name`.", allowed=known_gates())
    name = table.values["name"]
    known = known_gates()
    if not isinstance(name, str) or name not in known:
        close = nearest(name, known) if isinstance(name, str) else None
        raise table.error(f"is {name!r}, which is not a known gate.", "name", allowed=known, nearest=close)
    made: Any = gate_class(name)
    keys = [item.name for item in dataclasses.fields(made)] if dataclasses.is_dataclass(made) else []
    table.refuse_unknown([*_OWN, *keys])
    on_failure = made.on_failure
    if "on_failure" in table.values:
        on_failure = table.choice("on_failure", _actions(made))
    thresholds = {key: value for key, value in table.values.items() if key not in _OWN}
    if keys:
        checked = Table(values=thresholds, path=table.path, file=table.file, lines=table.lines)
        filled = checked.fill(made, given={})
        thresholds = {key: getattr(filled, key) for key in thresholds}
    return GateSpec(name=name, on_failure=on_failure, thresholds=thresholds)
