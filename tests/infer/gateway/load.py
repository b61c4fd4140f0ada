"""Many calls at once, each told when it is answered: `python -m tests.infer.gateway.load FOLDER ROWS`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import headrace
from headrace.infer.gateway.base import Budget, CallRequest, Envelope
from headrace.infer.gateway.gateway import Gateway
from tests.infer.gateway.misbehaviours import SCHEMA


class NamingKeeper:
    """Keeps nothing and names records by their span."""

    def keep(self, envelope: Envelope, value: Any, original: bytes) -> Future[str]:
        """The id at once."""
        future: Future[str] = Future()
        future.set_result(f"record_{envelope.span_id}")
        return future


def load(root: Path, rows: Sequence[int], tell: Callable[[dict[str, Any]], None]) -> None:
    """Call for each row, eight at once; odd rows have a key, every third one asks the bad model."""
    with headrace.open(root) as workspace:
        asyncio.run(_load(replace(workspace.gateway, keeper=NamingKeeper()), rows, tell))


async def _load(gateway: Gateway, rows: Sequence[int], tell: Callable[[dict[str, Any]], None]) -> None:
    places = asyncio.Semaphore(8)

    async def one(row: int) -> None:
        request = CallRequest(
            messages=[{"role": "user", "content": f"Invoice {row}"}],
            model="other" if row % 3 == 0 else "up",
            schema=SCHEMA,
            budget=Budget(attempts=1, seconds=5),
            idempotency_key=f"row-{row}" if row % 2 else None,
        )
        async with places:
            outcome = await gateway.call(request)
        tell({"row": row, "trace": outcome.trace_id, "letter": outcome.dead_letter})

    await asyncio.gather(*(one(row) for row in rows))
    await gateway.close()


def _tell(line: dict[str, Any]) -> None:
    os.write(1, (json.dumps(line) + "\n").encode())  # at once: the process may be killed before it flushes


if __name__ == "__main__":
    load(Path(sys.argv[1]), json.loads(sys.argv[2]), _tell)
