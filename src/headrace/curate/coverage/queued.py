"""Accepted drafts as cases, for a workspace without a golden set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace.curate.curation.parts import CurationParts
from headrace.curate.curation.sealed import opened
from headrace.ledger import curation
from headrace.records.coverage import CaseScale, CaseText


class QueuedCases:
    """The cases that were accepted in the queue."""

    def __init__(self, parts: CurationParts) -> None:
        self._parts = parts

    def texts(self) -> Sequence[CaseText]:
        """Their questions."""
        with self._parts.ledger.read() as conn:
            rows = curation.find(conn, states=curation.ACCEPTED, kind="case")
        bodies = ((row.id, opened(self._parts.keyring, row)) for row in rows)
        return [CaseText(id=name, text=str(body["question"])) for name, body in bodies if body]

    def scores(self) -> Mapping[str, float]:
        """None: nothing runs on them yet."""
        return {}

    def scale(self) -> CaseScale | None:
        """None, for the same reason."""
        return None
