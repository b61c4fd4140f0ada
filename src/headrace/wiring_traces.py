"""Traces of a workspace: hot and cold spans as one store, the operations on them, and consents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from headrace.config.base import STATE_FOLDER

if TYPE_CHECKING:
    from headrace.flows.consents.operations import ConsentOperations
    from headrace.flows.traces.operations import TraceOperations
    from headrace.flows.traces.replaying import Replayer
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
        replayer=partial(_replayer, wiring),
        quarantined=partial(_quarantined, wiring.ledger),
    )
    return TraceOperations(parts=parts)


def consent_operations(wiring: Wiring) -> ConsentOperations:
    """What `workspace.consents` works with."""
    from headrace.flows.consents.operations import ConsentOperations

    return ConsentOperations(ledger=wiring.ledger, keyring=_keyring(wiring), actor=wiring.actor)


def _replayer(wiring: Wiring, prompt: str | None, model: str | None) -> Replayer:
    """What asks again, with a prompt and a model to try."""
    from headrace.errors import UsageError
    from headrace.flows.answer import Asker
    from headrace.flows.traces.replaying import Replayer
    from headrace.wiring_prompts import asked_model, asked_prompt
    from headrace.wiring_steps import chat_model

    tried = (
        asked_prompt(wiring)
        if prompt is None
        else wiring._prompts.resolve(prompt, working_tree=not wiring.released_only).prompt
    )

    def asker(corpus: str) -> Asker:
        if corpus not in wiring.config.corpora:
            raise UsageError(f"There is no corpus {corpus!r} any more.")
        return Asker(
            retriever=wiring._retriever,
            model=wiring._model(corpus, model or asked_model(wiring, tried)),
            prompt=tried,
            releases=wiring.releases,
            events=wiring.events,
        )

    return Replayer(
        events=wiring.events,
        asker=asker,
        chat=lambda asked: chat_model(wiring, model or asked),
        valid=partial(_fits, wiring.ledger),
    )


def _fits(ledger: Ledger, schema: Mapping[str, Any], text: str) -> bool | None:
    """Whether an output is JSON that fits a schema of the ledger."""
    import json

    from headrace.infer.schemas.store import recorded
    from headrace.infer.schemas.validate import problems

    with ledger.read() as conn:
        known = recorded(conn, str(schema.get("name")))
    found = known.get(int(schema.get("version") or 0))
    if found is None:
        return None
    try:
        return not problems(found, json.loads(text))
    except ValueError:
        return False


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
