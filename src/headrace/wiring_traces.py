"""Traces of a workspace: hot and cold spans as one store, the operations on them, and consents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from headrace.config.base import STATE_FOLDER

if TYPE_CHECKING:
    from headrace.flows.consents.operations import ConsentOperations
    from headrace.flows.traces.operations import TraceOperations
    from headrace.ledger.erasers import Eraser
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.events.tiered import TieredEvents
    from headrace.ledger.ledger import Ledger
    from headrace.wiring import Wiring


def open_tiered(wiring: Wiring) -> TieredEvents:
    """The event store with the files beside it."""
    from headrace.ledger.blobs import open_files
    from headrace.ledger.events.cold.catalog import FOLDER
    from headrace.ledger.events.cold.reading import ColdSpans
    from headrace.ledger.events.opening import open_events
    from headrace.ledger.events.tiered import TieredEvents

    hot = open_events(wiring.config.storage.events, redactor=wiring._span_redactor())
    wiring._closers.append(hot.close)
    files = open_files(wiring.config.storage.blobs, below=FOLDER)
    return TieredEvents(hot, ColdSpans(ledger=wiring.ledger, files=files))


def trace_operations(wiring: Wiring) -> TraceOperations:
    """What `workspace.traces` works with."""
    from headrace.config.keeping import keep_rules
    from headrace.flows.traces.operations import TraceOperations
    from headrace.flows.traces.parts import TraceParts
    from headrace.wiring_replays import replayer
    from headrace.wiring_signals import signal_operations

    parts = TraceParts(
        ledger=wiring.ledger,
        events=wiring.events,
        releases=wiring.releases,
        corpora=list(wiring.config.corpora),
        keyring=_keyring(wiring),
        signals=signal_operations(wiring),
        keep=keep_rules(wiring.config.traces.keep),
        anonymous_training=wiring.config.traces.anonymous_training,
        actor=wiring.actor,
        prompt_names=partial(_prompt_names, wiring),
        replayer=partial(replayer, wiring),
        quarantined=partial(_quarantined, wiring.ledger),
    )
    return TraceOperations(parts=parts)


def consent_operations(wiring: Wiring) -> ConsentOperations:
    """What `workspace.consents` works with."""
    from headrace.flows.consents.operations import ConsentOperations

    return ConsentOperations(
        ledger=wiring.ledger,
        keyring=_keyring(wiring),
        actor=wiring.actor,
        cases=partial(_case_erasers, wiring),
        rows=partial(_row_erasers, wiring),
    )


def _case_erasers(wiring: Wiring) -> Sequence[Eraser]:
    from headrace.curate.evals.eraser import EvalEraser
    from headrace.curate.golden.eraser import GoldenEraser

    ledger, events = wiring.ledger, wiring.events
    return [EvalEraser(ledger, events), GoldenEraser(ledger, events)]


def _row_erasers(wiring: Wiring) -> Sequence[Eraser]:
    from headrace.curate.curation.eraser import CurationEraser
    from headrace.wiring_datasets import dataset_eraser

    drafts = CurationEraser(wiring.ledger, wiring.events, _keyring(wiring))
    return [drafts, dataset_eraser(wiring)]


def _quarantined(ledger: Ledger) -> int:
    from headrace.ledger import trace_quarantine

    with ledger.read() as conn:
        return sum(trace_quarantine.count(conn).values())


def _keyring(wiring: Wiring) -> Keyring:
    from headrace.ledger.erasure.keyring import Keyring

    return Keyring(wiring.config.root / STATE_FOLDER / "keys", wiring.ledger)


def _prompt_names(wiring: Wiring) -> Mapping[str, str]:
    from headrace.ledger import refs

    with wiring.ledger.read() as conn:
        labelled = {row.artifact: row.name.split("/")[1] for row in refs.under(conn, "prompt/")}
        release = wiring.releases.current(conn)
    served = {} if release is None else {digest: name for name, digest in release.prompts.items()}
    return {**labelled, **served}
