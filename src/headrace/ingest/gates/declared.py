"""The gates of a corpus as it declares them, opened and with their part of the recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.ingest.gates.base import Action, Gate
from headrace.ingest.gates.builtin import BUILT_IN, gate_class
from headrace.ledger.identity import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """`[[corpus.NAME.gates]]`: one gate, in the order of the file."""

    name: str
    """A built-in gate or that of an installed package; see [gates](gates.md)."""
    on_failure: Action
    """What becomes of a document that fails; if not given, what the gate says of itself."""
    thresholds: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The other keys of the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredGate:
    """A gate with its thresholds, and what becomes of a document that fails it."""

    gate: Gate
    on_failure: Action

    @property
    def name(self) -> str:
        """The name it is declared by."""
        return self.gate.name

    def fingerprint(self) -> dict[str, Any]:
        """What decides its verdicts and their effect; part of the recipe digest."""
        return {
            "gate": self.gate.name,
            "version": self.gate.version,
            "on_failure": self.on_failure,
            "thresholds": thresholds(self.gate),
            **getattr(self.gate, "components", {}),
        }

    def judging(self) -> str:
        """The name of what decides its verdicts: the fingerprint without their effect."""
        return judging(self.fingerprint())


def judging(fingerprint: Mapping[str, Any]) -> str:
    """The name of what decides the verdicts of a gate with this fingerprint."""
    return digest("gate", {key: value for key, value in fingerprint.items() if key != "on_failure"})


def thresholds(gate: Gate) -> dict[str, Any]:
    """The keys of a gate with their values."""
    if not dataclasses.is_dataclass(gate):
        return {}
    values = {item.name: getattr(gate, item.name) for item in dataclasses.fields(gate)}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def open_gates(specs: Sequence[GateSpec]) -> list[DeclaredGate]:
    """Open declared gates in their order. Raises ConfigError."""
    return [
        DeclaredGate(gate=gate_class(spec.name)(**spec.thresholds), on_failure=spec.on_failure)
        for spec in specs
    ]


def default_gates() -> list[DeclaredGate]:
    """Every built-in gate with its defaults: what `gate test` runs where nothing is declared."""
    classes = [gate_class(name) for name in BUILT_IN]
    return [DeclaredGate(gate=made(), on_failure=made.on_failure) for made in classes]
