"""The erasers of a workspace, in the order in which they run: what readers see first, the calls last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.curate.coverage.eraser import QueryEraser
from headrace.curate.curation.eraser import CurationEraser
from headrace.curate.evals.eraser import EvalEraser
from headrace.curate.golden.eraser import GoldenEraser
from headrace.flows.forget.context import ForgetContext
from headrace.flows.forget.scope import kept
from headrace.infer.embedders.eraser import EmbeddingEraser
from headrace.infer.gateway.eraser import CallEraser
from headrace.infer.records.eraser import RecordEraser
from headrace.ingest.gates.duplicates.eraser import SignatureEraser, signature_folders
from headrace.ingest.index.eraser import GenerationEraser, Publish
from headrace.ingest.sources.eraser import PageEraser
from headrace.ingest.sync.digest import generation_digest
from headrace.ledger import documents, generations, leases, near_duplicates, snapshots
from headrace.ledger.erasers import Eraser
from headrace.ledger.erasure.rows import LedgerEraser
from headrace.ledger.erasure.scope import Scope
from headrace.ledger.events.erasing import NAME as EVENTS
from headrace.ledger.events.erasing import Redaction
from headrace.ledger.steps.eraser import StepEraser
from headrace.observe.features.eraser import FeatureEraser
from headrace.observe.profiles.eraser import ProfileEraser
from headrace.observe.sessions.eraser import SessionEraser
from headrace.observe.signals.eraser import SignalEraser
from headrace.privacy.vault.eraser import VaultEraser

if TYPE_CHECKING:
    from headrace.ledger.generations import Generation
    from headrace.ledger.leases import Lease
    from headrace.ledger.ledger import Ledger, Write


def open_erasers(context: ForgetContext, held: Mapping[str, Lease]) -> list[Eraser]:
    """Every eraser; the index can be erased from only in corpora whose lease is held."""
    with context.ledger.read() as conn:
        parts = [
            (generation, snapshot.version)
            for generation in generations.list(conn)
            if (snapshot := snapshots.current(conn, generation.id)) is not None
        ]
    return [
        *(
            GenerationEraser(
                generation,
                published=version,
                config=context.index_config,
                publish=_publisher(context.ledger, held),
            )
            for generation, version in parts
        ),
        *(EmbeddingEraser(place, kept=_kept(context)) for place in _embedding_stores(context.index)),
        *(
            SignatureEraser(place, kept=partial(_contents, context, place.parent.name))
            for place in signature_folders(context.index)
        ),
        StepEraser(context.ledger),
        RecordEraser(context.ledger, context.keyring),
        LedgerEraser(context.ledger, context.keyring),
        CallEraser(context.ledger, context.keyring),
        VaultEraser(context.ledger, context.keyring),
        SignalEraser(context.ledger, context.events),
        SessionEraser(context.ledger, context.keyring),
        ProfileEraser(context.ledger, context.keyring),
        EvalEraser(context.ledger, context.events),
        GoldenEraser(context.ledger, context.events),
        CurationEraser(context.ledger, context.events, context.keyring),
        QueryEraser(None if "://" in context.index else Path(context.index)),
        *context.more_erasers(),
        PageEraser(context.blobs, context.pages),
        FeatureEraser(context.online),
        EventEraser(context),
    ]


class EventEraser:
    """Erases what calls quote, and what users said in them, hot and cold."""

    name = EVENTS
    opens_all = True

    def __init__(self, context: ForgetContext) -> None:
        self._context = context

    def find(self, scope: Scope) -> int:
        """Spans that tell of the documents."""
        return self._context.events.touching(self._redaction(scope))

    def erase(self, scope: Scope) -> int:
        """Redact them."""
        return self._context.events.erase(self._redaction(scope))

    def clean(self, scope: Scope) -> None:
        """Nothing is left: logs are emptied as they are redacted."""

    def _redaction(self, scope: Scope) -> Redaction:
        return Redaction(scope=scope, keyring=self._context.keyring)


def _kept(context: ForgetContext) -> Any:
    def of(scope: Scope) -> Any:
        with context.ledger.read() as conn:
            return kept(conn, scope)

    return of


def _contents(context: ForgetContext, corpus: str, scope: Scope) -> set[str]:
    with context.ledger.read() as conn:
        return near_duplicates.contents(conn, corpus, without=scope.uris(corpus))


def _embedding_stores(index: str) -> list[str]:
    return sorted(str(path) for path in (Path(index) / "embeddings").glob("*.lance"))


def _publisher(ledger: Ledger, held: Mapping[str, Lease]) -> Publish:
    def publish(generation: Generation, version: int, uris: Sequence[str]) -> None:
        def work(tx: Write) -> None:
            leases.check(tx, held[generation.corpus])
            before = snapshots.current(tx.conn, generation.id)
            if before is None:
                return
            documents.remove(tx, generation.id, uris)
            states = documents.load_brief(tx.conn, generation.id)
            digest = generation_digest(generation.recipe, ((state.uri, state.digest) for state in states))
            snapshots.publish(
                tx,
                generation.id,
                version=version,
                run_id=before.run_id,
                documents=len(states),
                chunks=sum(state.chunk_count for state in states),
                digest=digest if before.digest else None,
            )

        ledger.write(work)

    return publish
