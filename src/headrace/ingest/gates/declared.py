"""The gates of a corpus as it declares them, opened and with their part of the recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headrace.ingest.gates.base import Action, Gate
from headrace.ingest.gates.builtin import BUILT_IN, gate_class
from headrace.ingest.gates.context import GateContext, Judge
from headrace.ledger.identity import digest

if TYPE_CHECKING:
    from headrace.privacy.lists import NameLists


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """`[[corpus.NAME.gates]]`: one gate, in the order of the file."""

    name: str
    """A built-in gate or that of an installed package; see [gates](gates.md)."""
    on_failure: Action
    """What becomes of a document that fails; if not given, what the gate says of itself."""
    thresholds: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The other keys of the table."""
    judge: Mapping[str, Any] | None = None
    """What opens the question that it asks a model, its prompt included; None until that is read."""


JudgeOf = Callable[[GateSpec], Judge | None]
"""The model of a gate that has a question."""


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
    """The keys of a gate with their values, without those that mean nothing as it is declared."""
    if not dataclasses.is_dataclass(gate):
        return {}
    unused = getattr(gate, "unused", ())
    fields = (item.name for item in dataclasses.fields(gate))
    values = {name: getattr(gate, name) for name in fields if name not in unused}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def open_gates(
    specs: Sequence[GateSpec], *, lists: NameLists | None = None, judge_of: JudgeOf | None = None
) -> list[DeclaredGate]:
    """Open declared gates in their order, with what the workspace brings. Raises ConfigError."""
    opened: list[DeclaredGate] = []
    for spec in specs:
        gate = gate_class(spec.name)(**spec.thresholds)
        if hasattr(gate, "opened"):
            judge = None if judge_of is None else judge_of(spec)
            finds = [other.gate.redact for other in opened if hasattr(other.gate, "redact")]
            gate = gate.opened(GateContext(lists=lists, judge=judge, finds=finds))
        opened.append(DeclaredGate(gate=gate, on_failure=spec.on_failure))
    return opened


def default_gates(*, lists: NameLists | None = None) -> list[DeclaredGate]:
    """Every built-in gate with its defaults: what `gate test` runs where nothing is declared."""
    specs = [GateSpec(name=name, on_failure=gate_class(name).on_failure) for name in BUILT_IN]
    return open_gates(specs, lists=lists)
