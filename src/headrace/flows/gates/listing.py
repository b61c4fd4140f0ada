"""Which gates there are."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence

from headrace.errors import ConfigError
from headrace.ingest.gates.builtin import gate_class, known_gates
from headrace.ingest.gates.declared import DeclaredGate, GateSpec, open_gates, thresholds
from headrace.records.gates import GateList, GateReport


def list_gates(declared: Mapping[str, Sequence[GateSpec]]) -> GateList:
    """Declared gates by corpus in their order, then those that no corpus declares."""
    return GateList(gates=tuple(_reports(declared)))


def _reports(declared: Mapping[str, Sequence[GateSpec]]) -> Iterator[GateReport]:
    named: set[str] = set()
    for corpus, specs in declared.items():
        for position, gate in enumerate(open_gates(specs)):
            named.add(gate.name)
            yield _report(gate, corpus, position)
    for name in known_gates():
        if name not in named:
            yield _undeclared(name)


def _undeclared(name: str) -> GateReport:
    """A gate that nobody uses: one that is broken is said to be, and keeps nobody from seeing the others."""
    try:
        made = gate_class(name)
        return _report(DeclaredGate(gate=made(), on_failure=made.on_failure), None, None)
    except ConfigError as error:
        meaning = error.message
    except TypeError as error:
        meaning = f"It cannot be made without thresholds: {error}"
    return GateReport(
        gate=name,
        version=0,
        corpus=None,
        position=None,
        on_failure="",
        thresholds={},
        meaning=meaning,
    )


def _report(declared: DeclaredGate, corpus: str | None, position: int | None) -> GateReport:
    described = inspect.getdoc(type(declared.gate)) or ""
    return GateReport(
        gate=declared.name,
        version=declared.gate.version,
        corpus=corpus,
        position=position,
        on_failure=declared.on_failure,
        thresholds=thresholds(declared.gate),
        meaning=" ".join(described.partition("\n\n")[0].split()),
    )
