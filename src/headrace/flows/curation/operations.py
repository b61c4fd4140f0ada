"""`workspace.curation`: the operations on drafts made of traces, one call each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import UsageError

if TYPE_CHECKING:
    from headrace.curate.curation.deciding import Decision
    from headrace.flows.curation.parts import ReportParts
    from headrace.records.curation import CurationReport, CurationRun, Decided, ItemDetail, ItemList


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationOperations:
    """What can be done with the drafts of a workspace."""

    parts: ReportParts

    def run(self, *, again: bool = False) -> CurationRun:
        """Look at the traces that have news and draft what the rules say; then hand over what was accepted.

        Running twice adds nothing. `again` looks at the whole window anew, as after a change of rules.
        Raises LeaseHeld, StorageError.
        """
        from headrace.curate.curation.running import run

        return run(self.parts.curation, again=again)

    def list(
        self,
        *,
        states: Sequence[str] = ("new", "skipped"),
        kind: str | None = None,
        into: str | None = None,
        rule: str | None = None,
        limit: int = 50,
        texts: bool = True,
    ) -> ItemList:
        """Items, oldest first; those that wait, unless other states are named. Raises UsageError."""
        from headrace.flows.curation.listing import list_items

        _positive("limit", limit)
        return list_items(
            self.parts.curation, states=states, kind=kind, into=into, rule=rule, limit=limit, texts=texts
        )

    def show(self, item: str) -> ItemDetail:
        """One item: what would go into the golden set or dataset, and the traces behind it.

        Raises NotFoundError.
        """
        from headrace.flows.curation.listing import show_item

        return show_item(self.parts.curation, item)

    def next(
        self, *, kind: str | None = None, into: str | None = None, passed: Collection[str] = ()
    ) -> ItemDetail | None:
        """The item to decide next, without those that were `passed`; None when nothing waits."""
        from headrace.flows.curation.listing import next_item

        return next_item(self.parts.curation, kind=kind, into=into, passed=passed)

    def accept(self, *items: str, expected: str | None = None, note: str = "") -> Decided:
        """Take items into their golden set or dataset; `expected` replaces the text that stands there.

        All of them or none. Raises NotFoundError, UsageError.
        """
        from headrace.curate.curation.deciding import Decision

        return self._decide(items, Decision(verdict="accept", text=expected, note=note))

    def reject(self, *items: str, note: str = "") -> Decided:
        """Keep items out for good. Raises NotFoundError, UsageError."""
        from headrace.curate.curation.deciding import Decision

        return self._decide(items, Decision(verdict="reject", note=note))

    def merge(self, *items: str, into: str, note: str = "") -> Decided:
        """Say that another item stands for these. Raises NotFoundError, UsageError."""
        from headrace.curate.curation.deciding import Decision

        return self._decide(items, Decision(verdict="merge", into=into, note=note))

    def skip(self, *items: str, note: str = "") -> Decided:
        """Leave items for later: they come after the new ones. Raises NotFoundError, UsageError."""
        from headrace.curate.curation.deciding import Decision

        return self._decide(items, Decision(verdict="skip", note=note))

    def assign(self, *items: str, owner: str) -> Decided:
        """Say who looks after items. Raises NotFoundError, UsageError."""
        from headrace.curate.curation.deciding import assign
        from headrace.flows.curation.listing import items_of
        from headrace.records.curation import Decided

        shown = items_of(self.parts.curation, assign(self.parts.curation, items, owner))
        if not shown:
            raise UsageError("No item was named.", hint="`headrace curate list` names those that wait.")
        return Decided(state=shown[0].state, items=shown)

    def report(self, *, limit: int = 20, texts: bool = True) -> CurationReport:
        """Failures that are alike, what may cause them, and how soon anybody looks. Raises UsageError."""
        from headrace.flows.curation.patterns import report

        _positive("limit", limit)
        return report(self.parts, limit=limit, texts=texts)

    def _decide(self, items: Sequence[str], decision: Decision) -> Decided:
        from headrace.curate.curation.deciding import decide
        from headrace.flows.curation.listing import items_of
        from headrace.records.curation import Decided

        shown = items_of(self.parts.curation, decide(self.parts.curation, items, decision))
        return Decided(state=shown[0].state, items=shown)


def _positive(name: str, value: int) -> None:
    if value < 1:
        raise UsageError(f"`{name}` is {value}; it must be 1 or more.")
