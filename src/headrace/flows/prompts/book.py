"""The prompts as released: what a call takes, by one read of the ledger."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import ConfigError, NotFoundError, UsageError
from headrace.flows.prompts.versions import WORKING_TREE, find, history, label_ref
from headrace.infer.gateway.base import PromptVersion
from headrace.infer.prompts.base import Prompt, Vault
from headrace.infer.prompts.shape import KIND
from headrace.infer.prompts.store import get_version, put_version
from headrace.infer.schemas.base import Schema
from headrace.ledger import refs
from headrace.ship.releases import Release
from headrace.ship.skew import skew

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.prompts.parts import PromptParts
    from headrace.ledger.ledger import Write

_KEPT = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPrompt:
    """What a call takes."""

    prompt: Prompt
    """To be rendered by `render`."""
    version: PromptVersion
    """To be recorded: what the name meant at that moment."""
    schema: Schema | None
    """What the output must look like."""
    model: str
    """As configured."""
    fallbacks: tuple[str, ...]
    """Models to try after it."""
    vault: Vault
    """Whether personal data leaves as tokens."""
    release: str | None
    """Digest of the release that serves."""
    epoch: int
    """Rises by one with each move of the pointer; 0 where there is no release."""
    held: Release | None
    """The release it is held against: the one that serves or, if that lacks it, the last one that had it."""
    skew: tuple[str, ...]
    """Why prompt, schema and model were never released together; empty where they were."""

    def with_model(self, name: str, identity: str | None) -> tuple[str, ...]:
        """`skew` of a call to another model than its own."""
        return skew(self.held, self.prompt, self.schema, name, identity=identity)


class PromptBook:
    """Finds prompts for calls. Safe to share between threads."""

    def __init__(self, parts: PromptParts) -> None:
        self._parts = parts
        self._resolved: OrderedDict[tuple[int, str, str], ResolvedPrompt] = OrderedDict()
        self._lock = threading.Lock()

    def resolve(self, ref: str, *, working_tree: bool = False) -> ResolvedPrompt:
        """The prompt that `NAME`, `NAME@LABEL` or `NAME@DIGEST` means now; a bare name is what serves.

        The pointer is read each time, so a label that was moved counts at once, in every process. A file
        counts only where `working_tree` allows `NAME@working-tree`; that version is stored first. Raises
        NotFoundError for what was never released or labelled, UsageError, and ConfigError for a file that is
        wrong or a model that is no longer configured.
        """
        name, _, word = ref.partition("@")
        if word == WORKING_TREE:
            if not working_tree:
                raise UsageError(
                    f"Prompt {ref!r} is a file of the working tree, and here prompts are taken as released.",
                    hint=f"Release it: headrace prompt label {name} {self._parts.releases.environment}",
                )
            self._store_file(name)
        with self._parts.ledger.read() as conn:
            return self._resolve(conn, name, word)

    def _resolve(self, conn: Connection, name: str, word: str) -> ResolvedPrompt:
        releases = self._parts.releases
        epoch, release = releases.head(conn)
        digest, label = self._digest(conn, release, name, word)
        key = (epoch, f"{name}@{word}", digest)
        with self._lock:
            found = self._resolved.get(key)
            if found is not None:
                self._resolved.move_to_end(key)
                return found
        made = self._make(conn, PromptVersion(name=name, digest=digest, label=label), release, epoch)
        with self._lock:
            self._resolved[key] = made
            while len(self._resolved) > _KEPT:
                self._resolved.popitem(last=False)
        return made

    def _digest(
        self, conn: Connection, release: Release | None, name: str, word: str
    ) -> tuple[str, str | None]:
        """Digest and label that a word means."""
        serving = self._parts.releases.environment
        if word in ("", serving):
            digest = None if release is None else release.prompts.get(name)
            if digest is not None:
                return digest, serving
        elif word.startswith(f"{KIND}_"):
            if self._is_known(conn, name, word):
                return word, None
        else:
            row = refs.read(conn, label_ref(name, word))
            if row is not None:
                return row.artifact, None if word == WORKING_TREE else word
        # The start of a digest, or nothing: then the error says what there is.
        return find(self._parts, conn, name, word or serving).prompt.digest, None

    def _is_known(self, conn: Connection, name: str, digest: str) -> bool:
        with self._lock:
            if any(key[1].partition("@")[0] == name and key[2] == digest for key in self._resolved):
                return True
        return any(row.artifact == digest for row in history(conn, name))

    def _make(
        self, conn: Connection, version: PromptVersion, release: Release | None, epoch: int
    ) -> ResolvedPrompt:
        prompt = get_version(conn, version.name, version.digest)
        if prompt is None:
            raise NotFoundError("version of prompt", f"{version.name}@{version.digest}")
        model = prompt.model or self._parts.default_model
        held = self._held(conn, release, prompt)
        try:
            identity = self._parts.models_of(prompt)[model]
            reasons = skew(held, prompt, prompt.schema, model, identity=identity)
        except ConfigError as error:
            reasons = (f"model {model!r} is not configured any more: {error.message}",)
        return ResolvedPrompt(
            prompt=prompt,
            version=version,
            schema=prompt.schema,
            model=model,
            fallbacks=prompt.fallbacks,
            vault=prompt.vault,
            release=None if release is None else release.digest,
            epoch=epoch,
            held=held,
            skew=reasons,
        )

    def _held(self, conn: Connection, release: Release | None, prompt: Prompt) -> Release | None:
        if release is not None and release.prompts.get(prompt.name) == prompt.digest:
            return release
        former = self._parts.releases.history(conn)
        fits = (item for item in former if item.prompts.get(prompt.name) == prompt.digest)
        return next(fits, release)

    def _store_file(self, name: str) -> None:
        """Keep the version of a file on its first use, under a label that decides nothing."""
        parts = self._parts
        with parts.ledger.read() as conn:
            prompt = find(parts, conn, name, WORKING_TREE).prompt
            row = refs.read(conn, label_ref(name, WORKING_TREE))
        if row is not None and row.artifact == prompt.digest:
            return

        def work(tx: Write) -> None:
            put_version(tx, prompt)
            refs.move(
                tx,
                label_ref(name, WORKING_TREE),
                prompt.digest,
                actor=parts.actor,
                reason="called from its file",
            )

        parts.ledger.write(work)
