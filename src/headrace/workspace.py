"""The composition root: configuration to stores, stores to rooms, rooms to the operations of every door."""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from headrace.config.base import WorkspaceConfig
from headrace.config.load import find_workspace, load_config
from headrace.errors import NotFoundError, UsageError, VectorMismatch
from headrace.once import once

if TYPE_CHECKING:
    from headrace.infer.embedders.base import Embedder
    from headrace.infer.embedders.store import EmbeddingStore
    from headrace.infer.models.base import Model
    from headrace.infer.models.rerank import Reranker
    from headrace.infer.prompts.base import Prompt
    from headrace.ingest.parsing.pool import ParsePool
    from headrace.ingest.search.retrieve import Query, Retriever
    from headrace.ingest.sync.context import SyncContext
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.generations import Generation
    from headrace.ledger.ledger import Ledger
    from headrace.records.explain import AtReport, StatusReport, WhyReport
    from headrace.records.search import Answer, SearchResult
    from headrace.records.sync import PlanReport, SyncProgress, SyncReport
    from headrace.ship.releases import Releases


class Workspace:
    """An opened workspace. Safe to share between threads; close it, or use it as a context manager."""

    def __init__(self, config: WorkspaceConfig) -> None:
        self.config = config
        self._closers: list[Callable[[], None]] = []
        self._embedders: dict[str, Embedder] = {}
        self._models: dict[str, Model] = {}
        self._stores: dict[str, EmbeddingStore] = {}
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: str | os.PathLike[str] = ".") -> Workspace:
        """Open the workspace at a folder or above it. Raises WorkspaceNotFound, ConfigError."""
        return cls(load_config(find_workspace(Path(path))))

    @property
    def root(self) -> Path:
        """The folder of the workspace."""
        return self.config.root

    def plan(
        self, corpus: str | None = None, *, confirm_deletes: bool = False, verify: bool = False
    ) -> PlanReport:
        """Say what a sync would do now and what it would cost; writes nothing."""
        from headrace.ingest.sync.plan import plan

        return plan(self._sync_context(self._corpus(corpus)), confirm_deletes=confirm_deletes, verify=verify)

    def sync(
        self,
        corpus: str | None = None,
        *,
        confirm_deletes: bool = False,
        verify: bool = False,
        progress: Callable[[SyncProgress], None] | None = None,
    ) -> SyncReport:
        """Bring a corpus in step with its sources. `verify` hashes every document again.

        Deletions that look like an accident are withheld until `confirm_deletes`.
        """
        from headrace.ingest.sync.run import sync

        context = self._sync_context(self._corpus(corpus), progress=progress)
        return sync(context, confirm_deletes=confirm_deletes, verify=verify)

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        filter: str | None = None,  # noqa: A002 - the word of the command line and the API
        access: Sequence[str] = (),
        corpus: str | None = None,
    ) -> SearchResult:
        """Find the best chunks for a query among those that the access labels open."""
        from headrace.flows.search import search

        return search(self._retriever, self._query(query, k, filter, access, corpus), events=self.events)

    def ask(
        self,
        question: str,
        *,
        k: int | None = None,
        filter: str | None = None,  # noqa: A002
        access: Sequence[str] = (),
        corpus: str | None = None,
    ) -> Answer:
        """Answer a question from the documents, with citations that were checked against them."""
        from headrace.flows.answer import Asker, ask

        name = self._corpus(corpus)
        asker = Asker(
            retriever=self._retriever,
            model=self._model(name),
            prompt=self._prompt,
            releases=self.releases,
            events=self.events,
        )
        return ask(asker, self._query(question, k or self.config.ask.k, filter, access, name))

    def why(self, ref: str, *, access: Sequence[str] | None = None) -> WhyReport:
        """Explain a trace, chunk, document, generation or release: what it came from, what came from it.

        With `access` only what these labels open is shown; without, everything.
        """
        from headrace.flows.why.explain import why

        return why(
            self.ledger,
            ref,
            events=self.events,
            releases=self.releases,
            corpora=list(self.config.corpora),
            access=access,
        )

    def at(self, time: str | datetime) -> AtReport:
        """Name every ref as it was at a time."""
        from headrace.flows.asof import at

        return at(self.ledger, time)

    def status(self) -> StatusReport:
        """Report how each corpus stands."""
        from headrace.flows.status import status

        corpora = self.config.corpora
        return status(
            self.ledger,
            workspace=str(self.root),
            corpora={name: [_source_name(spec) for spec in item.sources] for name, item in corpora.items()},
            embedders={name: item.recipe.embedder for name, item in corpora.items()},
            releases=self.releases,
            events=self.events,
            folders=_local_folders(self.config),
        )

    def close(self) -> None:
        """Finish writes, stop workers, close every store; closing twice is allowed."""
        with self._lock:
            closers, self._closers = self._closers[::-1], []
        for closer in closers:
            closer()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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

        return load_prompt(self.root / "prompts", self.config.ask.prompt)

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

    def _sync_context(
        self, name: str, *, progress: Callable[[SyncProgress], None] | None = None
    ) -> SyncContext:
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
            embedder=embedder,
            embeddings=store,
            parse_many=self._parser.parse_many,
            chunk_many=lambda documents: chunk_many(documents, chunker),
            index_config=index,
            location=lambda generation: f"{self.config.storage.index}/generations/{generation}.lance",
            serving=self.releases,
            actor=_actor(),
            progress=progress,
        )

    def _sources(self, specs: Sequence[str | Mapping[str, Any]]) -> list[Any]:
        from headrace.ingest.sources.build import open_source

        return [open_source(spec, root=self.root, cache=self._page_cache) for spec in specs]


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


def _source_name(spec: str | Mapping[str, Any]) -> str:
    if isinstance(spec, str):
        return spec
    return str(spec.get("path") or spec.get("url") or spec.get("type"))


def _make_parent(url: str) -> None:
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)


def _local_folders(config: WorkspaceConfig) -> dict[str, Path]:
    storage = config.storage
    places = {
        "ledger": storage.ledger.removeprefix("sqlite:///"),
        "events": storage.events.removeprefix("sqlite:///"),
        "index": storage.index,
        "blobs": storage.blobs.removeprefix("file://"),
    }
    return {name: Path(place) for name, place in places.items() if "://" not in place}
