"""What a release pins, and the value that its digest names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KIND = "release"

_FIRST = ("corpora", "model", "prompt")
"""Keys that every release has."""
_LATER = ("prompts", "schemas", "models", "ask", "resolved", "features", "policy", "contracts")
"""Left out while empty, so that releases of before there was such a key keep their digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A pinned bundle; its digest is on every call.

    A prompt's digest holds fast its text, model, sampling parameters, tools, few-shot set, schema, chat
    template and tokenizer; a generation's recipe its parser, gates, chunker and embedder.
    """

    digest: str
    corpora: Mapping[str, Mapping[str, str]]
    """Corpus to its `generation` and `recipe`."""
    model: str | None
    """Identity of the model that answers."""
    prompt: Mapping[str, str] | None
    """`name` and `digest` of the prompt that answers."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    """Name to the digest of the version that calls take."""
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Schemas of these prompts: name to `version` and `digest`."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Models that these prompts name, as configured, to the identity they had."""
    ask: Mapping[str, Any] = field(default_factory=dict)
    """How questions are answered: `model` as configured, `k`, `reranker`."""
    resolved: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Model as configured to `identity`, whether `pinned`, `how` that is known, and what `answered` last."""
    features: Mapping[str, str] = field(default_factory=dict)
    """Feature view to the digest of its declaration."""
    policy: str = ""
    """Digest of what `[privacy]` and `[vault]` say."""
    contracts: Mapping[str, str] = field(default_factory=dict)
    """Contract to its digest; empty, since nothing declares contracts yet."""


def body_of(release: Release | None) -> dict[str, Any]:
    """The value of a release, to be changed; of none: one that pins nothing."""
    if release is None:
        return {"corpora": {}, "model": None, "prompt": None}
    values = {name: _plain(getattr(release, name)) for name in (*_FIRST, *_LATER)}
    return tidy(values)


def tidy(body: Mapping[str, Any]) -> dict[str, Any]:
    """A value as it is stored."""
    return {name: value for name, value in body.items() if name in _FIRST or value}


def release_of(digest: str, body: Mapping[str, Any]) -> Release:
    """A stored release."""
    later = {name: body[name] for name in _LATER if name in body}
    return Release(
        digest=digest, corpora=body["corpora"], model=body["model"], prompt=body["prompt"], **later
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value
