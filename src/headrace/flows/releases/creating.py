"""`release create`: what serves, or what is to replace it, held fast under one digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.errors import NotFoundError, UsageError
from headrace.flows.index.finding import find as find_generation
from headrace.flows.index.finding import unpruned
from headrace.flows.prompts.versions import WORKING_TREE
from headrace.flows.prompts.versions import find as find_version
from headrace.flows.releases.finding import find, serving
from headrace.flows.releases.fitting import POLICY
from headrace.flows.releases.showing import detail
from headrace.infer.models.build import EXTRACTIVE
from headrace.infer.models.identity import answering_identity
from headrace.infer.prompts.store import get_version, known_schemas, put_version
from headrace.infer.providers.named import provider_config
from headrace.ledger import artifacts, refs, release_evidence
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest as digest_of
from headrace.ship.bundle import body_of
from headrace.ship.pins import pin_of
from headrace.ship.releases import store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.releases.parts import ReleaseParts
    from headrace.infer.prompts.base import Prompt
    from headrace.ledger.ledger import Write
    from headrace.records.releases import ReleaseDetail
    from headrace.ship.releases import Release

_BEFORE = declare("release.before_create")
_IN = declare("release.in_create")
_AFTER = declare("release.after_create")


class _Draft(NamedTuple):
    body: dict[str, Any]
    versions: Sequence[Prompt]
    """To be kept with it."""


def create(
    parts: ReleaseParts,
    *,
    source: str | None = None,
    prompts: Sequence[str] = (),
    generations: Sequence[str] = (),
    note: str = "",
) -> ReleaseDetail:
    """Make a release; nothing else serves by it. The same content is the same release.

    Raises NotFoundError, UsageError, ConfigError for a prompt, view or model that is wrong.
    """
    with parts.ledger.read() as conn:
        draft = _draft(parts, conn, source, prompts, generations)

    def work(tx: Write) -> str:
        for version in draft.versions:
            put_version(tx, version)
        artifacts.put(tx, POLICY, dict(parts.policy()))
        digest = store(tx, draft.body)
        fire(_IN)
        release_evidence.make(tx, digest, actor=parts.actor, note=note)
        return digest

    fire(_BEFORE)
    digest = parts.ledger.write(work)
    fire(_AFTER)
    with parts.ledger.read() as conn:
        return detail(parts, conn, find(parts, conn, digest))


def _draft(
    parts: ReleaseParts,
    conn: Connection,
    source: str | None,
    prompts: Sequence[str],
    generations: Sequence[str],
) -> _Draft:
    base = serving(parts, conn, parts.releases.environment) if source is None else find(parts, conn, source)
    body = body_of(base)
    for name in generations:
        generation = unpruned(find_generation(conn, name))
        body["corpora"][generation.corpus] = {"generation": generation.id, "recipe": generation.recipe}
    asking = parts.asking()
    taken = source is not None and bool(base.ask)
    versions = _versions(parts, conn, base, prompts)
    if not taken:
        answering = versions.get(asking.prompt.name, asking.prompt)
        body["prompt"] = {"name": answering.name, "digest": answering.digest}
        body["ask"] = {"model": asking.model, "k": asking.k, "reranker": asking.reranker}
        body["model"] = answering_identity(asking.model, models=parts.prompts.models)
    elif body["prompt"]["name"] in versions:
        body["prompt"]["digest"] = versions[body["prompt"]["name"]].digest
    answering_version = _answering(conn, body["prompt"], versions, asking.prompt)
    every = [*versions.values()]
    body["prompts"] = {version.name: version.digest for version in every}
    body["schemas"] = known_schemas(every)
    body["models"] = {
        name: identity for version in every for name, identity in parts.prompts.models_of(version).items()
    }
    body["resolved"] = _resolved(parts, conn, {**body["models"], body["ask"]["model"]: body["model"]})
    body["features"] = _features(parts, [*every, answering_version])
    body["policy"] = digest_of(POLICY, dict(parts.policy()))
    return _Draft(body, [*every, answering_version])


def _versions(
    parts: ReleaseParts, conn: Connection, base: Release, asked: Sequence[str]
) -> dict[str, Prompt]:
    """Every prompt of the release: those that serve, and others instead of them as asked."""
    found: dict[str, Prompt] = {}
    for name, digest in base.prompts.items():
        version = get_version(conn, name, digest)
        if version is None:
            raise NotFoundError("version of prompt", f"{name}@{digest}")
        found[name] = version
    for text in asked:
        name, _, word = text.partition("@")
        if not name:
            raise UsageError(f"{text!r} names no prompt.", hint="Write NAME, NAME@LABEL or NAME@DIGEST.")
        found[name] = find_version(parts.prompts, conn, name, word or WORKING_TREE).prompt
    return found


def _answering(
    conn: Connection, pinned: Mapping[str, str], versions: Mapping[str, Prompt], configured: Prompt
) -> Prompt:
    """The version that `ask` takes. Raises NotFoundError where it was never kept."""
    for version in (*versions.values(), configured):
        if (version.name, version.digest) == (pinned["name"], pinned["digest"]):
            return version
    found = get_version(conn, pinned["name"], pinned["digest"])
    if found is None:
        raise NotFoundError("version of prompt", f"{pinned['name']}@{pinned['digest']}")
    return found


def _resolved(parts: ReleaseParts, conn: Connection, models: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What each model is, and whether its name says so for good."""
    found = {}
    for name, identity in models.items():
        config = provider_config(name, models=parts.prompts.models)
        answered = None
        if config is not None:
            row = refs.read(conn, f"answers/{config.name}:{config.model}")
            artifact = None if row is None else artifacts.get(conn, row.artifact)
            answered = None if artifact is None else str(artifact.body["model"])
        pin = pin_of(
            model=identity if config is None else config.model,
            revision="" if config is None else config.revision,
            built_in=name == EXTRACTIVE,
            answered=answered,
        )
        facts: dict[str, Any] = {"identity": identity, "pinned": pin.pinned, "how": pin.how}
        found[name] = facts | ({} if answered is None else {"answered": answered})
    return found


def _features(parts: ReleaseParts, versions: Sequence[Prompt]) -> dict[str, str]:
    """The views of features that prompts take. One that is not declared pins nothing, and calls say so."""
    named = {feature.name.partition(":")[0] for version in versions for feature in version.features}
    views = parts.features() if named else {}
    return {view: views[view] for view in sorted(named) if view in views}
