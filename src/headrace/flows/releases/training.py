"""Requests behind training rows: those of the traces that rows of datasets came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headrace.flows.releases.shaping import Shaper

if TYPE_CHECKING:
    from headrace.flows.datasets.operations import DatasetOperations
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.ship.requests import RequestShape

_KINDS = ("call", "chat")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRows:
    """Rows of the newest version of each dataset; one without a trace tells nothing of its request."""

    datasets: DatasetOperations
    events: EventStore
    ledger: Ledger

    def shapes(self, limit: int) -> Iterator[RequestShape]:
        """What models were given where these rows were made, at most so many."""
        with self.ledger.read() as conn:
            shaper = Shaper(conn)
            for example, trace in self._traces(limit):
                for span in self.events.trace(trace):
                    if span.kind in _KINDS:
                        yield replace(shaper.shape(span), example=example)

    def _traces(self, limit: int) -> Iterator[tuple[str, str]]:
        """`DATASET/KEY` and a trace that the row came from."""
        left = limit
        for report in self.datasets.list().datasets:
            if report.version is None or left < 1:
                continue
            rows = self.datasets.show(report.dataset, limit=left).sample
            left -= len(rows)
            for row in rows:
                trace = row.provenance.get("trace")
                if isinstance(trace, str):
                    yield f"{report.dataset}/{row.key}", trace
