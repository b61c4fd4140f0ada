"""What a sync works with: one corpus with its sources, its recipe, its models and its rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

if TYPE_CHECKING:
    from headrace.config.base import CorpusConfig, RecipeConfig
    from headrace.infer.embedders.base import Embedder
    from headrace.infer.embedders.budget import Spending
    from headrace.infer.embedders.guarded import GuardedEmbedder
    from headrace.infer.embedders.store import EmbeddingStore
    from headrace.ingest.chunking.base import ChunkerConfig
    from headrace.ingest.gates.declared import GateSpec
    from headrace.ingest.gates.gating import Gating
    from headrace.ingest.index.generation import IndexConfig
    from headrace.ingest.sync.access import AccessRules
    from headrace.ingest.sync.context import SyncContext
    from headrace.ingest.sync.recipe import Recipe
    from headrace.records.sync import SyncProgress
    from headrace.wiring import Wiring
    from headrace.wiring_steps import Models, StepUse


class SyncOptions(TypedDict, total=False):
    """How one sync differs from what is configured."""

    recipe: RecipeConfig
    """Another recipe than that of the corpus."""
    gates: Sequence[GateSpec]
    """Other gates than it declares."""
    step_use: StepUse
    """Other steps than it declares."""
    spending: Spending | None
    """What embeddings spend with other contexts of the same run."""
    progress: Callable[[SyncProgress], None] | None
    retry_refused: bool
    """Whether texts that were refused often are sent again."""
    retry_steps: frozenset[str]
    """Steps, and gates with a model, whose dead letters are asked for again."""


class _Embedding(NamedTuple):
    """How texts become vectors in one run."""

    embedder: Embedder
    guarded: GuardedEmbedder
    store: EmbeddingStore
    spending: Spending


class _Declared(NamedTuple):
    """What makes documents out of bytes in one run, as it is declared."""

    settings: RecipeConfig
    gates: Sequence[GateSpec]
    use: StepUse
    embedding: _Embedding
    models: Models
    gating: Gating | None
    chunker: ChunkerConfig
    index_config: IndexConfig


def sync_context(wiring: Wiring, name: str, options: SyncOptions) -> SyncContext:
    """The context of a sync of a corpus. Raises ConfigError."""
    from headrace.config.durations import parse_duration
    from headrace.config.overrides import settings_of
    from headrace.config.service import service_of, source_name
    from headrace.flows.calls import recent_filters
    from headrace.flows.forget.restore import Keeper
    from headrace.ingest.chunking.splitter import chunk_many
    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.relocation import place_of
    from headrace.wiring_gates import comparison_of, gate_settings
    from headrace.wiring_steps import step_settings

    corpus = wiring.config.corpora[name]
    index_place = wiring.config.storage.index
    made = _declared(wiring, name, options)
    return SyncContext(
        corpus=name,
        ledger=wiring.ledger,
        sources=_sources(wiring, corpus.sources),
        access=access_rules(corpus),
        recipe=_recipe(wiring, made),
        settings=settings_of(made.settings) | gate_settings(made.gates) | step_settings(made.use.steps),
        with_settings=lambda given: sync_context(wiring, name, _by(wiring, name, options, made, given)),
        keep_retired=parse_duration(wiring.config.index.keep_retired),
        embedder=made.embedding.guarded,
        stepping=made.models.stepping,
        judging=made.models.judging,
        retry_steps=made.use.retry,
        embeddings=made.embedding.store,
        parse_many=wiring._parser.parse_many if made.gating is None else made.gating.parse_many,
        gating=made.gating,
        comparison=comparison_of(made.gates, f"{index_place}/signatures/{name}"),
        chunk_many=lambda documents: chunk_many(documents, made.chunker),
        index_config=made.index_config,
        location=lambda generation: place_of(index_place, generation),
        serving=wiring.releases,
        actor=wiring.actor,
        metadata=wiring._schema(name),
        recent_filters=lambda: recent_filters(wiring.events, name),
        progress=options.get("progress"),
        freshness_us={source_name(spec): service_of(spec).freshness_us for spec in corpus.sources},
        spending=made.embedding.spending,
        retry_refused=options.get("retry_refused", False),
        keep_out=Keeper(wiring._forgetting),
    )


def _declared(wiring: Wiring, name: str, options: SyncOptions) -> _Declared:
    from headrace.ingest.chunking.base import ChunkerConfig
    from headrace.ingest.index.generation import IndexConfig
    from headrace.wiring_gates import declared_gates, gating_of
    from headrace.wiring_steps import StepUse, declared_steps, models_of

    corpus = wiring.config.corpora[name]
    settings = options.get("recipe", corpus.recipe)
    gates = options["gates"] if "gates" in options else declared_gates(wiring, corpus)
    embedding = _embedding(wiring, name, settings, options)
    use = options.get("step_use")
    if use is None:
        use = StepUse(steps=declared_steps(wiring, name), retry=options.get("retry_steps", frozenset()))
    models = models_of(wiring, name, use, gates, embedder=embedding.guarded, store=embedding.store)
    return _Declared(
        settings=settings,
        gates=gates,
        use=use,
        embedding=embedding,
        models=models,
        gating=gating_of(wiring, name, gates, models.judging),
        chunker=ChunkerConfig(
            chunk_tokens=settings.chunk_tokens,
            chunk_overlap=settings.chunk_overlap,
            tokenizer=embedding.embedder.tokenizer_file or "words",
        ),
        index_config=IndexConfig(),
    )


def _embedding(wiring: Wiring, name: str, settings: RecipeConfig, options: SyncOptions) -> _Embedding:
    from headrace.infer.embedders.guarded import GuardedEmbedder
    from headrace.wiring_embedding import spending_of, watch_of

    embedder = wiring._embedder(settings.embedder)
    store = wiring._store(embedder)
    store.refresh()
    spending = spending_of(wiring, name, settings.embedder, shared=options.get("spending"))
    guarded = GuardedEmbedder(embedder, watch=watch_of(wiring, name, embedder), spending=spending)
    return _Embedding(embedder, guarded, store, spending)


def _recipe(wiring: Wiring, made: _Declared) -> Recipe:
    from headrace.ingest.parsing.base import fingerprint as parser_fingerprint
    from headrace.ingest.sync.recipe import Recipe
    from headrace.wiring_gates import opened_gates

    embedder, stepping = made.embedding.embedder, made.models.stepping
    return Recipe(
        parser=parser_fingerprint(),
        chunker=made.chunker.fingerprint(),
        embedder={"spec": made.settings.embedder, "components": dict(embedder.components)},
        index=made.index_config.fingerprint(),
        gates=[gate.fingerprint() for gate in opened_gates(wiring, made.gates, made.models.judging)],
        steps=[item.step.fingerprint(item.model.identity) for item in (stepping.steps if stepping else ())],
    )


def _by(
    wiring: Wiring, name: str, options: SyncOptions, made: _Declared, given: Mapping[str, Any]
) -> SyncOptions:
    """The options for the same corpus by what a generation remembers; its budget is the same."""
    from headrace.wiring_gates import gates_in, without_gates
    from headrace.wiring_steps import KEY, StepUse, steps_in

    keys = without_gates({key: value for key, value in given.items() if key != KEY})
    use = StepUse(steps=steps_in(given), spending=made.models.spending, retry=made.use.retry)
    return {
        **options,
        "recipe": replace(wiring.config.corpora[name].recipe, **keys),
        "gates": gates_in(given),
        "step_use": use,
        "spending": made.embedding.spending,
    }


def access_rules(corpus: CorpusConfig) -> AccessRules:
    """Who may see which documents of a corpus."""
    from headrace.ingest.sync.access import AccessRule, AccessRules

    return AccessRules(
        corpus=corpus.name,
        rules=[AccessRule(pattern=pattern, labels=labels) for pattern, labels in corpus.access],
        default=corpus.default_labels,
    )


def _sources(wiring: Wiring, specs: Sequence[str | Mapping[str, Any]]) -> list[Any]:
    from headrace.ingest.sources.build import open_source

    return [open_source(spec, root=wiring.config.root, cache=wiring._page_cache) for spec in specs]
