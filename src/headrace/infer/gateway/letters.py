"""What a dead letter holds: the whole request and every attempt, sealed before it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from headrace.infer.gateway.base import Budget, CallRequest, PromptVersion, Retrieved
from headrace.infer.gateway.spans import Begun, attempt_facts
from headrace.infer.gateway.variables import plain_variables
from headrace.infer.schemas.base import Schema
from headrace.ledger import call_letters
from headrace.ledger.call_letters import LetterRow
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest
from headrace.ledger.ledger import Ledger, Write

IN_LETTER = declare("call.in_letter_transaction")


class Letters:
    """Writes dead letters and reads them back."""

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keyring = keyring

    def keep(self, begun: Begun, reason: str) -> tuple[str, Future[int]]:
        """The id of a letter, and a future that gives how many are open once it is durable."""
        if begun.replays is not None:
            return begun.replays.id, self._still_failing(begun, begun.replays, reason)
        request = begun.request
        letter = letter_id(begun.trace_id, begun.span_id)
        body = {
            "request": request_facts(request),
            "attempts": [attempt_facts(attempt) for attempt in begun.attempts],
        }
        row = LetterRow(
            id=letter,
            trace_id=begun.trace_id,
            span_id=begun.span_id,
            prompt=request.prompt.name if request.prompt else None,
            schema=request.schema.name if request.schema else None,
            model=request.model,
            reason=reason,
            at_us=0,
            state="open",
            settled_at_us=None,
            settled_by=None,
            settled_trace=None,
            body=self._keyring.seal(json.dumps(body, ensure_ascii=True)),
        )

        def work(tx: Write) -> int:
            count = call_letters.add(tx, row._replace(at_us=tx.now_us))
            fire(IN_LETTER)
            return count

        return letter, self._ledger.submit(work)

    def _still_failing(self, begun: Begun, row: LetterRow, reason: str) -> Future[int]:
        """Add the attempts of a replay to its letter; its number of open letters is none to alert for."""
        assert row.body is not None
        body = json.loads(self._keyring.unseal(row.body))
        body["attempts"] += [attempt_facts(attempt) for attempt in begun.attempts]
        sealed = self._keyring.seal(json.dumps(body, ensure_ascii=True))

        def work(tx: Write) -> int:
            call_letters.replace_body(tx, row.id, sealed, reason=reason)
            return 0

        return self._ledger.submit(work)

    def open(self, row: LetterRow) -> tuple[CallRequest, list[dict[str, Any]]]:
        """The request and the attempts of a letter that was not settled."""
        assert row.body is not None
        body = json.loads(self._keyring.unseal(row.body))
        return request_of(body["request"]), body["attempts"]


def letter_id(trace_id: str, span_id: str) -> str:
    """The id of the dead letter of a call."""
    return digest("letter", [trace_id, span_id])


def request_facts(request: CallRequest) -> dict[str, Any]:
    """A request as JSON values. Its idempotency key stays out: a replay is another call."""
    facts = {
        name: getattr(request, name)
        for name in ("model", "session", "subject", "vault", "release", "trace_id", "parent_span_id")
    }
    return facts | {
        "messages": [dict(message) for message in request.messages],
        "parameters": dict(request.parameters),
        "tools": [dict(tool) for tool in request.tools],
        "schema": _schema_facts(request.schema),
        "prompt": asdict(request.prompt) if request.prompt else None,
        "variables": plain_variables(request.variables),
        "fallbacks": list(request.fallbacks),
        "retrieved": [asdict(item) for item in request.retrieved],
        "access": list(request.access),
        "budget": asdict(request.budget),
    }


def request_of(facts: Mapping[str, Any]) -> CallRequest:
    """Read back what `request_facts` wrote."""
    schema, prompt = facts["schema"], facts["prompt"]
    given = {
        **facts,
        "schema": Schema(**schema) if schema else None,
        "prompt": PromptVersion(**prompt) if prompt else None,
        "retrieved": [Retrieved(**item) for item in facts["retrieved"]],
        "budget": Budget(**facts["budget"]),
    }
    return CallRequest(**given)


def _schema_facts(schema: Schema | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    return {
        "name": schema.name,
        "version": schema.version,
        "digest": schema.digest,
        "json_schema": dict(schema.json_schema),
    }
