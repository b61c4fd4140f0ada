"""`workspace.embeddings`: the operations on embedding runs, one call each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.flows.embedding.parts import EmbeddingParts
    from headrace.records.embedding import CheckReport, DeadLetters, RetryReport


@dataclass(frozen=True, slots=True)
class EmbeddingOperations:
    """What can be done about embeddings, beside syncing."""

    parts: EmbeddingParts

    def dead_letters(self, corpus: str | None = None) -> DeadLetters:
        """List the texts that an embedder refuses. Raises NotFoundError."""
        from headrace.flows.embedding.letters import dead_letters

        return dead_letters(self.parts, corpus)

    def retry(self, corpus: str | None = None) -> RetryReport:
        """Send refused texts again, in a sync of their corpus, and publish what succeeds."""
        from headrace.flows.embedding.letters import retry

        return retry(self.parts, corpus)

    def check(self, corpus: str | None = None) -> CheckReport:
        """Hold each embedder in use against its sentinel texts; passing lifts a block, a change sets one."""
        from headrace.flows.embedding.checks import check

        return check(self.parts, corpus)

    def history(self, corpus: str | None = None) -> CheckReport:
        """Read earlier checks, newest first."""
        from headrace.flows.embedding.checks import history

        return history(self.parts, corpus)

    def accept(self, corpus: str | None = None, *, reason: str) -> CheckReport:
        """Accept a harmless change of a blocked embedder, for a reason that is kept. Raises UsageError."""
        from headrace.flows.embedding.checks import accept

        return accept(self.parts, corpus, reason=reason)
