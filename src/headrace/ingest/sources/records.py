"""Documents that are rows of a table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from headrace.errors import ReadError
from headrace.ingest.sources import cells
from headrace.ingest.sources.base import Place, RecordsConfig
from headrace.ingest.sources.files import Gathered, gather
from headrace.ingest.sources.opening import open_regular
from headrace.ingest.sources.patterns import Choice
from headrace.ingest.sources.rows import Row, Table, read_rows
from headrace.ingest.sources.uris import escape
from headrace.ingest.sources.walk import Found
from headrace.ledger.identity import digest
from headrace.records.document import Content, Listing, Observation, Scalar, SourceFailure, SourceItem

_MAX_FAILURES = 1000


@dataclass(slots=True)
class Seen:
    """What a listing has found so far."""

    items: list[SourceItem] = field(default_factory=list)
    failures: list[SourceFailure] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    failed: int = 0
    """Rows that failed; only the first thousand are kept one by one."""

    def fail(self, document: str, error: str) -> None:
        """Record a row that could not become a document."""
        self.failed += 1
        if self.failed <= _MAX_FAILURES:
            self.failures.append(SourceFailure(document=document, error=error))


class RecordsSource:
    """Lists the rows of one table, or of every table that a glob finds."""

    def __init__(self, config: RecordsConfig, *, place: Place) -> None:
        self.config = config
        self._root = os.path.abspath(place.root)
        self._media_type = "text/markdown" if config.format == "markdown" else "text/plain"
        named = (config.id, *config.text, config.title, *config.metadata, config.access, config.modified)
        self._columns = tuple(dict.fromkeys(column for column in named if column is not None))

    @property
    def name(self) -> str:
        """The configured path."""
        return self.config.path

    def list(self, known: Mapping[str, Observation]) -> Listing:
        """Every row that is there now; complete unless a table, or the id of a row, could not be read."""
        gathered = gather(self.name, root=self._root, include=Choice.of(()), exclude=Choice.of(()))
        seen = Seen(failures=gathered.failures, reasons=gathered.reasons)
        for found in sorted(gathered.files):
            self._list_table(found, gathered, seen)
        if seen.failed > _MAX_FAILURES:
            more = f"{seen.failed - _MAX_FAILURES} more rows could not be read"
            seen.failures.append(SourceFailure(document=self.name, error=more))
        return Listing(
            source=self.name,
            items=seen.items,
            complete=not seen.reasons,
            reason="; ".join(seen.reasons[:5]),
            failures=seen.failures,
        )

    def _list_table(self, found: Found, gathered: Gathered, seen: Seen) -> None:
        uri = gathered.uri_of(found.relative)
        first: dict[str, int] = {}
        hidden = 0
        try:
            for row in self._rows(found, gathered):
                if not self._list_row(row, uri, first, seen):
                    hidden += 1
        except ReadError as error:
            seen.failures.append(SourceFailure(document=uri, error=error.message))
            seen.reasons.append(error.message)
        if hidden:
            seen.reasons.append(f"{uri!r} has {hidden} rows whose id could not be read")

    def _rows(self, found: Found, gathered: Gathered) -> Iterator[Row]:
        """The rows, and at the end a check that every configured column occurred."""
        missing = set(self._columns)
        empty = True
        with open_regular(found.path, inside=gathered.inside, linked=found.linked) as file:
            table = Table(file, found.path, self._columns, self.config.max_bytes)
            for row in read_rows(table):
                if missing and not row.error:
                    missing.difference_update(row.values)
                empty = empty and bool(row.error)
                yield row
        if missing and not empty:
            raise ReadError(f"{found.path!r}: no row has {', '.join(map(repr, sorted(missing)))}.")

    def _list_row(self, row: Row, uri: str, first: dict[str, int], seen: Seen) -> bool:
        """Add a row's document or its failure; False when it could not even be told which document it is."""
        place = f"{uri}:{row.number}"
        if row.error:
            seen.fail(place, f"row {row.number}: {row.error}")
            return False
        try:
            name = cells.name(row.values.get(self.config.id))
        except ValueError as error:
            seen.fail(place, f"row {row.number}: {error}")
            return False
        if name is None:
            seen.fail(place, f"row {row.number}: no value in the id column {self.config.id!r}")
            return False
        document = f"{uri}#{escape(name)}"
        if first.setdefault(name, row.number) != row.number:
            seen.fail(document, f"row {row.number} has the same id as row {first[name]}, which was taken")
            return True
        try:
            seen.items.append(self._item(document, row.values))
        except ValueError as error:
            seen.fail(document, f"row {row.number}: {error}")
        return True

    def _item(self, uri: str, values: Mapping[str, object]) -> SourceItem:
        config = self.config
        text = self._text(values)
        metadata: dict[str, Scalar] = {
            column: cells.scalar(values[column]) for column in config.metadata if column in values
        }
        labels = None if config.access is None else cells.labels(values.get(config.access))
        modified_at_us = None if config.modified is None else cells.moment_us(values.get(config.modified))
        stamp = digest("row", [self._media_type, text, metadata, labels, modified_at_us])
        return SourceItem(
            uri=uri,
            stamp=stamp,
            read=partial(self._content, text),
            modified_at_us=modified_at_us,
            metadata=metadata,
            labels=labels,
        )

    def _text(self, values: Mapping[str, object]) -> str:
        parts = [cells.text(values[column]) for column in self.config.text if values.get(column) is not None]
        if not parts:
            raise ValueError(f"no text: {', '.join(map(repr, self.config.text))} missing or null")
        title = cells.text(values.get(self.config.title)) if self.config.title is not None else ""
        if title:
            line = " ".join(title.split())
            parts.insert(0, f"# {line}" if self.config.format == "markdown" else line)
        return "\n\n".join(part for part in parts if part)

    def _content(self, text: str) -> Content:
        return Content(data=text.encode(), media_type=self._media_type, charset="utf-8")
