"""How long it takes to read traces: lists, one trace, a search, hot and cold; and what a move costs.

    python bench/traces_reading.py --spans 2000000

Makes spans of four-span traces over 14 days (about 2 kB of text each), writes them straight into the store,
then asks for pages and traces at random, moves the oldest day into files, and asks those, too.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import headrace
from headrace.ledger.events.cold.moving import move_day
from headrace.ledger.events.encoding import DAY_NS, SPAN_COLUMNS, day_name, day_of
from headrace.ledger.events.sqlite_schema import prepare
from headrace.workspace import Workspace

DAYS = 14
_WORDS = [f"{first}{second}" for first in ("ba", "ce", "di", "fo", "gu", "ha") for second in "bdfgklmnprst"]
_MARKS = ", ".join("?" * len(SPAN_COLUMNS.split(", ")))


def main() -> None:
    """Make the spans, ask, print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spans", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, default=None, help="Where to put them; a fresh one without.")
    parser.add_argument("--json", type=Path, default=None, help="Write the figures to a file.")
    asked = parser.parse_args()
    root = asked.folder or Path(tempfile.mkdtemp(prefix="headrace-traces-"))
    try:
        figures = run(root, asked.spans)
    finally:
        if asked.folder is None:
            shutil.rmtree(root)
    print(f"{'what':<44}{'p50':>10}{'p95':>10}{'CPU p50':>10}")
    for name, value in figures.items():
        numbers = value if isinstance(value, list) else [value]
        print(f"{name:<44}" + "".join(f"{number:>10,.1f}" for number in numbers))
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


def run(root: Path, spans: int) -> dict[str, object]:
    """Everything, in one go."""
    (root / "docs").mkdir(parents=True)
    (root / "headrace.toml").write_text('[corpus.docs]\nsources = ["docs"]\nrecipe.embedder = "hash"\n')
    folder = root / ".headrace" / "events"
    folder.mkdir(parents=True)
    chance = random.Random(7)
    today = day_of(time.time_ns())
    begun = time.monotonic()
    traces: list[str] = []
    for day in range(today - DAYS + 1, today + 1):
        traces += _fill(folder, day, spans // DAYS // 4, chance)
    print(f"{spans:,} spans in {time.monotonic() - begun:.0f} s")
    size = sum(path.stat().st_size for path in folder.iterdir())
    with headrace.open(root) as workspace:
        return {
            "bytes a span, hot": size / spans,
            **_ask(workspace, traces, chance),
            **_cold(workspace, today),
        }


def _ask(workspace: Workspace, traces: list[str], chance: random.Random) -> dict[str, object]:
    reading = workspace.traces
    page = reading.list(limit=50).next
    return {
        "list, first page of 50, ms": timed(lambda: reading.list(limit=50)),
        "list, second page, ms": timed(lambda: reading.list(limit=50, after=page)),
        "list, of a session, ms": timed(
            lambda: reading.list(limit=50, session=f"s-{chance.randrange(5000)}")
        ),
        "list, errors, ms": timed(lambda: reading.list(limit=50, status="error")),
        "list, a model in 1 of 1,000, ms": timed(lambda: reading.list(limit=50, model="m-rare"), 10),
        "show, ms": timed(lambda: reading.show(chance.choice(traces))),
        "search, a word in 1 of 20,000, ms": timed(lambda: reading.search("zanzibar", limit=5), 3),
    }


def _cold(workspace: Workspace, today: int) -> dict[str, object]:
    events, day = workspace.events, today - DAYS + 1
    keys = events.hot.keys([day])[day]
    begun, used = time.monotonic(), time.process_time()
    moved = move_day(events.cold, events.hot, day, keys)
    seconds, busy = time.monotonic() - begun, time.process_time() - used
    cold = [trace for trace, _ in list(keys)[:2000]]
    chance = random.Random(8)
    before = f"{day_name(day + 1)}T00:00:00Z"
    return {
        "moved, spans/s": moved.spans / seconds,
        "moved, spans a CPU second": moved.spans / busy,
        "bytes a span, cold": moved.bytes / moved.spans,
        "show, cold, ms": timed(lambda: workspace.traces.show(chance.choice(cold))),
        "list, cold page of 50, ms": timed(lambda: workspace.traces.list(limit=50, until=before), 10),
        "search a cold day, ms": timed(lambda: workspace.traces.search("zanzibar", limit=5, until=before), 5),
    }


def timed(work: Callable[[], object], times: int = 40) -> list[float]:
    """Milliseconds at the median and at 95 %, and of the processor at the median."""
    work()
    taken, busy = [], []
    for _ in range(times):
        begun, used = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
        busy.append((time.process_time() - used) * 1000)
    high = sorted(taken)[int(len(taken) * 0.95)]
    return [round(statistics.median(taken), 2), round(high, 2), round(statistics.median(busy), 2)]


def _fill(folder: Path, day: int, traces: int, chance: random.Random) -> list[str]:
    connection = sqlite3.connect(folder / f"{day_name(day)}.sqlite", isolation_level=None)
    prepare(connection)
    for pragma in ("journal_mode=WAL", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    said = [
        json.dumps({"input": _words(chance, 240), "output": _words(chance, 120)}, separators=(",", ":"))
        for _ in range(3000)
    ]
    ids: list[str] = []
    start = day * DAY_NS
    latest = min(start + DAY_NS, time.time_ns()) - 1
    connection.execute("BEGIN")
    for number in range(traces):
        end = start + (latest - start) * (number + 1) // (traces + 1)
        rows = _trace(end, number, said, chance)
        ids.append(rows[0][0])
        connection.executemany(f"INSERT INTO spans ({SPAN_COLUMNS}) VALUES ({_MARKS})", rows)
        ref = (f"docs/{number % 700}.md", rows[1][6], rows[1][0], rows[1][1], "retrieved", "search")
        connection.execute("INSERT INTO span_refs VALUES (?, ?, ?, ?, ?, ?)", ref)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return ids


def _words(chance: random.Random, number: int) -> str:
    return " ".join(chance.choices(_WORDS, k=number))


def _trace(end: int, number: int, said: list[str], chance: random.Random) -> list[tuple[Any, ...]]:
    trace, root = chance.randbytes(16).hex(), chance.randbytes(8).hex()
    rows = []
    for place, kind in enumerate(("ask", "search", "chat", "tool")):
        own = root if place == 0 else chance.randbytes(8).hex()
        chat = kind == "chat"
        text = chance.choice(said)
        if number % 20_000 == 7:
            text = text.replace('"input":"', '"input":"zanzibar ')
        status = "error" if number % 50 == 3 and place == 3 else "ok"
        model = ("m-rare" if number % 1000 == 5 else "m-1") if chat else None
        times = (end - 900_000_000 + place * 1000, end - place * 1000)
        facts = (trace, own, None if place == 0 else root, f"{kind} docs", kind, *times, status, None)
        named = (None, None, model, None, f"s-{number % 5000}", f"sub_{number % 3000}", "shop")
        cost = (900, 120, 2100, "USD") if chat else (None,) * 4
        refs = f'[["retrieved","docs/{number % 700}.md"]]' if kind == "search" else "[]"
        rows.append((*facts, *named, *cost, text, refs))
    return rows


if __name__ == "__main__":
    main()
