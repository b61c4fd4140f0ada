"""The environment's one pointer: every change of what serves mints a release and moves it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.infer.prompts.store import put_version
from headrace.ledger import artifacts, generations, lineage, refs, release_evidence
from headrace.ship.bundle import KIND, Release, body_of, release_of, tidy

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.infer.prompts.base import Prompt
    from headrace.ledger.ledger import Ledger, Write

__all__ = ["PREFIX", "Head", "Release", "Releases", "store"]

PREFIX = "environment/"
"""How the names of pointers begin."""


class Head(NamedTuple):
    """Where a pointer stands."""

    epoch: int
    """Rises by one with each move; 0 where there is no release."""
    release: Release | None


class Releases:
    """Reads and moves the pointer of one environment."""

    def __init__(self, ledger: Ledger, *, environment: str, actor: str) -> None:
        self._ledger = ledger
        self._actor = actor
        self.environment = environment
        self.ref = f"{PREFIX}{environment}"
        self._cache: dict[str, Release] = {}
        self._lock = threading.Lock()

    def of(self, environment: str) -> Releases:
        """The pointer of another environment of this ledger."""
        if environment == self.environment:
            return self
        return Releases(self._ledger, environment=environment, actor=self._actor)

    def head(self, conn: Connection) -> Head:
        """The release that serves and how often the pointer moved, in the caller's snapshot of the ledger."""
        row = refs.read(conn, self.ref)
        return Head(0, None) if row is None else Head(row.seq, self.load(conn, row.artifact))

    def current(self, conn: Connection) -> Release | None:
        """The release that serves, in the caller's snapshot of the ledger."""
        return self.head(conn).release

    def is_decided(self, conn: Connection) -> bool:
        """Whether a promotion or a rollback ever decided what serves.

        Before, the prompt and model of `ask` follow files and configuration; since, the release.
        """
        return release_evidence.is_decided(conn, self.environment)

    def history(self, conn: Connection) -> list[Release]:
        """Every release that ever served, newest first, each once."""
        digests = list(dict.fromkeys(row.artifact for row in reversed(refs.history(conn, self.ref))))
        with self._lock:
            unknown = [digest for digest in digests if digest not in self._cache]
        for digest, artifact in artifacts.get_many(conn, unknown).items():
            with self._lock:
                self._cache[digest] = release_of(digest, artifact.body)
        found = (self.load(conn, digest) for digest in digests)
        return [release for release in found if release is not None]

    def load(self, conn: Connection, digest: str) -> Release | None:
        """A release by its digest."""
        with self._lock:
            cached = self._cache.get(digest)
        if cached is not None:
            return cached
        artifact = artifacts.get(conn, digest)
        if artifact is None or artifact.kind != KIND:
            return None
        release = release_of(digest, artifact.body)
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
        body = body_of(release)
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
        body = body_of(release)
        for key, given in (("prompts", prompts), ("schemas", schemas), ("models", models)):
            body[key] = {**body.get(key, {}), **given}
        if body["prompt"] is not None and body["prompt"]["name"] in prompts:
            body["prompt"] = {"name": body["prompt"]["name"], "digest": prompts[body["prompt"]["name"]]}
        return self._move(tx, release, body, reason=reason)

    def pin(self, *, model: str, prompt: Mapping[str, str], version: Prompt | None = None) -> str:
        """Make sure that the serving release names this model and prompt; returns its digest.

        A workspace that never made a release has an implicit one, minted here as things change; `version` is
        stored with it. Once someone decided what serves, nothing is minted here.
        """
        with self._ledger.read() as conn:
            release = self.current(conn)
            agrees = release is not None and release.model == model and release.prompt == dict(prompt)
            if release is not None and (agrees or self.is_decided(conn)):
                return release.digest
        return self._ledger.write(lambda tx: self._pin(tx, model, dict(prompt), version))

    def _pin(self, tx: Write, model: str, prompt: Mapping[str, str], version: Prompt | None) -> str:
        release = self.current(tx.conn)
        if version is not None:
            put_version(tx, version)
        body = body_of(release)
        changed = [name for name, value in (("model", model), ("prompt", prompt)) if body[name] != value]
        body |= {"model": model, "prompt": dict(prompt)}
        return self._move(tx, release, body, reason=f"{' and '.join(changed) or 'nothing'} changed")

    def _move(self, tx: Write, former: Release | None, body: Mapping[str, Any], *, reason: str) -> str:
        digest = store(tx, body)
        refs.move(
            tx,
            self.ref,
            digest,
            expect=None if former is None else former.digest,
            actor=self._actor,
            reason=reason,
        )
        return digest


def store(tx: Write, body: Mapping[str, Any]) -> str:
    """Keep a release and what it was made of; returns its digest. One that is there is left as it is."""
    body = tidy(body)
    digest = artifacts.put(tx, KIND, body)
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
