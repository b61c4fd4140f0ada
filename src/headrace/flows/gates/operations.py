"""`workspace.gates`: the operations on gates, one call each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.gates.parts import GateParts
    from headrace.ingest.gates.declared import DeclaredGate
    from headrace.records.gate_report import GateDistributions
    from headrace.records.gates import GateList, GateVerdict
    from headrace.records.quarantine import DecisionReport, Quarantine, QuarantineDetail, ReplayReport


@dataclass(frozen=True, slots=True)
class GateOperations:
    """What can be done with the gates of a workspace."""

    _parts: GateParts

    @property
    def quarantine(self) -> QuarantineOperations:
        """The operations on what gates keep out: list, show, release, reject, replay."""
        return QuarantineOperations(self._parts)

    def list(self, corpus: str | None = None) -> GateList:
        """Every gate: those a corpus declares, in its order, then the others. Raises NotFoundError."""
        from headrace.flows.gates.listing import list_gates

        declared = self._parts.declared
        chosen = declared if corpus is None else {self._parts.corpus(corpus): declared[corpus]}
        return list_gates(chosen)

    def test(self, path: str | os.PathLike[str], *, corpus: str | None = None) -> Sequence[GateVerdict]:
        """Parse a file as a sync would and say what each gate makes of it; nothing is stored.

        The gates are those of the corpus, or where it declares none, every built-in one with its defaults.
        Raises UsageError for a file that cannot be read, ParseError and LimitExceeded for one that cannot be
        parsed.
        """
        from headrace.flows.gates.testing import test_file

        return test_file(self._parts.parser(), self._opened(corpus), path)

    def test_text(self, text: str, *, name: str, corpus: str | None = None) -> Sequence[GateVerdict]:
        """The same for a text given as the content of a file called `name`."""
        from headrace.flows.gates.testing import test_content

        gates = self._opened(corpus)
        return test_content(self._parts.parser(), gates, text.encode(), name=name, modified_at_us=None)

    def report(self, corpus: str | None = None) -> GateDistributions:
        """How the documents fare with each gate: counts, scores, reasons, examples. Raises NotFoundError."""
        from headrace.flows.gates.report import report

        return report(self._parts, corpus=corpus)

    def report_page(self, corpus: str | None = None) -> str:
        """The same as one HTML page that loads nothing else."""
        from headrace.flows.gates.page import page

        return page(self.report(corpus))

    def replay(
        self, *, corpus: str | None = None, gate: str | None = None, apply: bool = False
    ) -> ReplayReport:
        """Say which documents the gates, as they are declared now, let in and withdraw; `apply` moves them.

        Raises NotFoundError, UsageError for `gate` with `apply`.
        """
        from headrace.flows.gates.replay import replay

        return replay(self._parts, corpus=corpus, gate=gate, apply=apply)

    def _opened(self, corpus: str | None) -> Sequence[DeclaredGate]:
        return self._parts.opened(self._parts.corpus(corpus))


@dataclass(frozen=True, slots=True)
class QuarantineOperations:
    """What can be done with documents that gates keep out. They are named by id, URI or `corpus/URI`."""

    _parts: GateParts

    def list(
        self, *, corpus: str | None = None, gate: str | None = None, state: str = "waiting"
    ) -> Quarantine:
        """What gates keep out; `state` is waiting, dropped, released, rejected or all.

        Raises NotFoundError, UsageError.
        """
        from headrace.flows.gates.quarantine import quarantine

        return quarantine(self._parts, corpus=corpus, gate=gate, state=state)

    def show(
        self, item: str, *, corpus: str | None = None, access: Sequence[str] | None = None
    ) -> QuarantineDetail:
        """One item with every verdict and the text around the evidence, as far as it may be shown.

        With `access` the text is only shown of a document that these labels open; without, of any.
        Raises NotFoundError, UsageError.
        """
        from headrace.flows.gates.quarantine import show

        return show(self._parts, item, corpus=corpus, access=access)

    def release(self, items: Sequence[str], *, reason: str, corpus: str | None = None) -> DecisionReport:
        """Let these revisions in against the gates that keep them out, and sync. Raises NotFoundError,
        UsageError."""
        from headrace.flows.gates.quarantine import release

        return release(self._parts, items, reason=reason, corpus=corpus)

    def reject(self, items: Sequence[str], *, reason: str, corpus: str | None = None) -> DecisionReport:
        """Keep these revisions out for good; one that was released is withdrawn. Raises NotFoundError,
        UsageError."""
        from headrace.flows.gates.quarantine import reject

        return reject(self._parts, items, reason=reason, corpus=corpus)

    def replay(self, items: Sequence[str] = (), *, corpus: str | None = None) -> DecisionReport:
        """Have items judged again as they are now, by default all that wait. Raises NotFoundError,
        UsageError."""
        from headrace.flows.gates.quarantine import replay

        return replay(self._parts, items, corpus=corpus)
