"""Calls under an idempotency key: the same key and the same content within a day are one call."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict
from typing import Any

from headrace.errors import CallRefused
from headrace.infer.gateway.base import CallRequest
from headrace.infer.gateway.letters import request_facts
from headrace.infer.gateway.outcome import Answer, Attempt, CallOutcome, Usage
from headrace.infer.schemas.base import Problem
from headrace.ledger import call_keys
from headrace.ledger.call_keys import KeyRow
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.ledger import Ledger, Write

KEPT_SECONDS = 24 * 3600
_RUNNING_SECONDS = 600.0
"""How long a call may run under a key when its budget names no time; a process may die on the way."""
_WAIT_SECONDS = 60.0
"""How long a call waits for an equal one that is running when its budget names no time."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 0.5
_SETTLING_SECONDS = 30.0
"""What recording it may take beyond that."""
_ABOUT = ("trace_id", "parent_span_id", "release")
"""What two equal calls may differ in."""
BEFORE_FINISH = declare("call.before_key_finished")


class Keys:
    """Claims keys and keeps the outcomes of their calls, sealed."""

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keyring = keyring

    async def claim(self, request: CallRequest, trace_id: str) -> CallOutcome | None:
        """Take the key of a call, or give the outcome of the first call under it, waiting while that runs.

        Raises CallRefused where that call asked for something else, or runs for too long.
        """
        key, content = self._names(request)
        seconds = request.budget.seconds
        give_up = time.monotonic() + (seconds or _WAIT_SECONDS)
        pause = _FIRST_PAUSE_SECONDS
        while True:
            found = await self._claim(
                key, content, trace_id, (seconds or _RUNNING_SECONDS) + _SETTLING_SECONDS
            )
            if found is None:
                return None
            if found.content != content:
                raise CallRefused(
                    "This idempotency key belongs to a call with another content.",
                    hint="Use a new key for a new call.",
                    cause="key_reused",
                )
            if found.outcome is not None:
                return _decoded(self._keyring.unseal(found.outcome))
            if time.monotonic() + pause > give_up:
                raise CallRefused(
                    "A call with this idempotency key is running.",
                    hint="Wait for it and ask again: then its outcome is given.",
                    cause="key_running",
                )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _claim(self, key: str, content: str, trace_id: str, seconds: float) -> KeyRow | None:
        def work(tx: Write) -> KeyRow | None:
            return call_keys.claim(tx, key, content=content, trace_id=trace_id, lasts_us=int(seconds * 1e6))

        return await asyncio.wrap_future(self._ledger.submit(work))

    async def finish(self, request: CallRequest, outcome: CallOutcome) -> None:
        """Keep the outcome for a day."""
        key, _ = self._names(request)
        sealed = self._keyring.seal(json.dumps(asdict(outcome), ensure_ascii=True))
        fire(BEFORE_FINISH)

        def work(tx: Write) -> None:
            call_keys.finish(
                tx, key, trace_id=outcome.trace_id, outcome=sealed, lasts_us=KEPT_SECONDS * 1_000_000
            )

        await asyncio.wrap_future(self._ledger.submit(work))

    def release(self, request: CallRequest, trace_id: str) -> None:
        """Give the key back of a call that came to nothing; it is not waited for."""
        key, _ = self._names(request)
        self._ledger.submit(lambda tx: call_keys.release(tx, key, trace_id=trace_id))

    def _names(self, request: CallRequest) -> tuple[str, str]:
        facts = request_facts(request)
        shaping: dict[str, Any] = {name: value for name, value in facts.items() if name not in _ABOUT}
        key = self._keyring.keyed("callkey", request.idempotency_key or "")
        return key, self._keyring.keyed("content", json.dumps(shaping, sort_keys=True))


def _decoded(text: str) -> CallOutcome:
    facts = json.loads(text)
    attempts = [
        Attempt(**{**item, "errors": [Problem(**problem) for problem in item["errors"]]})
        for item in facts["attempts"]
    ]
    choices = [Answer(**item) for item in facts["choices"]]
    return CallOutcome(
        **{
            **facts,
            "attempts": attempts,
            "choices": choices,
            "usage": Usage(**facts["usage"]),
            "replayed": True,
        }
    )
