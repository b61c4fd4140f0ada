"""The pointer of a view of the workspace at one release: it always stands there and never moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.errors import UsageError
from headrace.ship.releases import Head, Release, Releases

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.infer.prompts.base import Prompt
    from headrace.ledger.ledger import Ledger, Write


class PinnedReleases(Releases):
    """Gives one release whatever the environment's pointer says. What would mint another is refused."""

    def __init__(self, ledger: Ledger, release: Release, *, environment: str, actor: str) -> None:
        super().__init__(ledger, environment=environment, actor=actor)
        self._release = release
        # Kept answers about the pointer go by this name: they must not be those of the environment.
        self.ref = f"{self.ref}@{release.digest}"

    def head(self, conn: Connection) -> Head:
        """The release."""
        return Head(1, self._release)

    def is_decided(self, conn: Connection) -> bool:
        """It is: files and configuration decide nothing here."""
        return True

    def history(self, conn: Connection) -> list[Release]:
        """The release alone."""
        return [self._release]

    def pin(self, *, model: str, prompt: Mapping[str, str], version: Prompt | None = None) -> str:
        """The release; it was chosen for this model and prompt."""
        return self._release.digest

    def serve(self, tx: Write, corpus: str, generation: str, *, reason: str) -> None:
        """Refused."""
        raise self._refusal()

    def serve_prompts(
        self,
        tx: Write,
        prompts: Mapping[str, str],
        *,
        schemas: Mapping[str, Mapping[str, Any]],
        models: Mapping[str, str],
        reason: str,
    ) -> str:
        """Refused."""
        raise self._refusal()

    def _refusal(self) -> UsageError:
        return UsageError(
            f"A view at release {self._release.digest!r} changes nothing of what serves.",
            hint="Use the workspace itself.",
        )
