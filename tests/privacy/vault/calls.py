"""A vault over a real ledger, and calls for it."""

from __future__ import annotations

from pathlib import Path

from headrace.infer.gateway.base import CallRequest, Retrieved, VaultPolicy
from headrace.ledger.erasure.keyring import Keyring
from headrace.ledger.ledger import Ledger
from headrace.privacy.config import PrivacyConfig
from headrace.privacy.engine import Engine
from headrace.privacy.vault.shield import VaultShield
from headrace.privacy.vault.vault import Vault

DAY_US = 86_400_000_000
ENGINE = Engine()


def vault_of(ledger: Ledger, root: Path, *, ttl_us: int = 30 * DAY_US, engine: Engine = ENGINE) -> Vault:
    """A vault with keys below `root`."""
    return Vault(ledger, Keyring(root / "keys", ledger), lambda: engine, ttl_us=ttl_us, actor="tester")


def call(
    session: str | None = "one",
    *,
    subject: str | None = None,
    vault: VaultPolicy = "on",
    documents: tuple[str, ...] = (),
) -> CallRequest:
    """A call of a session."""
    retrieved = [Retrieved(corpus="docs", document=name, revision="r", chunk_id="c") for name in documents]
    return CallRequest(
        messages=[],
        model="m",
        session=session,
        subject=subject,
        vault=vault,
        retrieved=retrieved,
        trace_id="t1",
    )


def opened(vault: Vault, request: CallRequest) -> VaultShield:
    """The shield of a call that the vault guards."""
    shield = vault.shield(request)
    assert isinstance(shield, VaultShield)
    return shield


def engine_without_names() -> Engine:
    """Nothing looks for names."""
    return Engine(PrivacyConfig(names=False))
