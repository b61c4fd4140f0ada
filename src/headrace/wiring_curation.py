"""Drafts made of traces, and coverage of the traffic: what their operations work with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headrace.config.base import STATE_FOLDER

if TYPE_CHECKING:
    from headrace.curate.curation.parts import CurationParts
    from headrace.flows.coverage.operations import CoverageOperations
    from headrace.flows.curation.operations import CurationOperations
    from headrace.infer.embedders.base import Embedder
    from headrace.wiring import Wiring


def curation_operations(wiring: Wiring) -> CurationOperations:
    """What `workspace.curation` works with."""
    from headrace.flows.curation.operations import CurationOperations
    from headrace.flows.curation.parts import ReportParts

    return CurationOperations(
        parts=ReportParts(
            curation=curation_parts(wiring),
            embedder=lambda: coverage_embedder(wiring),
            folder=query_folder(wiring),
        )
    )


def coverage_operations(wiring: Wiring) -> CoverageOperations:
    """What `workspace.coverage` works with."""
    from headrace.curate.coverage.parts import CoverageParts
    from headrace.flows.coverage.golden_cases import GoldenCases
    from headrace.flows.coverage.operations import CoverageOperations

    parts = curation_parts(wiring)
    return CoverageOperations(
        parts=CoverageParts(
            curation=parts,
            embedder=lambda: coverage_embedder(wiring),
            cases=GoldenCases(wiring.ledger),
            folder=query_folder(wiring),
            corpora=lambda: _chunks(wiring),
        )
    )


def curation_parts(wiring: Wiring) -> CurationParts:
    """The queue of the workspace; golden sets and datasets take what is accepted."""
    from headrace.config.durations import parse_duration
    from headrace.curate.curation.parts import CurationParts
    from headrace.flows.curation.sinks import DatasetSink, GoldenSink
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.wiring_datasets import dataset_operations
    from headrace.wiring_evals import golden_operations
    from headrace.wiring_signals import signal_operations

    config = wiring.config.curate
    return CurationParts(
        ledger=wiring.ledger,
        events=wiring.events,
        signals=signal_operations(wiring).parts,
        keyring=Keyring(wiring.config.root / STATE_FOLDER / "keys", wiring.ledger),
        engine=lambda: wiring.privacy,
        actor=wiring.actor,
        window_us=int(parse_duration(config.window).total_seconds() * 1_000_000),
        period_us=int(parse_duration(config.period).total_seconds() * 1_000_000),
        config=config,
        anonymous_training=wiring.config.traces.anonymous_training,
        cases=GoldenSink(golden=golden_operations(wiring)),
        rows=DatasetSink(datasets=dataset_operations(wiring)),
    )


def coverage_embedder(wiring: Wiring) -> Embedder:
    """The embedder of questions: the configured one, that of the first corpus, or the built-in one."""
    corpora = wiring.config.corpora
    first = next(iter(corpora.values())).recipe.embedder if corpora else "minilm"
    return wiring._embedder(wiring.config.curate.coverage.embedder or first)


def query_folder(wiring: Wiring) -> Path | None:
    """Where vectors of questions are kept; None where the index lies in an object store."""
    index = wiring.config.storage.index
    return None if "://" in index else Path(index)


def _chunks(wiring: Wiring) -> list[int]:
    from headrace.ledger import snapshots

    found = []
    with wiring.ledger.read() as conn:
        for name in wiring.config.corpora:
            generation = wiring.releases.generation(conn, name)
            snapshot = None if generation is None else snapshots.current(conn, generation)
            if snapshot is not None:
                found.append(snapshot.chunks)
    return found
