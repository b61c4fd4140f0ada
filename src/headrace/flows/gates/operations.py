"""`workspace.gates`: the operations on gates, one call each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.ingest.gates.declared import GateSpec
    from headrace.ingest.parsing.pool import ParsePool
    from headrace.records.gates import GateList, GateVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOperations:
    """What can be done with the gates of a workspace."""

    declared: Mapping[str, Sequence[GateSpec]]
    """By corpus, in the order of the file."""
    corpus: Callable[[str | None], str]
    """The corpus of a name, or the only one. Raises NotFoundError, UsageError."""
    parser: Callable[[], ParsePool]

    def list(self, corpus: str | None = None) -> GateList:
        """Every gate: those a corpus declares, in its order, then the others. Raises NotFoundError."""
        from headrace.flows.gates.listing import list_gates

        chosen = self.declared if corpus is None else {self.corpus(corpus): self.declared[corpus]}
        return list_gates(chosen)

    def test(self, path: str | os.PathLike[str], *, corpus: str | None = None) -> Sequence[GateVerdict]:
        """Parse a file as a sync would and say what each gate makes of it; nothing is stored.

        The gates are those of the corpus, or where it declares none, every built-in one with its defaults.
        Raises UsageError for a file that cannot be read, ParseError and LimitExceeded for one that cannot be
        parsed.
        """
        from headrace.flows.gates.testing import test_file

        return test_file(self.parser(), self._specs(corpus), path)

    def test_text(self, text: str, *, name: str, corpus: str | None = None) -> Sequence[GateVerdict]:
        """The same for a text given as the content of a file called `name`."""
        from headrace.flows.gates.testing import test_content

        return test_content(self.parser(), self._specs(corpus), text.encode(), name=name, modified_at_us=None)

    def _specs(self, corpus: str | None) -> Sequence[GateSpec]:
        return self.declared[self.corpus(corpus)]
