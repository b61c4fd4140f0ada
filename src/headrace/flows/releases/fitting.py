"""Whether a release can still be served as it was pinned: what is gone, and what is otherwise by now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headrace.errors import ConfigError
from headrace.infer.models.identity import answering_identity, model_identity
from headrace.infer.prompts.store import get_version
from headrace.ledger import generations
from headrace.ledger.identity import digest
from headrace.ship.releases import Release

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.releases.parts import ReleaseParts

POLICY = "policy"


def missing(conn: Connection, release: Release) -> list[str]:
    """What a release pins and the ledger or the index no longer has: it cannot serve."""
    return [*_missing_generations(conn, release), *_missing_prompts(conn, release)]


def differing(parts: ReleaseParts, release: Release) -> list[str]:
    """What the configuration has otherwise than a release pins: a pointer alone cannot bring it back."""
    return [*_models(parts, release), *_settings(parts, release)]


def pending(parts: ReleaseParts, release: Release) -> list[str]:
    """What files and configuration say of `ask` otherwise than the release that decides it."""
    asking = parts.asking()
    pinned = release.prompt or {}
    facts = [
        ("[ask] model", asking.model, release.ask.get("model", asking.model)),
        ("[ask] k", asking.k, release.ask.get("k", asking.k)),
        (f"prompt {asking.prompt.name!r}", asking.prompt.digest, pinned.get("digest", asking.prompt.digest)),
    ]
    return [f"{name} is {now}; {pin} is released" for name, now, pin in facts if now != pin]


def _missing_generations(conn: Connection, release: Release) -> Iterator[str]:
    for corpus, part in release.corpora.items():
        found = generations.get(conn, part["generation"])
        if found is None:
            yield f"generation {part['generation']!r} of corpus {corpus!r} does not exist"
        elif found.pruned_at_us is not None:
            yield f"generation {corpus}/{found.ordinal} ({found.id}) was pruned: its files are gone"


def _missing_prompts(conn: Connection, release: Release) -> Iterator[str]:
    pinned = dict(release.prompts)
    if release.prompt is not None:
        pinned.setdefault(release.prompt["name"], release.prompt["digest"])
    for name, version in pinned.items():
        if get_version(conn, name, version) is None:
            yield f"version {version!r} of prompt {name!r} is not in the ledger"


def _models(parts: ReleaseParts, release: Release) -> Iterator[str]:
    pinned = [(model, identity, model_identity) for model, identity in release.models.items()]
    name = release.ask.get("model")
    if name and release.model:
        pinned.append((name, release.model, answering_identity))
    for model, identity, meaning in pinned:
        try:
            now = meaning(model, models=parts.prompts.models)
        except ConfigError:
            yield f"model {model!r} is not configured; pinned is {identity}"
            continue
        if now != identity:
            yield f"model {model!r} is {now}; pinned is {identity}"


def _settings(parts: ReleaseParts, release: Release) -> Iterator[str]:
    if release.policy and digest(POLICY, dict(parts.policy())) != release.policy:
        yield "[privacy] or [vault] is otherwise than pinned"
    views = parts.features() if release.features else {}
    for view, pinned in release.features.items():
        if views.get(view) != pinned:
            yield f"feature view {view!r} is {views.get(view) or 'not there'}; pinned is {pinned}"
    reranker = parts.asking().reranker if release.ask else None
    if release.ask and release.ask.get("reranker") != reranker:
        pinned_as = release.ask.get("reranker") or "none"
        yield f"[ask] reranker is {reranker or 'none'}; pinned is {pinned_as}"
