"""The gates of a corpus among the keys that build a generation, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.config.base import CorpusConfig
from headrace.ingest.gates.builtin import gate_class
from headrace.ingest.gates.declared import DeclaredGate, GateSpec, default_gates, open_gates
from headrace.ingest.gates.gating import Gating
from headrace.ingest.gates.near_duplicate import NearDuplicate
from headrace.ingest.sync.comparison import GATE, Comparison
from headrace.ledger.gate_decisions import Decisions

if TYPE_CHECKING:
    from headrace.flows.gates.parts import GateParts
    from headrace.ingest.gates.context import Judge
    from headrace.ingest.steps.judging import Judging
    from headrace.ingest.steps.outputs import Opened
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
                **({"judge": dict(spec.judge)} if spec.judge is not None else {}),
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
            judge=given.get("judge"),
        )
        for given in settings.get(_KEY, ())
    )


def with_gates(wiring: Wiring, corpus: CorpusConfig, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a recipe together with the gates that a corpus declares. Raises ConfigError."""
    return {**settings, **gate_settings(declared_gates(wiring, corpus))}


def declared_gates(wiring: Wiring, corpus: CorpusConfig) -> tuple[GateSpec, ...]:
    """The gates that a corpus declares, with the prompts of those that ask a model. Raises ConfigError."""
    return tuple(_with_question(wiring, spec) for spec in corpus.gates)


def _with_question(wiring: Wiring, spec: GateSpec) -> GateSpec:
    question = getattr(gate_class(spec.name)(**spec.thresholds), "question", None)
    if question is None:
        return spec
    from headrace.ingest.steps.judging import open_question

    step = open_question(question, root=wiring.config.root, models=wiring.config.models)
    return replace(spec, judge=step.settings())


def questions_of(wiring: Wiring, specs: Sequence[GateSpec]) -> list[Opened]:
    """What gates ask, with the models. Raises ConfigError for a model that is not declared any more."""
    given = [spec.judge for spec in specs if spec.judge is not None]
    if not given:
        return []
    from headrace.ingest.steps.base import Step
    from headrace.ingest.steps.outputs import Opened
    from headrace.wiring_steps import chat_model

    steps = [Step.of_settings(settings) for settings in given]
    return [Opened(step=step, model=chat_model(wiring, step.model), embedder="") for step in steps]


def opened_gates(
    wiring: Wiring, specs: Sequence[GateSpec], judging: Judging | None, *, asks: bool = True
) -> list[DeclaredGate]:
    """Gates with the lists of names and the models of the workspace. Raises ConfigError."""

    def judge_of(spec: GateSpec) -> Judge | None:
        return None if judging is None or spec.judge is None else judging.judge(spec.name, asks=asks)

    return open_gates(specs, lists=wiring.name_lists, judge_of=judge_of)


def gating_of(
    wiring: Wiring, corpus: str, specs: Sequence[GateSpec], judging: Judging | None
) -> Gating | None:
    """The parser with these gates behind it; None where none judges a document alone."""
    alone = [spec for spec in specs if spec.name != GATE]
    if not alone:
        return None
    return Gating(
        opened_gates(wiring, alone, judging),
        wiring._parser.parse_many,
        lambda: _decisions(wiring, corpus),
        drafting=() if judging is None else opened_gates(wiring, alone, judging, asks=False),
    )


def _decisions(wiring: Wiring, corpus: str) -> Decisions:
    from headrace.ledger import gate_decisions

    with wiring.ledger.read() as conn:
        return gate_decisions.load(conn, corpus)


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


def _opened_of(wiring: Wiring, corpus: str) -> list[DeclaredGate]:
    """The gates of a corpus outside of a sync: their models are asked without a budget."""
    specs = declared_gates(wiring, wiring.config.corpora[corpus])
    if not specs:
        return default_gates(lists=wiring.name_lists)
    questions = questions_of(wiring, specs)
    if not questions:
        return opened_gates(wiring, specs, None)
    from headrace.infer.completions.spending import CallSpending
    from headrace.ingest.steps.asking import Asker
    from headrace.ingest.steps.judging import Judging

    judging = Judging(corpus, None, questions, Asker(CallSpending(), None))
    return opened_gates(wiring, specs, judging)


def gate_parts(wiring: Wiring) -> GateParts:
    """What `workspace.gates` works with."""
    from headrace.flows.gates.parts import GateParts
    from headrace.flows.probing import after_sync
    from headrace.ingest.sync.run import sync

    return GateParts(
        declared={name: item.gates for name, item in wiring.config.corpora.items()},
        opened=lambda name: _opened_of(wiring, name),
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
