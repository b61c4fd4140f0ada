"""The LLM steps of a corpus: opened with their models, among the keys that build a generation, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.config.base import CorpusConfig

if TYPE_CHECKING:
    from headrace.flows.steps.parts import StepParts
    from headrace.infer.completions.base import ChatModel
    from headrace.infer.completions.spending import CallSpending
    from headrace.infer.embedders.base import Embedder
    from headrace.infer.embedders.store import EmbeddingStore
    from headrace.ingest.gates.declared import GateSpec
    from headrace.ingest.steps.base import Step
    from headrace.ingest.steps.judging import Judging
    from headrace.ingest.steps.outputs import Opened
    from headrace.ingest.steps.running import Stepping
    from headrace.wiring import Wiring

KEY = "steps"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUse:
    """How the steps of one run are used."""

    steps: Sequence[Step]
    spending: CallSpending | None = None
    """What the run spends with other contexts; None opens the budget of the corpus."""
    retry: frozenset[str] = frozenset()
    """Steps whose dead letters are asked for again."""


def declared_steps(wiring: Wiring, corpus: str) -> list[Step]:
    """The steps that a corpus declares, with their files. Raises ConfigError."""
    config = wiring.config
    specs = config.corpora[corpus].steps
    if not specs:
        return []
    from headrace.ingest.steps.opening import open_steps

    return open_steps(
        specs,
        root=config.root,
        models=config.models,
        default_model=config.ask.model,
        declared=config.corpora[corpus].metadata,
        corpus=corpus,
    )


def step_settings(steps: Sequence[Step]) -> dict[str, Any]:
    """What a generation remembers of its steps; nothing where there are none."""
    return {KEY: [step.settings() for step in steps]} if steps else {}


def steps_in(settings: Mapping[str, Any]) -> list[Step]:
    """The steps that settings remember."""
    given = settings.get(KEY, ())
    if not given:
        return []
    from headrace.ingest.steps.base import Step

    return [Step.of_settings(item) for item in given]


def with_steps(wiring: Wiring, corpus: CorpusConfig, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a recipe together with the steps that a corpus declares."""
    return {**settings, **step_settings(declared_steps(wiring, corpus.name))}


def opened(wiring: Wiring, steps: Sequence[Step], embedder: Embedder) -> list[Opened]:
    """Steps with their models. Raises ConfigError for a model that is not declared any more."""
    from headrace.ingest.steps.outputs import Opened

    return [
        Opened(
            step=step,
            model=chat_model(wiring, step.model),
            embedder=embedder.fingerprint if step.retrieves else "",
        )
        for step in steps
    ]


def chat_model(wiring: Wiring, name: str) -> ChatModel:
    """The model of a step, opened once."""
    from headrace.infer.completions.openai import OpenAIChat
    from headrace.infer.providers.named import provider_config, unknown_name

    with wiring._lock:
        model = wiring._chats.get(name)
        if model is None:
            config = provider_config(name, models=wiring.config.models)
            if config is None:
                raise unknown_name("model", name, allowed=(), models=wiring.config.models)
            model = wiring._chats[name] = OpenAIChat(config)
            wiring._closers.append(model.close)
        return model


class Models(NamedTuple):
    """What asks models for texts in one run."""

    stepping: Stepping | None
    judging: Judging | None

    @property
    def spending(self) -> CallSpending | None:
        """What they spend together; None where nothing asks any."""
        either = self.stepping or self.judging
        return None if either is None else either.spending


def models_of(
    wiring: Wiring,
    corpus: str,
    use: StepUse,
    gates: Sequence[GateSpec],
    *,
    embedder: Embedder,
    store: EmbeddingStore,
) -> Models:
    """The steps of a run, and the models of its gates, with one budget. Raises ConfigError."""
    from headrace.wiring_gates import questions_of

    steps = opened(wiring, use.steps, embedder) if use.steps else []
    questions = questions_of(wiring, gates)
    if not steps and not questions:
        return Models(None, None)
    from headrace.infer.completions.spending import CallSpending
    from headrace.ingest.steps.asking import Asker
    from headrace.ingest.steps.judging import Judging
    from headrace.ingest.steps.labels import LabelFinder
    from headrace.ingest.steps.running import Stepping

    spending = use.spending or CallSpending(
        wiring.config.corpora[corpus].budget.step_limits(),
        prices=[(item.model.name, item.model.price) for item in (*steps, *questions)],
    )
    asker = Asker(spending, LabelFinder(embedder, store))
    return Models(
        Stepping(corpus, wiring.ledger, steps, asker, retry=use.retry) if steps else None,
        Judging(corpus, wiring.ledger, questions, asker, retry=use.retry) if questions else None,
    )


def step_parts(wiring: Wiring) -> StepParts:
    """What `workspace.steps` works with."""
    from headrace.flows.steps.parts import StepParts
    from headrace.infer.completions.spending import CallSpending
    from headrace.ingest.steps.asking import Asker
    from headrace.ingest.steps.labels import LabelFinder
    from headrace.ingest.sync.run import sync

    def open_all(corpus: str) -> list[Opened]:
        steps = declared_steps(wiring, corpus)
        return opened(wiring, steps, wiring._embedder(wiring.config.corpora[corpus].recipe.embedder))

    def asker(corpus: str) -> Asker:
        embedder = wiring._embedder(wiring.config.corpora[corpus].recipe.embedder)
        return Asker(CallSpending(), LabelFinder(embedder, wiring._store(embedder)))

    return StepParts(
        ledger=wiring.ledger,
        corpora=wiring._corpora,
        corpus=wiring._corpus,
        serving=wiring.releases.generation,
        opened=open_all,
        asker=asker,
        parser=lambda: wiring._parser,
        retry=lambda name, steps: sync(wiring._sync_context(name, retry_steps=steps)),
    )
