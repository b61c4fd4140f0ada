"""The environment's one pointer: every change of what serves mints a release and moves it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headrace.ledger import artifacts, generations, lineage, refs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A pinned bundle; its digest is on every call."""

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


class Releases:
    """Reads and moves the pointer of one environment."""

    def __init__(self, ledger: Ledger, *, environment: str, actor: str) -> None:
        self._ledger = ledger
        self._actor = actor
        self.environment = environment
        self.ref = f"environment/{environment}"
        self._cache: dict[str, Release] = {}
        self._lock = threading.Lock()

    def of(self, environment: str) -> Releases:
        """The pointer of another environment of this ledger."""
        if environment == self.environment:
            return self
        return Releases(self._ledger, environment=environment, actor=self._actor)

    def current(self, conn: Connection) -> Release | None:
        """The release that serves, in the caller's snapshot of the ledger."""
        row = refs.read(conn, self.ref)
        return None if row is None else self.load(conn, row.artifact)

    def history(self, conn: Connection) -> list[Release]:
        """Every release that ever served, newest first, each once."""
        digests = list(dict.fromkeys(row.artifact for row in reversed(refs.history(conn, self.ref))))
        with self._lock:
            unknown = [digest for digest in digests if digest not in self._cache]
        for digest, artifact in artifacts.get_many(conn, unknown).items():
            with self._lock:
                self._cache[digest] = _release(digest, artifact.body)
        found = (self.load(conn, digest) for digest in digests)
        return [release for release in found if release is not None]

    def load(self, conn: Connection, digest: str) -> Release | None:
        """A release by its digest."""
        with self._lock:
            cached = self._cache.get(digest)
        if cached is not None:
            return cached
        artifact = artifacts.get(conn, digest)
        if artifact is None:
            return None
        release = _release(digest, artifact.body)
        with self._lock:
            self._cache[digest] = release
        return release

    def generation(self, conn: Connection, corpus: str) -> str | None:
        """The generation of a corpus that serves."""
        return self.pointer(conn, corpus)[1]

    def pointer(self, conn: Connection, corpus: str) -> tuple[str | None, str | None]:
        """Digest of the release that serves, and the generation it gives a corpus."""
        release = self.current(conn)
        if release is None:
            return None, None
        return release.digest, release.corpora.get(corpus, {}).get("generation")

    def serve(self, tx: Write, corpus: str, generation: str, *, reason: str) -> None:
        """Mint the release in which a corpus is served by this generation, and move the pointer to it."""
        row = generations.get(tx.conn, generation)
        recipe = "" if row is None else row.recipe
        release = self.current(tx.conn)
        body = _body(release)
        body["corpora"] = {**body["corpora"], corpus: {"generation": generation, "recipe": recipe}}
        self._move(tx, release, body, reason=f"{corpus}: {reason}")

    def serve_prompts(
        self,
        tx: Write,
        prompts: Mapping[str, str],
        *,
        schemas: Mapping[str, Mapping[str, Any]],
        models: Mapping[str, str],
        reason: str,
    ) -> str:
        """Mint the release in which calls take these versions, others stay, and move the pointer to it."""
        release = self.current(tx.conn)
        body = _body(release)
        for key, given in (("prompts", prompts), ("schemas", schemas), ("models", models)):
            body[key] = {**body.get(key, {}), **given}
        return self._move(tx, release, body, reason=reason)

    def pin(self, *, model: str, prompt: Mapping[str, str]) -> str:
        """Make sure that the serving release names this model and prompt; returns its digest.

        A workspace that never made a release has an implicit one, minted here as things change.
        """
        with self._ledger.read() as conn:
            release = self.current(conn)
        if release is not None and release.model == model and release.prompt == dict(prompt):
            return release.digest
        return self._ledger.write(lambda tx: self._pin(tx, model, dict(prompt)))

    def _pin(self, tx: Write, model: str, prompt: Mapping[str, str]) -> str:
        release = self.current(tx.conn)
        body = _body(release)
        changed = [name for name, value in (("model", model), ("prompt", prompt)) if body[name] != value]
        body |= {"model": model, "prompt": dict(prompt)}
        return self._move(tx, release, body, reason=f"{' and '.join(changed) or 'nothing'} changed")

    def _move(self, tx: Write, former: Release | None, body: dict[str, Any], *, reason: str) -> str:
        digest = artifacts.put(tx, "release", body)
        refs.move(
            tx,
            self.ref,
            digest,
            expect=None if former is None else former.digest,
            actor=self._actor,
            reason=reason,
        )
        edges = [
            lineage.Edge(
                source=part["generation"], target=digest, activity="released", attributes={"corpus": corpus}
            )
            for corpus, part in body["corpora"].items()
        ]
        edges += [
            lineage.Edge(source=version, target=digest, activity="released", attributes={"prompt": name})
            for name, version in body.get("prompts", {}).items()
        ]
        lineage.link(tx, edges)
        return digest


def _body(release: Release | None) -> dict[str, Any]:
    if release is None:
        return {"corpora": {}, "model": None, "prompt": None}
    body: dict[str, Any] = {
        "corpora": {name: dict(part) for name, part in release.corpora.items()},
        "model": release.model,
        "prompt": None if release.prompt is None else dict(release.prompt),
    }
    later = {
        "prompts": dict(release.prompts),
        "schemas": {name: dict(part) for name, part in release.schemas.items()},
        "models": dict(release.models),
    }
    # Left out while empty, as in releases that were made before there were such keys.
    return body | {key: value for key, value in later.items() if value}


def _release(digest: str, body: Mapping[str, Any]) -> Release:
    return Release(
        digest=digest,
        corpora=body["corpora"],
        model=body["model"],
        prompt=body["prompt"],
        prompts=body.get("prompts", {}),
        schemas=body.get("schemas", {}),
        models=body.get("models", {}),
    )
