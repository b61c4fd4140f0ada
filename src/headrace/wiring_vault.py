"""The parts of a workspace that stand around calls: the vault and the caches."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.config.durations import microseconds

if TYPE_CHECKING:
    from headrace.flows.cache.operations import CacheOperations
    from headrace.flows.vault.operations import VaultOperations
    from headrace.infer.cache.caching import OutputCache
    from headrace.infer.cache.eraser import CacheEraser
    from headrace.infer.cache.shadow import Shadow
    from headrace.infer.providers.config import ModelConfig
    from headrace.ledger.erasure.keyring import Keyring
    from headrace.privacy.vault.vault import Vault
    from headrace.wiring import Wiring

_NOT_SHAPING = frozenset({"api_key_env", "currency", "max_concurrency", "max_retries", "timeout_seconds"})


def open_vault(wiring: Wiring) -> Vault:
    """What hides and restores personal data in calls."""
    from headrace.privacy.vault.vault import Vault

    return Vault(
        wiring.ledger,
        keyring_of(wiring),
        lambda: wiring.privacy,
        ttl_us=microseconds(wiring.config.vault.ttl),
        actor=wiring.actor,
    )


def open_cache(wiring: Wiring) -> OutputCache:
    """Outputs of former calls."""
    from headrace.flows.cache.validity import still_valid
    from headrace.infer.cache.caching import OutputCache
    from headrace.infer.cache.opening import open_store
    from headrace.infer.cache.sealing import Sealing

    config = wiring.config.cache
    keyring = keyring_of(wiring)
    return OutputCache(
        config,
        store=open_store(wiring.config.storage.online, keyring),
        sealing=Sealing(keyring),
        identity=lambda model: identity(model, wiring.config.models),
        still_valid=lambda retrieved, access: still_valid(
            wiring.ledger, wiring.releases.pointer, retrieved, access
        ),
        ttl_us=microseconds(config.ttl),
        embed=lambda text: wiring._embedder(config.embedder).embed_query(text),
        personal=lambda text: [text[item.start : item.end].casefold() for item in wiring.privacy.scan(text)],
        shadow=lambda: wiring._shadow,
    )


def open_shadow(wiring: Wiring) -> Shadow:
    """The measured share of wrong semantic hits."""
    from headrace.infer.cache.shadow import Shadow

    config = wiring.config.cache
    return Shadow(
        wiring.ledger,
        threshold=config.threshold,
        embedder=wiring._embedder(config.embedder).fingerprint,
        rate=config.shadow_rate,
        limit=config.max_false_hit_rate,
    )


def cache_eraser(wiring: Wiring) -> CacheEraser:
    """Takes forgotten documents out of the cache; opens it only where one was made."""
    from headrace.infer.cache.eraser import CacheEraser
    from headrace.infer.cache.opening import exists
    from headrace.infer.cache.sealing import Sealing

    online = wiring.config.storage.online
    return CacheEraser(
        lambda: wiring.cache.store if exists(online) else None, lambda: Sealing(keyring_of(wiring))
    )


def vault_operations(wiring: Wiring) -> VaultOperations:
    """What `workspace.vault` is."""
    from headrace.flows.vault.operations import VaultOperations

    return VaultOperations(
        ledger=wiring.ledger,
        vault=lambda: wiring.shields,
        engine=lambda: wiring.privacy,
        ttl=wiring.config.vault.ttl,
        actor=wiring.actor,
    )


def cache_operations(wiring: Wiring) -> CacheOperations:
    """What `workspace.caches` is."""
    from headrace.flows.cache.operations import CacheOperations

    return CacheOperations(
        config=wiring.config.cache, cache=lambda: wiring.cache, shadow=lambda: wiring._shadow
    )


def keyring_of(wiring: Wiring) -> Keyring:
    """The keys of the workspace, shared with forgetting."""
    return wiring._forgetting.keyring


def identity(model: str, models: Mapping[str, ModelConfig]) -> Mapping[str, Any]:
    """What a model of a call stands for: another endpoint under the same name is another model."""
    declared = models.get(model.partition(":")[0])
    if declared is None:
        return {"model": model}
    facts = dataclasses.asdict(declared)
    return {"model": model, **{key: value for key, value in facts.items() if key not in _NOT_SHAPING}}
