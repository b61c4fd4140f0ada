"""What a workspace is made of: configuration to stores, stores to rooms, each made at its first use."""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from headrace.config.base import WorkspaceConfig
from headrace.errors import NotFoundError, UsageError, VectorMismatch
from headrace.once import once

if TYPE_CHECKING:
    from headrace.curate.evals.operations import EvalOperations
    from headrace.flows.calling.operations import CallOperations
    from headrace.flows.embedding.parts import EmbeddingParts
    from headrace.flows.features.operations import FeatureOperations
    from headrace.flows.forget.context import ForgetContext
    from headrace.flows.gates.parts import GateParts
    from headrace.flows.index.parts import IndexParts
    from headrace.flows.probing import ProbeParts
    from headrace.flows.prompts.operations import PromptOperations
    from headrace.flows.schemas.parts import SchemaParts
    from headrace.flows.steps.parts import StepParts
    from headrace.infer.cache.caching import OutputCache
    from headrace.infer.cache.shadow import Shadow
    from headrace.infer.completions.base import ChatModel
    from headrace.infer.embedders.base import Embedder
    from headrace.infer.embedders.store import EmbeddingStore
    from headrace.infer.gateway.base import RecordKeeper
    from headrace.infer.gateway.gateway import Gateway
    from headrace.infer.models.base import Model
    from headrace.infer.models.rerank import Reranker
    from headrace.infer.prompts.base import Prompt
    from headrace.infer.records.reading import RecordReader
    from headrace.ingest.parsing.pool import ParsePool
    from headrace.ingest.search.retrieve import Query, Retriever
    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.events.base import Redactor
    from headrace.ledger.events.tiered import TieredEvents
    from headrace.ledger.generations import Generation
    from headrace.ledger.ledger import Ledger
    from headrace.observe.features.online.base import OnlineStore
    from headrace.observe.traces.receiving.operations import ReceivingOperations
    from headrace.privacy.engine import Engine
    from headrace.privacy.lists import NameLists
    from headrace.privacy.vault.vault import Vault
    from headrace.records.metadata import MetadataSchema
    from headrace.ship.releases import Releases
    from headrace.wiring_sync import SyncOptions


class Wiring:
    """The parts of an opened workspace. `Workspace` adds the operations."""

    def __init__(self, config: WorkspaceConfig) -> None:
        self.config = config
        self._closers: list[Callable[[], None]] = []
        self._embedders: dict[str, Embedder] = {}
        self._models: dict[tuple[str, str], Model] = {}
        self._chats: dict[str, ChatModel] = {}
        self._stores: dict[str, EmbeddingStore] = {}
        self._lock = threading.RLock()
        self.released_only = False
        """Whether files of prompts never count, as in a server: set before the first call."""

    @once
    def ledger(self) -> Ledger:
        """The ledger, opened at first use."""
        from headrace.ledger.ledger import Ledger
        from headrace.ledger.relocation import follow

        _make_parent(self.config.storage.ledger)
        ledger = Ledger.open(self.config.storage.ledger)
        self._closers.append(ledger.close)
        follow(ledger, self.config.storage.index)
        return ledger

    @once
    def events(self) -> TieredEvents:
        """Spans, hot and cold, opened at first use."""
        from headrace.wiring_traces import open_tiered

        return open_tiered(self)

    @once
    def privacy(self) -> Engine:
        """What finds personal data and secrets, as `[privacy]` says."""
        from headrace.privacy.build import open_engine

        return open_engine(self.config.privacy, root=self.config.root)

    @once
    def name_lists(self) -> NameLists | None:
        """The lists of names that `[privacy]` gives; None where it gives none."""
        from headrace.privacy.lists import open_lists

        return open_lists(self.config.privacy, root=self.config.root)

    def _span_redactor(self) -> Redactor:
        from headrace.privacy.spans import SpanRedactor, mark_unprotected

        return SpanRedactor(lambda: self.privacy) if self.config.privacy.redact_events else mark_unprotected

    @once
    def gateway(self) -> Gateway:
        """The way of every call to a model; for asynchronous callers."""
        from headrace.wiring_calls import gateway_of

        return gateway_of(self)

    @once
    def _calls(self) -> CallOperations:
        from headrace.wiring_calls import call_operations

        return call_operations(self)

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
            schema=self._schema,
            reranker=self._reranker,
            rankings={name: corpus.ranking for name, corpus in self.config.corpora.items()},
            qualities={name: corpus.quality for name, corpus in self.config.corpora.items()},
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

    @property
    def actor(self) -> str:
        """Who acts, as the ledger records it."""
        return _actor()

    @once
    def _index_parts(self) -> IndexParts:
        from headrace.config.durations import parse_duration
        from headrace.config.overrides import recipe_with
        from headrace.flows.index.parts import IndexParts
        from headrace.wiring_gates import with_gates
        from headrace.wiring_steps import with_steps

        config = self.config
        golden = config.root / (config.index.golden or "golden.jsonl")
        return IndexParts(
            ledger=self.ledger,
            releases=self.releases,
            root=config.root,
            corpus=self._corpus,
            context=self._sync_context,
            recipe=lambda name, given: with_steps(
                self,
                config.corpora[name],
                with_gates(
                    self, config.corpora[name], recipe_with(config.corpora[name], given, models=config.models)
                ),
            ),
            embedder=self._embedder_of,
            events=lambda: self.events,
            pool=lambda: self._pool,
            probing=lambda: self._probe_parts,
            golden=golden if golden.is_file() else None,
            keep_retired=parse_duration(config.index.keep_retired),
        )

    def _model(self, corpus: str, name: str) -> Model:
        """The model that answers; the built-in one borrows the embedder of the corpus."""
        from headrace.infer.models.build import open_model

        with self._lock:
            model = self._models.get((corpus, name))
            if model is None:
                embedder = self._embedder(self.config.corpora[corpus].recipe.embedder)
                model = self._models[corpus, name] = open_model(
                    name,
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
    def _prompts(self) -> PromptOperations:
        from headrace.wiring_prompts import prompt_operations

        return prompt_operations(self)

    @once
    def _features(self) -> FeatureOperations:
        from headrace.wiring_features import feature_operations

        return feature_operations(self)

    @once
    def _evals(self) -> EvalOperations:
        from headrace.wiring_evals import eval_operations

        return eval_operations(self)

    @once
    def _online(self) -> OnlineStore:
        from headrace.wiring_features import online_store

        return online_store(self)

    @once
    def _receiving(self) -> ReceivingOperations:
        from headrace.wiring_receiving import receiving_operations

        return receiving_operations(self)

    @once
    def _parser(self) -> ParsePool:
        from headrace.ingest.parsing.base import ParserConfig
        from headrace.ingest.parsing.pool import ParsePool

        pool = ParsePool(ParserConfig())
        self._closers.append(pool.close)
        return pool

    @once
    def _forgetting(self) -> ForgetContext:
        from headrace.forgetting import forget_context
        from headrace.wiring_datasets import dataset_eraser
        from headrace.wiring_receiving import receiving_eraser
        from headrace.wiring_vault import cache_eraser

        context = forget_context(
            self.config, self.ledger, self.events, actor=_actor(), online=lambda: self._online
        )
        more = (cache_eraser, receiving_eraser, dataset_eraser)
        return replace(context, more_erasers=lambda: [eraser(self) for eraser in more])

    @once
    def shields(self) -> Vault:
        """The vault that guards calls."""
        from headrace.wiring_vault import open_vault

        return open_vault(self)

    @once
    def cache(self) -> OutputCache:
        """Outputs of former calls, opened at first use."""
        from headrace.wiring_vault import open_cache

        cache = open_cache(self)
        self._closers.append(cache.close)
        return cache

    @once
    def _shadow(self) -> Shadow:
        from headrace.wiring_vault import open_shadow

        return open_shadow(self)

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
        self,
        text: str,
        k: int,
        expression: str | None,
        access: Sequence[str],
        corpus: str | None,
        as_of: str | datetime | None,
    ) -> Query:
        from headrace.flows.asof import time_us
        from headrace.ingest.search.retrieve import Query

        return Query(
            text=text,
            k=k,
            filter=expression,
            access=tuple(access),
            corpus=self._corpus(corpus),
            as_of_us=None if as_of is None else time_us(as_of),
        )

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
        from headrace.wiring_embedding import probe_parts

        return probe_parts(self)

    @once
    def _gate_parts(self) -> GateParts:
        from headrace.wiring_gates import gate_parts

        return gate_parts(self)

    @once
    def _step_parts(self) -> StepParts:
        from headrace.wiring_steps import step_parts

        return step_parts(self)

    @once
    def _embedding_parts(self) -> EmbeddingParts:
        from headrace.wiring_embedding import embedding_parts

        return embedding_parts(self)

    @once
    def _schema_parts(self) -> SchemaParts:
        from headrace.wiring_schemas import schema_parts

        return schema_parts(self)

    @once
    def _record_reader(self) -> RecordReader:
        from headrace.wiring_schemas import record_reader

        return record_reader(self)

    @once
    def _record_keeper(self) -> RecordKeeper:
        from headrace.wiring_schemas import record_keeper

        return record_keeper(self)

    def _corpora(self, name: str | None) -> list[str]:
        """The corpus of that name, or all."""
        return list(self.config.corpora) if name is None else [self._corpus(name)]

    def _sync_context(self, name: str, **options: Unpack[SyncOptions]) -> SyncContext:
        """What a sync works with: by the configured recipe, or by another one."""
        from headrace.wiring_sync import sync_context

        return sync_context(self, name, options)

    def _schema(self, corpus: str) -> MetadataSchema:
        from headrace.records.metadata import MetadataSchema

        return MetadataSchema(fields=self.config.corpora[corpus].metadata)


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
