"""The parts of a workspace that have to do with embedding runs: budgets, sentinel texts, probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.embedding.parts import EmbeddingParts
    from headrace.flows.probing import ProbeParts, Settings
    from headrace.infer.embedders.base import Embedder
    from headrace.infer.embedders.budget import Spending
    from headrace.infer.embedders.watch import Watch
    from headrace.wiring import Wiring


def spending_of(
    wiring: Wiring,
    corpus: str,
    spec: str | None = None,
    *,
    budget: str | None = None,
    shared: Spending | None = None,
) -> Spending:
    """What a run of a corpus may spend with an embedder: as `budget` says, else as it is configured.

    `shared` is what the run spends with another embedder. Raises UsageError, ConfigError.
    """
    from headrace.infer.embedders.budget import Spending, parse_budget

    config = wiring.config.corpora[corpus]
    spec = spec or config.recipe.embedder
    model = wiring.config.models.get(spec.partition(":")[0])
    return Spending(
        parse_budget(budget) if budget is not None else config.budget.limits(),
        price_per_million=wiring._embedder(spec).price_per_million_tokens,
        currency=model.currency if model else "USD",
        shared=shared,
    )


def watch_of(wiring: Wiring, corpus: str, embedder: Embedder) -> Watch:
    """The sentinel texts of an embedder as a corpus uses it."""
    from headrace.infer.embedders.openai import OpenAIEmbedder
    from headrace.infer.embedders.watch import Watch
    from headrace.wiring import _actor

    return Watch(
        wiring.ledger,
        embedder,
        own=wiring.config.corpora[corpus].sentinels,
        actor=_actor(),
        asks_dimension=isinstance(embedder, OpenAIEmbedder) and embedder.asks_dimension,
    )


def embedding_parts(wiring: Wiring) -> EmbeddingParts:
    """What `workspace.embeddings` works with."""
    from headrace.flows.embedding.parts import EmbeddingParts
    from headrace.ingest.sync.run import sync

    return EmbeddingParts(
        ledger=wiring.ledger,
        corpora=wiring._corpora,
        watches=lambda name: _watches(wiring, name),
        retry=lambda name: sync(wiring._sync_context(name, retry_refused=True)),
    )


def probe_parts(wiring: Wiring) -> ProbeParts:
    """What probing works with."""
    from headrace.flows.probing import ProbeParts

    return ProbeParts(
        ledger=wiring.ledger,
        retriever=lambda: wiring._retriever,
        corpora=wiring._corpora,
        settings=lambda name: _probing(wiring, name),
    )


def _probing(wiring: Wiring, name: str) -> Settings:
    from headrace.flows.probing import PROBES, Settings

    corpus = wiring.config.corpora[name]
    free = wiring._embedder(corpus.recipe.embedder).price_per_million_tokens == 0.0
    by_itself = PROBES if free else 0
    after_sync = by_itself if corpus.probes is None else corpus.probes
    return Settings(after_sync=after_sync, floor=corpus.probe_floor)


def _watches(wiring: Wiring, name: str) -> list[Watch]:
    """Of the embedder that is configured, and of the one that serves."""
    from headrace.ledger import generations

    embedders = [wiring._embedder(wiring.config.corpora[name].recipe.embedder)]
    with wiring.ledger.read() as conn:
        serving = wiring.releases.generation(conn, name)
        generation = generations.get(conn, serving) if serving else None
    if generation is not None and generation.fingerprint != embedders[0].fingerprint:
        serves = wiring._embedder_of(generation)
        embedders += [serves] if serves.fingerprint == generation.fingerprint else []
    return [watch_of(wiring, name, embedder) for embedder in embedders]
