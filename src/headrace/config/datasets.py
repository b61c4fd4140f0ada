"""Fills `[datasets.NAME]` and its gates."""

from __future__ import annotations

from headrace.config.table import Table, nearest
from headrace.curate.datasets.config import DatasetConfig, DatasetGates
from headrace.ingest.gates.builtin import known_gates


def read_datasets(table: Table) -> dict[str, DatasetConfig]:
    """Every dataset that is configured, by name. Raises ConfigError."""
    found = {}
    for name in table.values:
        own = table.child(name)
        own.refuse_unknown(["gates"])
        gates = own.child("gates")
        filled = gates.fill(DatasetGates, given={})
        for check in filled.checks:
            if check not in known_gates():
                raise gates.error(
                    f"names {check!r}, which is no gate.",
                    "checks",
                    allowed=known_gates(),
                    nearest=nearest(check, known_gates()),
                )
        found[name] = DatasetConfig(gates=filled)
    return found
