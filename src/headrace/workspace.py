"""The workspace: one function for each operation, called by every door."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from headrace.config.base import WorkspaceConfig
from headrace.config.load import find_workspace, load_config
from headrace.wiring import Wiring

if TYPE_CHECKING:
    from headrace.curate.evals.operations import EvalOperations
    from headrace.curate.golden.operations import GoldenOperations
    from headrace.flows.cache.operations import CacheOperations
    from headrace.flows.calling.operations import CallOperations
    from headrace.flows.consents.operations import ConsentOperations
    from headrace.flows.coverage.operations import CoverageOperations
    from headrace.flows.curation.operations import CurationOperations
    from headrace.flows.datasets.model_operations import ModelOperations
    from headrace.flows.datasets.operations import DatasetOperations
    from headrace.flows.embedding.operations import EmbeddingOperations
    from headrace.flows.features.operations import FeatureOperations
    from headrace.flows.gates.operations import GateOperations
    from headrace.flows.index.operations import IndexOperations
    from headrace.flows.keys.operations import KeyOperations
    from headrace.flows.loop.operations import LoopOperations
    from headrace.flows.prompts.operations import PromptOperations
    from headrace.flows.quality.operations import QualityOperations
    from headrace.flows.releases.operations import ReleaseOperations
    from headrace.flows.schemas.operations import SchemaOperations
    from headrace.flows.schemas.record_operations import RecordOperations
    from headrace.flows.steps.operations import StepOperations
    from headrace.flows.traces.operations import TraceOperations
    from headrace.flows.vault.operations import VaultOperations
    from headrace.infer.embedders.base import Embedder
    from headrace.observe.profiles.operations import ProfileOperations
    from headrace.observe.sessions.operations import SessionOperations
    from headrace.observe.signals.operations import SignalOperations
    from headrace.observe.traces.receiving.operations import ReceivingOperations
    from headrace.records.explain import AtReport, StatusReport, WhyReport
    from headrace.records.forget import AllowReport, ForgetReport, HideReport, VerifyReport
    from headrace.records.freshness import DeprecateReport, DocumentHistory
    from headrace.records.keys import Caller
    from headrace.records.privacy import PiiReport
    from headrace.records.search import Answer, SearchResult
    from headrace.records.sync import PlanReport, SyncProgress, SyncReport


class Workspace(Wiring):
    """An opened workspace. Safe to share between threads; close it, or use it as a context manager."""

    @classmethod
    def open(cls, path: str | os.PathLike[str] = ".") -> Workspace:
        """Open the workspace at a folder or above it. Raises WorkspaceNotFound, ConfigError."""
        return cls(load_config(find_workspace(Path(path))))

    @property
    def root(self) -> Path:
        """The folder of the workspace."""
        return self.config.root

    def released_prompts(self) -> Sequence[str]:
        """Names of the prompts that calls can take now."""
        with self.ledger.read() as conn:
            release = self.releases.current(conn)
        return [] if release is None else sorted(release.prompts)

    def embedder(self, name: str) -> Embedder:
        """The embedder of a name, as in `recipe.embedder`, opened once. Raises ConfigError."""
        return self._embedder(name)

    def plan(
        self,
        corpus: str | None = None,
        *,
        confirm_deletes: bool = False,
        verify: bool = False,
        budget: str | None = None,
    ) -> PlanReport:
        """Say what a sync would do now and what it would cost, against its budget; writes nothing."""
        from headrace.ingest.sync.plan import plan
        from headrace.wiring_embedding import spending_of

        name = self._corpus(corpus)
        context = self._sync_context(name, spending=spending_of(self, name, budget=budget))
        return plan(context, confirm_deletes=confirm_deletes, verify=verify)

    def sync(
        self,
        corpus: str | None = None,
        *,
        confirm_deletes: bool = False,
        verify: bool = False,
        budget: str | None = None,
        progress: Callable[[SyncProgress], None] | None = None,
    ) -> SyncReport:
        """Bring a corpus in step with its sources. `verify` hashes every document again.

        Deletions that look like an accident are withheld until `confirm_deletes`. `budget`, such as `100000`
        tokens or `2.50 EUR`, stands before the configured one.
        """
        from headrace.flows.probing import after_sync
        from headrace.ingest.sync.run import sync
        from headrace.wiring_embedding import spending_of

        name = self._corpus(corpus)
        context = self._sync_context(name, progress=progress, spending=spending_of(self, name, budget=budget))
        report = sync(context, confirm_deletes=confirm_deletes, verify=verify)
        return after_sync(self._probe_parts, report)

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        filter: str | None = None,  # noqa: A002 - the word of the command line and the API
        access: Sequence[str] = (),
        corpus: str | None = None,
        as_of: str | datetime | None = None,
        session: str | None = None,
        user: str | None = None,
    ) -> SearchResult:
        """Find the best chunks for a query among those that the access labels open.

        `as_of` is a time as `at` takes it: what held then counts; the index of then is read if it is kept.
        `session` and `user` are noted on the call, the user as a keyed hash.
        """
        from headrace.flows.search import search
        from headrace.wiring_sessions import who

        asked = self._query(query, k, filter, access, corpus, as_of)
        return search(self._retriever, asked, events=self.events, who=who(self, session, user))

    def ask(
        self,
        question: str,
        *,
        k: int | None = None,
        filter: str | None = None,  # noqa: A002
        access: Sequence[str] = (),
        corpus: str | None = None,
        as_of: str | datetime | None = None,
        session: str | None = None,
        user: str | None = None,
        entity: Mapping[str, Any] | None = None,
        caller: Caller | None = None,
    ) -> Answer:
        """Answer a question from the documents, with citations that were checked against them.

        `as_of`: as in `search`. In a `session` the question may lean on those before it; both it and the
        answer are added. `entity` names whose features the prompt takes. Raises UsageError.
        """
        from headrace.flows.answer import Asker, ask
        from headrace.wiring_prompts import asked_k, asked_model, asked_prompt
        from headrace.wiring_sessions import conversation, store_filler, who

        name, prompt = self._corpus(corpus), asked_prompt(self)
        asker = Asker(
            retriever=self._retriever,
            model=self._model(name, asked_model(self, prompt)),
            prompt=prompt,
            releases=self.releases,
            events=self.events,
            who=who(self, session, user),
            talk=conversation(self, session, user, access, caller),
            features=store_filler(self, entity or {}, user),
        )
        return ask(asker, self._query(question, k or asked_k(self), filter, access, name, as_of))

    def deprecate(
        self, document: str, *, by: str | None = None, reason: str = "", undo: bool = False
    ) -> DeprecateReport:
        """Declare a document deprecated, replaced by another one where `by` names it; `undo` takes it back.

        Documents are named by URI, `corpus/URI` or file name. Raises NotFoundError, UsageError.
        """
        from headrace.flows.deprecate import deprecate

        return deprecate(
            self.ledger,
            document,
            by=by,
            reason=reason,
            undo=undo,
            releases=self.releases,
            corpora=list(self.config.corpora),
            actor=self.actor,
        )

    def why(self, ref: str, *, access: Sequence[str] | None = None) -> WhyReport:
        """Explain a trace, chunk, record, document, generation or release: what it came from and led to.

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

    def at_release(self, release: str) -> Workspace:
        """This workspace under one release, whatever serves: index, prompts, schemas and models as pinned.

        Its calls are recorded as evaluations, take nothing from caches and store no records; it lives as long
        as this workspace. Raises NotFoundError, and UsageError where it cannot be had as it is pinned.
        """
        from headrace.wiring_releases import at_release

        return at_release(self, release)

    def at(self, time: str | datetime) -> AtReport:
        """Name every ref as it was at a time."""
        from headrace.flows.asof import at

        return at(self.ledger, time)

    def history(self, document: str, *, access: Sequence[str] | None = None) -> DocumentHistory:
        """Tell the life of a document: revisions, failures, moves, marks, and how often it was met lately.

        With `access` only of a document that these labels open. Raises NotFoundError.
        """
        from headrace.flows.freshness.history import document_history

        return document_history(
            self.ledger,
            document,
            releases=self.releases,
            events=self.events,
            rankings={name: corpus.ranking for name, corpus in self.config.corpora.items()},
            qualities={name: corpus.quality for name, corpus in self.config.corpora.items()},
            access=access,
        )

    def status(self, *, deep: bool = False) -> StatusReport:
        """Report how each corpus stands: counts, failures, freshness, what is owed.

        `deep` compares every row of the index with the ledger.
        """
        from headrace.config.service import service_of, source_name
        from headrace.flows.status import status
        from headrace.wiring_sync import access_rules

        corpora = self.config.corpora
        return status(
            self.ledger,
            workspace=str(self.root),
            corpora={name: [source_name(spec) for spec in item.sources] for name, item in corpora.items()},
            embedders={name: item.recipe.embedder for name, item in corpora.items()},
            releases=self.releases,
            events=self.events,
            folders=_local_folders(self.config),
            schemas={name: self._schema(name) for name in corpora},
            services={
                name: {source_name(spec): service_of(spec) for spec in item.sources}
                for name, item in corpora.items()
            },
            access={name: access_rules(item) for name, item in corpora.items()},
            deep=deep,
        )

    def pii_scan(self, text: str) -> PiiReport:
        """Find personal data and secrets in a text, as `[privacy]` says. Nothing of it is stored."""
        from headrace.privacy.scanning import scan

        return scan(self.privacy, text)

    def serving(self) -> list[str]:
        """The corpora that have a generation which serves: one read of the ledger."""
        with self.ledger.read() as conn:
            return [name for name in self.config.corpora if self.releases.generation(conn, name) is not None]

    @property
    def embeddings(self) -> EmbeddingOperations:
        """The operations on embedding runs: dead_letters, retry, check, history, accept."""
        from headrace.flows.embedding.operations import EmbeddingOperations

        return EmbeddingOperations(self._embedding_parts)

    @property
    def index(self) -> IndexOperations:
        """The operations on generations: list, show, build, compare, cutover, rollback and their care."""
        from headrace.flows.index.operations import IndexOperations

        return IndexOperations(self._index_parts)

    @property
    def gates(self) -> GateOperations:
        """The operations on gates: list, test, report, replay, and those on the quarantine."""
        from headrace.flows.gates.operations import GateOperations

        return GateOperations(self._gate_parts)

    @property
    def quality(self) -> QualityOperations:
        """The operations on the quality of documents: list, rot."""
        from headrace.flows.quality.feedback import signalled_outcomes
        from headrace.flows.quality.operations import QualityOperations
        from headrace.flows.quality.parts import QualityParts

        corpora = self.config.corpora
        parts = QualityParts(
            ledger=self.ledger,
            events=self.events,
            releases=self.releases,
            qualities={name: item.quality for name, item in corpora.items()},
            rankings={name: item.ranking for name, item in corpora.items()},
            signalled=lambda names: signalled_outcomes(self.signals.parts, names),
        )
        return QualityOperations(parts=parts, corpora=self._corpora)

    @property
    def steps(self) -> StepOperations:
        """The operations on LLM steps: list, show, test, dead_letters, retry, accuracy."""
        from headrace.flows.steps.operations import StepOperations

        return StepOperations(self._step_parts)

    @property
    def calls(self) -> CallOperations:
        """The operations on calls: run, batch, stats, and on dead letters: list, show, replay, resolve."""
        return self._calls

    @property
    def traces(self) -> TraceOperations:
        """The operations on traces: list, search, show, tail, stats, export, select, archive, holds."""
        from headrace.wiring_traces import trace_operations

        return trace_operations(self)

    @property
    def consents(self) -> ConsentOperations:
        """What users allow to be done with what they said: set, show, list."""
        from headrace.wiring_traces import consent_operations

        return consent_operations(self)

    @property
    def signals(self) -> SignalOperations:
        """The operations on signals: add, list, infer, sample, judge, audits, model, bad, p_bad, erase."""
        from headrace.wiring_signals import signal_operations

        return signal_operations(self)

    @property
    def sessions(self) -> SessionOperations:
        """The operations on sessions: list, show, append, extend, close, delete."""
        from headrace.wiring_sessions import session_operations

        return session_operations(self)

    @property
    def profiles(self) -> ProfileOperations:
        """The operations on profiles of users: get, set, history, list."""
        from headrace.wiring_sessions import profile_operations

        return profile_operations(self)

    @property
    def prompts(self) -> PromptOperations:
        """The operations on prompts: list, show, render, diff, log, label, rollback, check and more."""
        return self._prompts

    @property
    def schemas(self) -> SchemaOperations:
        """The operations on schemas: list, show, diff, migrate, check, freeze, rewrite."""
        from headrace.flows.schemas.operations import SchemaOperations

        return SchemaOperations(self._schema_parts)

    @property
    def records(self) -> RecordOperations:
        """The operations on stored outputs: list, get, original."""
        from headrace.flows.schemas.record_operations import RecordOperations

        return RecordOperations(self._record_reader)

    @property
    def vault(self) -> VaultOperations:
        """The operations on the vault: status, reveal, rotate."""
        from headrace.wiring_vault import vault_operations

        return vault_operations(self)

    @property
    def caches(self) -> CacheOperations:
        """The operations on cached outputs: status, clear."""
        from headrace.wiring_vault import cache_operations

        return cache_operations(self)

    @property
    def keys(self) -> KeyOperations:
        """The operations on keys of callers over HTTP: create, list, revoke."""
        from headrace.wiring_keys import key_operations

        return key_operations(self)

    @property
    def features(self) -> FeatureOperations:
        """The operations on features: list, join, join_rows, materialise, get, check; and a reader."""
        return self._features

    @property
    def receiving(self) -> ReceivingOperations:
        """The operations on traces of other programs: receive, send, and those on what could not be kept."""
        return self._receiving

    @property
    def datasets(self) -> DatasetOperations:
        """The operations on datasets: create, add, commit, diff, check, export, where and more."""
        from headrace.wiring_datasets import dataset_operations

        return dataset_operations(self)

    @property
    def models(self) -> ModelOperations:
        """The operations on models: list, register, show, data."""
        from headrace.wiring_datasets import model_operations

        return model_operations(self)

    @property
    def golden(self) -> GoldenOperations:
        """The operations on golden sets: list, show, add, edit, accept, retire, refresh, import, export."""
        from headrace.wiring_evals import golden_operations

        return golden_operations(self)

    @property
    def evals(self) -> EvalOperations:
        """The operations on evals: list, show, run, compare, gate, import_run."""
        return self._evals

    @property
    def release(self) -> ReleaseOperations:
        """The operations on releases: create, show, list, diff, check, promote, rollback, log, envs, skew."""
        from headrace.wiring_releases import release_operations

        return release_operations(self)

    @property
    def loop(self) -> LoopOperations:
        """The operations on the loop: run."""
        from headrace.wiring_releases import loop_operations

        return loop_operations(self, sync=self.sync)

    @property
    def curation(self) -> CurationOperations:
        """The operations on drafts made of traces: run, list, show, next, accept, reject, merge and more."""
        from headrace.wiring_curation import curation_operations

        return curation_operations(self)

    @property
    def coverage(self) -> CoverageOperations:
        """The operations on coverage of the traffic by cases: measure, gaps, history."""
        from headrace.wiring_curation import coverage_operations

        return coverage_operations(self)

    def hide(self, ref: str, *, reason: str = "", confirmed: bool = False) -> HideReport:
        """Hide documents at once from search, answers and lineage; they are erased after `hidden_ttl`.

        `ref` is a URI, `corpus:URI`, a file name, `source:NAME` or `subject:VALUE`; one that means several
        documents needs `confirmed`.
        """
        from headrace.flows.forget.hide import hide

        return hide(self._forgetting, ref, reason=reason, confirmed=confirmed)

    def unhide(self, ref: str) -> HideReport:
        """Show hidden documents again, as long as they are not erased."""
        from headrace.flows.forget.hide import unhide

        return unhide(self._forgetting, ref)

    def forget(
        self, ref: str, *, dry_run: bool = False, reason: str = "", confirmed: bool = False
    ) -> ForgetReport:
        """Erase documents everywhere and certify it, or say with `dry_run` what would go.

        `ref` is as for `hide`. What a source still lists stays out from then on, until `allow`.
        """
        from headrace.flows.forget.erase import forget

        return forget(self._forgetting, ref, dry_run=dry_run, reason=reason, confirmed=confirmed)

    def forget_due(self, *, replay: bool = False) -> list[ForgetReport]:
        """Finish interrupted erasures, erase what was hidden for too long, and repeat what a backup undid.

        `replay` looks for forgotten documents in every store, whatever the ledger says.
        """
        from headrace.flows.forget.restore import finish_due

        return finish_due(self._forgetting, replay=replay)

    def allow(self, ref: str) -> AllowReport:
        """Let a forgotten document, or `source:NAME`, come in again with the next sync."""
        from headrace.flows.forget.restore import allow

        return allow(self._forgetting, ref)

    def verify_certificate(self, certificate: str) -> VerifyReport:
        """Check a certificate, given as a file or as the id of its erasure."""
        from headrace.flows.forget.certify import verify

        return verify(self._forgetting, certificate)

    def public_key(self) -> str:
        """The key that checks the certificates of this workspace: 32 bytes in base64."""
        from headrace.flows.forget.certify import public_key

        return public_key(self._forgetting)

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


def _local_folders(config: WorkspaceConfig) -> dict[str, Path]:
    storage = config.storage
    places = {
        "ledger": storage.ledger.removeprefix("sqlite:///"),
        "events": storage.events.removeprefix("sqlite:///"),
        "index": storage.index,
        "blobs": storage.blobs.removeprefix("file://"),
    }
    return {name: Path(place) for name, place in places.items() if "://" not in place}
