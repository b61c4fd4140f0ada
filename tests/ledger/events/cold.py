"""A store over hot and cold spans, for tests."""

from __future__ import annotations

from pathlib import Path

from headrace.ledger.blobs import open_files
from headrace.ledger.events.cold.reading import ColdSpans
from headrace.ledger.events.opening import open_events
from headrace.ledger.events.tiered import TieredEvents
from headrace.ledger.ledger import Ledger


def tiered(url: str, ledger: Ledger, folder: Path) -> TieredEvents:
    """Hot spans under a URL, cold ones in a folder."""
    return TieredEvents(open_events(url), ColdSpans(ledger=ledger, files=open_files(str(folder))))
