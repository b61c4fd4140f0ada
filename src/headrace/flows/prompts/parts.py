"""What the prompt operations work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headrace.infer.prompts.base import Prompt
    from headrace.infer.providers.config import ModelConfig
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.ship.releases import Releases


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptParts:
    """Stores and settings of one workspace; what costs to open is a callable."""

    ledger: Ledger
    releases: Releases
    events: Callable[[], EventStore]
    root: Path
    """The folder of the workspace."""
    models: Mapping[str, ModelConfig]
    default_model: str
    """For prompts that name none."""
    answering: str
    """The prompt of `ask`, which is released by asking."""
    actor: str

    @property
    def folder(self) -> Path:
        """Where prompt files lie."""
        return self.root / "prompts"

    def models_of(self, prompt: Prompt) -> dict[str, str]:
        """Models that calls of a prompt may take, to their identities. Raises ConfigError."""
        from headrace.infer.models.identity import model_identity

        named = (prompt.model or self.default_model, *prompt.fallbacks)
        return {name: model_identity(name, models=self.models) for name in named}
