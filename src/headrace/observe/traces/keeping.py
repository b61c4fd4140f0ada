"""Move old spans to files, and delete what was kept for long enough; what is held stays where it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from headrace.ledger import holds, leases
from headrace.ledger.events.cold import catalog
from headrace.ledger.events.cold.catalog import ColdFile
from headrace.ledger.events.cold.files import COLUMNS, read_rows, write_rows
from headrace.ledger.events.cold.moving import Moved, move_day, put, rewrite_file, sweep
from headrace.ledger.events.encoding import BRIEF_COLUMNS, day_name, day_of
from headrace.ledger.events.tiered import LEASE, TieredEvents
from headrace.ledger.holds import Hold
from headrace.observe.traces.rules import KeepRules
from headrace.records.traces import ArchivedDay, ArchiveReport

_BRIEF = BRIEF_COLUMNS.split(", ")
_PLACES = [COLUMNS.index(name) for name in _BRIEF]

Brief = Sequence[Any]
"""A span in the order of BRIEF_COLUMNS."""
PromptNames = Callable[[], Mapping[str, str]]
"""Digest of a version to the name of its prompt."""


def archive(
    events: TieredEvents, config: KeepRules, *, prompt_names: PromptNames, now_ns: int | None = None
) -> ArchiveReport:
    """Do what `[traces.keep]` says, as of now. Raises LeaseHeld while somebody else does it."""
    today = day_of(time.time_ns() if now_ns is None else now_ns)
    started = time.monotonic()
    with leases.held(events.cold.ledger, LEASE):
        sweep(events.cold)
        with events.cold.ledger.read() as conn:
            held = list(holds.find(conn))
        rules = _Rules(config, dict(prompt_names()), held, today)
        moved = [
            (day, move_day(events.cold, events.hot, day, rules.to_move(events.hot.brief(day), day)))
            for day in events.hot.days()
            if today - day > config.shortest_hot
        ]
        ended = [_end(events, file, rules) for file in _old_files(events, config, today)]
    return ArchiveReport(
        moved=sum(found.spans for _, found in moved),
        bytes=sum(found.bytes for _, found in moved),
        days=tuple(_day(day, found) for day, found in moved if found.spans),
        archived=sum(archived for archived, _ in ended),
        deleted=sum(deleted for _, deleted in ended),
        held=rules.spared,
        seconds=round(time.monotonic() - started, 3),
    )


class _Rules:
    """What the rules say of the spans of a day."""

    def __init__(self, config: KeepRules, names: Mapping[str, str], held: Sequence[Hold], today: int) -> None:
        self.config = config
        self.spared = 0
        """Spans that would have gone and are held."""
        self._names = names
        self._holds = held
        self._today = today

    def to_move(self, rows: Sequence[Brief], day: int) -> list[tuple[str, str]]:
        """Spans that leave the event store."""
        return [key for key, rule in self._ripe(rows) if self._today - day > rule[0]]

    def to_end(self, rows: Sequence[Brief], day: int) -> set[tuple[str, str]]:
        """Spans that were kept for long enough."""
        return {key for key, rule in self._ripe(rows) if self._today - day > rule[1]}

    def _ripe(self, rows: Sequence[Brief]) -> list[tuple[tuple[str, str], tuple[int, int]]]:
        features: dict[str, set[tuple[str, str]]] = {}
        users: dict[str, str] = {}
        for row in rows:
            features.setdefault(row[0], set()).update(self._features(row))
            if row[7] is not None:
                users[row[0]] = row[7]
        held = {row[0] for row in rows if self._is_held(row, users.get(row[0]))} if self._holds else set()
        self.spared += sum(row[0] in held for row in rows)
        rules = {trace: self.config.of(found) for trace, found in features.items()}
        return [((row[0], row[1]), rules[row[0]]) for row in rows if row[0] not in held]

    def _is_held(self, row: Brief, subject: str | None) -> bool:
        return any(hold.covers(row[0], subject, row[2]) for hold in self._holds)

    def _features(self, row: Brief) -> set[tuple[str, str]]:
        _, _, _, kind, name, service, prompt, _ = row
        found = set()
        if service:
            found.add(("service", service))
        elif kind in ("search", "ask"):
            found.add(("corpus", str(name).partition(" ")[2]))
        if prompt in self._names:
            found.add(("prompt", self._names[prompt]))
        return found


def _old_files(events: TieredEvents, config: KeepRules, today: int) -> list[ColdFile]:
    return [file for file in events.cold.named() if today - file.day > config.shortest_cold]


def _end(events: TieredEvents, file: ColdFile, rules: _Rules) -> tuple[int, int]:
    """Archive or delete what a file holds too long; gives how many spans of each."""
    rows = read_rows(events.cold.files, file)
    gone = rules.to_end([[row[place] for place in _PLACES] for row in rows], file.day)
    if not gone:
        return 0, 0
    if rules.config.then == "delete":
        return 0, rewrite_file(events.cold, file, lambda row: None if (row[0], row[1]) in gone else row)
    if len(gone) == len(rows):
        events.cold.ledger.write(lambda tx: catalog.set_state(tx, file.path, "archived"))
        return len(gone), 0
    return _split(events, file, rows, gone), 0


def _split(
    events: TieredEvents, file: ColdFile, rows: Sequence[Sequence[Any]], gone: set[tuple[str, str]]
) -> int:
    files = events.cold.files
    old = write_rows(files, file.day, [row for row in rows if (row[0], row[1]) in gone], state="archived")
    rest = write_rows(files, file.day, [row for row in rows if (row[0], row[1]) not in gone])
    put(events.cold, add=[*old, *rest], remove=[file])
    return len(gone)


def _day(day: int, found: Moved) -> ArchivedDay:
    return ArchivedDay(day=day_name(day), spans=found.spans, bytes=found.bytes)
