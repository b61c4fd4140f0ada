"""Which model answers under a configured name: recorded, and a change of it is noticed."""

from __future__ import annotations

import asyncio

from headrace.ledger import artifacts, refs
from headrace.ledger.ledger import Ledger, Write


class ModelWatch:
    """Keeps a ref `answers/<provider>:<model>` to the id that the provider last said answered."""

    def __init__(self, ledger: Ledger, *, actor: str) -> None:
        self._ledger = ledger
        self._actor = actor
        self._known: dict[str, str] = {}

    async def changed(self, asked: str, answered: str) -> str | None:
        """The id that answered before, where it was another one."""
        known = self._known.get(asked)
        if known == answered:
            return None
        self._known[asked] = answered
        former = await asyncio.wrap_future(self._ledger.submit(lambda tx: self._note(tx, asked, answered)))
        return former if former not in (None, answered) else None

    def _note(self, tx: Write, asked: str, answered: str) -> str | None:
        name = f"answers/{asked}"
        row = refs.read(tx.conn, name)
        artifact = None if row is None else artifacts.get(tx.conn, row.artifact)
        former = None if artifact is None else str(artifact.body["model"])
        if former != answered:
            put = artifacts.put(tx, "answering_model", {"asked": asked, "model": answered})
            reason = "first answer" if former is None else f"it was {former}"
            refs.move(
                tx,
                name,
                put,
                expect=None if row is None else row.artifact,
                actor=self._actor,
                reason=reason,
            )
        return former
