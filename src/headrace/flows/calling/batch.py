"""Calls for every row of a file: concurrent, rate-limited, and taken up again where they stopped."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from headrace.errors import HeadraceError, UsageError
from headrace.flows.calling.reports import report_of
from headrace.infer.gateway.base import CallRequest
from headrace.infer.gateway.gateway import Gateway
from headrace.infer.gateway.outcome import CallOutcome
from headrace.infer.providers.pacing import RateLimiter
from headrace.ledger.durability import fsync_path
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest
from headrace.records.calls import BatchProgress, BatchReport
from headrace.records.wire import to_plain

BEFORE_LINE = declare("call.before_batch_line")
_KEYS = ("key", "id")
_OWN = frozenset({"key", "id", "prompt", "model", "variables", "messages", "parameters"})


class Row(NamedTuple):
    """One line of the file."""

    key: str
    content: str
    """Digest of the line's values."""
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """What a batch does."""

    file: Path
    output: Path
    request: Callable[[Mapping[str, Any]], CallRequest]
    """From the values of a row to its call. Raises HeadraceError for what is none."""
    concurrency: int = 8
    per_minute: float | None = None
    progress: Callable[[BatchProgress], None] | None = None


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    skipped: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    costs: list[int] = field(default_factory=list)
    currency: str | None = None


async def run_batch(gateway: Gateway, plan: BatchPlan) -> BatchReport:
    """Call for each row that the output does not have yet. A row that was refused or changed is called again.

    Each line is durable when it is counted. Rows on their way when the process dies are called again.
    """
    done = _done(plan.output)
    total = _check(plan.file)
    tally = _Tally()
    limiter = RateLimiter(plan.per_minute)
    running: set[asyncio.Task[None]] = set()
    with plan.output.open("a", encoding="utf-8") as output:
        fsync_path(plan.output.parent)

        async def one(row: Row) -> None:
            await limiter.acquire()
            line = await _line(gateway, plan, row, tally)
            fire(BEFORE_LINE)
            _append(output, line)
            _tell(plan, tally, total)

        try:
            for row in _rows(plan.file):
                tally.rows += 1
                if done.get(row.key) == row.content:
                    tally.skipped += 1
                    continue
                running.add(asyncio.ensure_future(one(row)))
                if len(running) >= plan.concurrency:
                    running = await _some_done(running)
            while running:
                running = await _some_done(running)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
    return _report(plan, tally)


async def _some_done(running: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    done, waiting = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return waiting


async def _line(gateway: Gateway, plan: BatchPlan, row: Row, tally: _Tally) -> dict[str, Any]:
    about = {"key": row.key, "content": row.content}
    try:
        outcome = await gateway.call(plan.request(row.values))
    except HeadraceError as error:
        if not isinstance(error, UsageError):
            raise
        tally.counts["refused"] += 1
        return about | {"valid": False, **error.to_wire()}
    _count(tally, outcome)
    return about | {"valid": outcome.valid, **to_plain(report_of(outcome))}


def _count(tally: _Tally, outcome: CallOutcome) -> None:
    tally.counts["valid" if outcome.valid else "dead_lettered"] += 1
    tally.counts["tokens"] += outcome.usage.input_tokens + outcome.usage.output_tokens
    if outcome.usage.cost_micro is not None:
        tally.costs.append(outcome.usage.cost_micro)
        tally.currency = outcome.usage.currency


def _append(output: IO[str], line: Mapping[str, Any]) -> None:
    output.write(json.dumps(line, ensure_ascii=True) + "\n")
    output.flush()
    os.fsync(output.fileno())


def _tell(plan: BatchPlan, tally: _Tally, total: int) -> None:
    if plan.progress is not None:
        failed = tally.counts["dead_lettered"] + tally.counts["refused"]
        done = tally.skipped + tally.counts["valid"] + failed
        plan.progress(BatchProgress(done=done, total=total, failed=failed))


def _report(plan: BatchPlan, tally: _Tally) -> BatchReport:
    return BatchReport(
        file=str(plan.file),
        output=str(plan.output),
        rows=tally.rows,
        skipped=tally.skipped,
        valid=tally.counts["valid"],
        dead_lettered=tally.counts["dead_lettered"],
        refused=tally.counts["refused"],
        tokens=tally.counts["tokens"],
        cost=sum(tally.costs) if tally.costs else None,
        currency=tally.currency,
    )


def _rows(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                values = json.loads(line)
            except ValueError as error:
                raise UsageError(f"{file}:{number} is not JSON: {error}.") from error
            if not isinstance(values, dict):
                raise UsageError(f"{file}:{number} is not a JSON object.")
            key = next((str(values[name]) for name in _KEYS if values.get(name) is not None), str(number))
            yield Row(key=key, content=digest("row", values), values=values)


def _check(file: Path) -> int:
    """How many rows there are. Raises UsageError for a line that is none, and for a key that stands twice."""
    try:
        keys = Counter(row.key for row in _rows(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The batch file {str(file)!r} cannot be read: {error}.") from error
    twice = [key for key, number in keys.items() if number > 1]
    if twice:
        raise UsageError(
            f"Several rows have the key {twice[0]!r}.", hint="Give each row a `key` of its own, or none."
        )
    return len(keys)


def _done(output: Path) -> dict[str, str]:
    """Key to content of the rows that were answered; half a line at the end, from a crash, is cut off."""
    found: dict[str, str] = {}
    if not output.exists():
        return found
    whole = 0
    with output.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            with suppress(ValueError, KeyError, TypeError):  # a line of another program is left alone
                facts = json.loads(line)
                if "error" not in facts:  # a row that was refused is tried again
                    found[facts["key"]] = facts["content"]
    if whole < output.stat().st_size:
        os.truncate(output, whole)
    return found


def variables_of(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The variables of a row: under `variables`, or every key that means nothing else."""
    given = values.get("variables")
    if isinstance(given, Mapping):
        return given
    return {name: value for name, value in values.items() if name not in _OWN}
