"""The gates of a corpus among the keys that build a generation, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.config.base import CorpusConfig
from headrace.ingest.gates.declared import GateSpec, open_gates
from headrace.ingest.gates.gating import Gating, ParseMany
from headrace.ingest.gates.near_duplicate import NearDuplicate
from headrace.ingest.sync.comparison import GATE, Comparison
from headrace.ledger.gate_decisions import Decisions

if TYPE_CHECKING:
    from headrace.flows.gates.parts import GateParts
    from headrace.wiring import Wiring

_KEY = "gates"


def gate_settings(specs: Sequence[GateSpec]) -> dict[str, Any]:
    """What a generation remembers of its gates; nothing where there are none."""
    if not specs:
        return {}
    return {
        _KEY: [
            {
                "name": spec.name,
                "on_failure": spec.on_failure,
                "thresholds": {
                    key: list(value) if isinstance(value, tuple) else value
                    for key, value in spec.thresholds.items()
                },
            }
            for spec in specs
        ]
    }


def gates_in(settings: Mapping[str, Any]) -> tuple[GateSpec, ...]:
    """The gates that settings remember."""
    return tuple(
        GateSpec(
            name=given["name"],
            on_failure=given["on_failure"],
            thresholds={
                key: tuple(value) if isinstance(value, list) else value
                for key, value in given["thresholds"].items()
            },
        )
        for given in settings.get(_KEY, ())
    )


def with_gates(corpus: CorpusConfig, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a recipe together with the gates that a corpus declares."""
    return {**settings, **gate_settings(corpus.gates)}


def gating_of(
    specs: Sequence[GateSpec], parse: ParseMany, decisions: Callable[[], Decisions]
) -> Gating | None:
    """A parser with these gates behind it; None where none judges a document alone."""
    alone = [spec for spec in specs if spec.name != GATE]
    return Gating(open_gates(alone), parse, decisions) if alone else None


def comparison_of(specs: Sequence[GateSpec], folder: str) -> Comparison | None:
    """How a corpus compares its documents; None where it does not."""
    for declared in open_gates([spec for spec in specs if spec.name == GATE]):
        gate = declared.gate
        assert isinstance(gate, NearDuplicate)
        return Comparison(
            folder=f"{folder}/{gate.signed_by}",
            threshold=gate.threshold,
            authority=gate.authority,
            version=gate.version,
            on_failure=declared.on_failure,
        )
    return None


def without_gates(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of `[corpus.NAME.recipe]` alone."""
    return {key: value for key, value in settings.items() if key != _KEY}


def gate_parts(wiring: Wiring) -> GateParts:
    """What `workspace.gates` works with."""
    from headrace.flows.gates.parts import GateParts
    from headrace.flows.probing import after_sync
    from headrace.ingest.sync.run import sync

    return GateParts(
        declared={name: item.gates for name, item in wiring.config.corpora.items()},
        corpus=wiring._corpus,
        corpora=wiring._corpora,
        ledger=lambda: wiring.ledger,
        releases=lambda: wiring.releases,
        context=wiring._sync_context,
        sync=lambda name: after_sync(wiring._probe_parts, sync(wiring._sync_context(name))),
        parser=lambda: wiring._parser,
        privacy=lambda: wiring.privacy,
        actor=wiring.actor,
    )
