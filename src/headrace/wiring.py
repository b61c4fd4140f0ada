"""What a workspace is made of: configuration to stores, stores to rooms, each made at its first use."""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.config.base import WorkspaceConfig
from headrace.errors import NotFoundError, UsageError, VectorMismatch
from headrace.once import once

if TYPE_CHECKING:
    from headrace.flows.embedding.parts import EmbeddingParts
    from headrace.flows.probing import ProbeParts
    from headrace.infer.embedders.base import Embedder
    from headrace.infer.embedders.budget import Spending
    from headrace.infer.embedders.store import EmbeddingStore
    from headrace.infer.embedders.watch import Watch
    from headrace.infer.models.base import Model
    from headrace.infer.models.rerank import Reranker
    from headrace.infer.prompts.base import Prompt
    from headrace.ingest.parsing.pool import ParsePool
    from headrace.ingest.search.retrieve import Query, Retriever
    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.generations import Generation
    from headrace.ledger.ledger import Ledger
    from headrace.records.sync import SyncProgress
    from headrace.ship.releases import Releases


class Wiring:
    """The parts of an opened workspace. `Workspace` adds the operations."""

    def __init__(self, config: WorkspaceConfig) -> None:
        self.config = config
        self._closers: list[Callable[[], None]] = []
        self._embedders: dict[str, Embedder] = {}
        self._models: dict[str, Model] = {}
        self._stores: dict[str, EmbeddingStore] = {}
        self._lock = threading.RLock()

    @once
    def ledger(self) -> Ledger:
        """The ledger, opened at first use."""
        from headrace.ledger.ledger import Ledger

        _make_parent(self.config.storage.ledger)
        ledger = Ledger.open(self.config.storage.ledger)
        self._closers.append(ledger.close)
        return ledger

    @once
    def events(self) -> EventStore:
        """The event store, opened at first use."""
        from headrace.ledger.events.opening import open_events

        events = open_events(self.config.storage.events)
        self._closers.append(events.close)
        return events

    @once
    def releases(self) -> Releases:
        """The environment's pointer."""
        from headrace.ship.releases import Releases

        return Releases(self.ledger, environment=self.config.environment, actor=_actor())

    @once
    def _pool(self) -> ThreadPoolExecutor:
        pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="headrace-search")
        self._closers.append(lambda: pool.shutdown(wait=True))
        return pool

    @once
    def _retriever(self) -> Retriever:
        from headrace.ingest.search.retrieve import Retriever
        from headrace.ingest.search.snapshot import Snapshots

        return Retriever(
            snapshots=Snapshots(self.ledger, pointer=self.releases.pointer),
            embedder=self._embedder_of,
            pool=self._pool,
            reranker=self._reranker,
        )

    @once
    def _reranker(self) -> Reranker | None:
        name = self.config.ask.reranker
        if name is None:
            return None
        from headrace.infer.models.rerank import EndpointReranker, open_reranker

        reranker = open_reranker(name, models=self.config.models)
        if isinstance(reranker, EndpointReranker):
            self._closers.append(reranker.close)
        return reranker

    def _model(self, corpus: str) -> Model:
        """The model that answers; the built-in one borrows the embedder of the corpus."""
        from headrace.infer.models.build import open_model

        with self._lock:
            model = self._models.get(corpus)
            if model is None:
                embedder = self._embedder(self.config.corpora[corpus].recipe.embedder)
                model = self._models[corpus] = open_model(
                    self.config.ask.model,
                    models=self.config.models,
                    embed=lambda texts: embedder.embed(texts).vectors,
                )
                self._closers.append(model.close)
            return model

    @once
    def _prompt(self) -> Prompt:
        from headrace.infer.prompts.file import load_prompt

        return load_prompt(self.config.root / "prompts", self.config.ask.prompt)

    @once
    def _parser(self) -> ParsePool:
        from headrace.ingest.parsing.base import ParserConfig
        from headrace.ingest.parsing.pool import ParsePool

        pool = ParsePool(ParserConfig())
        self._closers.append(pool.close)
        return pool

    @once
    def _page_cache(self) -> _PageCache:
        return _PageCache(self.config.storage.blobs)

    def _corpus(self, name: str | None) -> str:
        known = list(self.config.corpora)
        if name is not None:
            if name not in self.config.corpora:
                raise NotFoundError(
                    "corpus", name, known=known, hint="Corpora are declared in headrace.toml."
                )
            return name
        if len(known) == 1:
            return known[0]
        listed = ", ".join(repr(item) for item in known) or "none"
        raise UsageError(
            f"Which corpus? This workspace has: {listed}.", hint="Name one with --corpus NAME (corpus=…)."
        )

    def _query(
        self, text: str, k: int, expression: str | None, access: Sequence[str], corpus: str | None
    ) -> Query:
        from headrace.ingest.search.retrieve import Query

        return Query(text=text, k=k, filter=expression, access=tuple(access), corpus=self._corpus(corpus))

    def _embedder(self, spec: str) -> Embedder:
        from headrace.infer.embedders.build import open_embedder

        with self._lock:
            embedder = self._embedders.get(spec)
            if embedder is None:
                embedder = open_embedder(spec, models=self.config.models)
                self._embedders[spec] = embedder
                self._closers.append(embedder.close)
            return embedder

    def _embedder_of(self, generation: Generation) -> Embedder:
        """The embedder that built a generation, though the configuration may name another one by now."""
        from headrace.ledger import artifacts

        configured = self._embedder(self.config.corpora[generation.corpus].recipe.embedder)
        if configured.fingerprint == generation.fingerprint:
            return configured
        with self.ledger.read() as conn:
            recipe = artifacts.get(conn, generation.recipe)
        spec = None if recipe is None else recipe.body["embedder"].get("spec")
        if spec is None:
            raise VectorMismatch(
                f"Generation {generation.id!r} was built by embedder {generation.fingerprint!r}, "
                "which the configuration no longer names.",
                hint="Run `headrace sync`: it builds a generation for the configured embedder.",
            )
        return self._embedder(spec)

    def _store(self, embedder: Embedder) -> EmbeddingStore:
        from headrace.infer.embedders.store import EmbeddingStore

        with self._lock:
            store = self._stores.get(embedder.fingerprint)
            if store is None:
                store = self._stores[embedder.fingerprint] = EmbeddingStore(
                    self.config.storage.index,
                    fingerprint=embedder.fingerprint,
                    dimension=embedder.dimension,
                )
            return store

    @once
    def _probe_parts(self) -> ProbeParts:
        from headrace.flows.probing import PROBES, ProbeParts, Settings

        def settings(name: str) -> Settings:
            corpus = self.config.corpora[name]
            free = self._embedder(corpus.recipe.embedder).price_per_million_tokens == 0.0
            by_itself = PROBES if free else 0
            after_sync = by_itself if corpus.probes is None else corpus.probes
            return Settings(after_sync=after_sync, floor=corpus.probe_floor)

        return ProbeParts(
            ledger=self.ledger,
            retriever=lambda: self._retriever,
            corpora=self._corpora,
            settings=settings,
        )

    def _corpora(self, name: str | None) -> list[str]:
        """The corpus of that name, or all."""
        return list(self.config.corpora) if name is None else [self._corpus(name)]

    @once
    def _embedding_parts(self) -> EmbeddingParts:
        from headrace.flows.embedding.parts import EmbeddingParts
        from headrace.ingest.sync.run import sync

        return EmbeddingParts(
            ledger=self.ledger,
            corpora=self._corpora,
            watches=self._watches,
            retry=lambda name: sync(self._sync_context(name, retry_refused=True)),
        )

    def _watches(self, name: str) -> list[Watch]:
        """Of the embedder that is configured, and of the one that serves."""
        from headrace.ledger import generations

        embedders = [self._embedder(self.config.corpora[name].recipe.embedder)]
        with self.ledger.read() as conn:
            serving = self.releases.generation(conn, name)
            generation = generations.get(conn, serving) if serving else None
        if generation is not None and generation.fingerprint != embedders[0].fingerprint:
            serves = self._embedder_of(generation)
            embedders += [serves] if serves.fingerprint == generation.fingerprint else []
        return [self._watch(name, embedder) for embedder in embedders]

    def _watch(self, name: str, embedder: Embedder) -> Watch:
        """The sentinel texts of an embedder as a corpus uses it."""
        from headrace.infer.embedders.watch import Watch

        own = self.config.corpora[name].sentinels
        return Watch(self.ledger, embedder, own=own, actor=_actor())

    def _spending(self, name: str, embedder: Embedder, budget: str | None) -> Spending:
        """What a run of a corpus may spend: as `budget` says, else as it is configured."""
        from headrace.infer.embedders.budget import Spending, parse_budget

        corpus = self.config.corpora[name]
        model = self.config.models.get(corpus.recipe.embedder.partition(":")[0])
        return Spending(
            parse_budget(budget) if budget is not None else corpus.budget.limits(),
            price_per_million=embedder.price_per_million_tokens,
            currency=model.currency if model else "",
        )

    def _sync_context(
        self,
        name: str,
        *,
        progress: Callable[[SyncProgress], None] | None = None,
        budget: str | None = None,
        retry_refused: bool = False,
    ) -> SyncContext:
        from headrace.infer.embedders.guarded import GuardedEmbedder
        from headrace.ingest.chunking.base import ChunkerConfig
        from headrace.ingest.chunking.splitter import chunk_many
        from headrace.ingest.index.generation import IndexConfig
        from headrace.ingest.parsing.base import fingerprint as parser_fingerprint
        from headrace.ingest.sync.access import AccessRule, AccessRules
        from headrace.ingest.sync.context import SyncContext
        from headrace.ingest.sync.recipe import Recipe

        corpus = self.config.corpora[name]
        embedder = self._embedder(corpus.recipe.embedder)
        store = self._store(embedder)
        store.refresh()
        spending = self._spending(name, embedder, budget)
        chunker = ChunkerConfig(
            chunk_tokens=corpus.recipe.chunk_tokens,
            chunk_overlap=corpus.recipe.chunk_overlap,
            tokenizer=embedder.tokenizer_file or "words",
        )
        index = IndexConfig()
        recipe = Recipe(
            parser=parser_fingerprint(),
            chunker=chunker.fingerprint(),
            embedder={"spec": corpus.recipe.embedder, "components": dict(embedder.components)},
            index=index.fingerprint(),
        )
        return SyncContext(
            corpus=name,
            ledger=self.ledger,
            sources=self._sources(corpus.sources),
            access=AccessRules(
                corpus=name,
                rules=[AccessRule(pattern=pattern, labels=labels) for pattern, labels in corpus.access],
                default=corpus.default_labels,
            ),
            recipe=recipe,
            embedder=GuardedEmbedder(embedder, watch=self._watch(name, embedder), spending=spending),
            embeddings=store,
            parse_many=self._parser.parse_many,
            chunk_many=lambda documents: chunk_many(documents, chunker),
            index_config=index,
            location=lambda generation: f"{self.config.storage.index}/generations/{generation}.lance",
            serving=self.releases,
            actor=_actor(),
            progress=progress,
            spending=spending,
            retry_refused=retry_refused,
        )

    def _sources(self, specs: Sequence[str | Mapping[str, Any]]) -> list[Any]:
        from headrace.ingest.sources.build import open_source

        return [open_source(spec, root=self.config.root, cache=self._page_cache) for spec in specs]


class _PageCache:
    """Bodies of fetched pages, in the blob store."""

    def __init__(self, url: str) -> None:
        from headrace.ledger.blobs import open_blobs

        self._blobs = open_blobs(url)

    def put(self, data: bytes) -> str:
        return self._blobs.put(data)

    def get(self, key: str) -> bytes | None:
        return self._blobs.get(key) if self._blobs.exists(key) else None


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"  # a container user without a name


def _make_parent(url: str) -> None:
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
