"""Personal data out, then sealed: nothing of an item's body lies in the clear."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.curate.curation.facts import TraceFacts
from headrace.ledger.storage.rows import storable
from headrace.privacy.redact import redact

if TYPE_CHECKING:
    from headrace.ledger.curation import ItemRow
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.signals import SignalRow
    from headrace.privacy.engine import Engine


def scrubbed(engine: Engine, value: Any) -> Any:
    """JSON values with personal data taken out of every text."""
    if isinstance(value, str):
        return redact(engine, storable(value))
    if isinstance(value, Mapping):
        return {str(key): scrubbed(engine, part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(engine, part) for part in value]
    return value


def clean_facts(engine: Engine, facts: TraceFacts) -> TraceFacts:
    """Facts without personal data, for workspaces whose traces hold some."""
    answer = replace(
        facts.shown,
        question=scrubbed(engine, facts.shown.question),
        answer=scrubbed(engine, facts.shown.answer),
    )
    return replace(facts, shown=answer, messages=scrubbed(engine, list(facts.messages)))


def clean_signal(engine: Engine, row: SignalRow) -> SignalRow:
    """A signal whose text is without personal data."""
    value = json.loads(row.value)
    if row.kind not in ("edited_text", "correction") or not isinstance(value, str):
        return row
    return row._replace(value=json.dumps(scrubbed(engine, value)))


def sealed(keyring: Keyring, body: Mapping[str, Any]) -> bytes:
    """Seal a body."""
    return keyring.seal(json.dumps(body, ensure_ascii=False, sort_keys=True))


def opened(keyring: Keyring, row: ItemRow) -> dict[str, Any]:
    """The body of an item; empty once it is erased. Raises StorageError for another key."""
    if row.body is None:
        return {}
    body: dict[str, Any] = json.loads(keyring.unseal(bytes(row.body)))
    return body
