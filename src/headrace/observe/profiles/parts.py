"""What the operations on profiles work with; the workspace puts it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError

if TYPE_CHECKING:
    from headrace.infer.schemas.base import Schema
    from headrace.infer.schemas.chain import Chain
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.ledger.ledger import Ledger
    from headrace.observe.profiles.config import ProfileConfig
    from headrace.privacy.vault.single import SingleKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileParts:
    """One workspace with everything that profiles need."""

    ledger: Ledger
    keyring: Keyring
    keys: SingleKeys
    configs: Mapping[str, ProfileConfig]
    """Kinds of profiles by name."""
    keep_us: Mapping[str, int | None]
    """How long each kind is kept after its last change; None is for ever."""
    schema: Callable[[str], Schema]
    """The schema of a name, as its file says now."""
    chain: Callable[[str], Chain]
    """Its migrations."""
    actor: str

    def config(self, name: str) -> ProfileConfig:
        """A kind of profile. Raises NotFoundError."""
        try:
            return self.configs[name]
        except KeyError:
            hint = 'Kinds are declared in headrace.toml: [profiles.NAME] with schema = "…".'
            raise NotFoundError("kind of profile", name, known=sorted(self.configs), hint=hint) from None
