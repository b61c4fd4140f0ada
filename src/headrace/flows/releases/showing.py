"""`release show`, `list`, `log` and `envs`: what releases pin, what serves, and how it came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.flows.releases.differing import changes
from headrace.flows.releases.finding import environments, find, known, report_of, standing
from headrace.flows.releases.fitting import differing, missing
from headrace.infer.prompts.store import get_version
from headrace.ledger import artifacts, documents, generations, refs, release_evidence
from headrace.ledger.identity import digest
from headrace.records.releases import (
    EnvironmentList,
    EnvironmentReport,
    PinnedPrompt,
    ReleaseDetail,
    ReleaseList,
    ReleaseLog,
    ReleaseReport,
    ReleaseStep,
)
from headrace.records.times import rfc3339_exact
from headrace.ship.releases import Release

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.releases.parts import ReleaseParts
    from headrace.infer.prompts.base import Prompt
    from headrace.ledger.refs import RefRow
    from headrace.ledger.release_evidence import Move


def show(parts: ReleaseParts, word: str) -> ReleaseDetail:
    """One release with everything it pins. Raises NotFoundError, UsageError."""
    with parts.ledger.read() as conn:
        return detail(parts, conn, find(parts, conn, word))


def detail(parts: ReleaseParts, conn: Connection, release: Release) -> ReleaseDetail:
    """The same of a release that was found."""
    pinned = dict(release.prompts)
    if release.prompt is not None:
        pinned.setdefault(release.prompt["name"], release.prompt["digest"])
    versions = {name: get_version(conn, name, version) for name, version in pinned.items()}
    models = release.resolved or {name: {"identity": value} for name, value in release.models.items()}
    return ReleaseDetail(
        release=report(parts, conn, release.digest),
        corpora={
            name: {**part, **_generation_facts(conn, part["generation"])}
            for name, part in release.corpora.items()
        },
        model=release.model,
        prompt=release.prompt,
        prompts={name: _prompt(version) for name, version in versions.items() if version is not None},
        schemas=release.schemas,
        models=models,
        ask=release.ask,
        features=release.features,
        policy=release.policy,
        contracts=release.contracts,
        unpinned=[
            f"{name}: {facts.get('how', '')}"
            for name, facts in release.resolved.items()
            if not facts.get("pinned")
        ],
        differs=[*missing(conn, release), *differing(parts, release)],
    )


def report(parts: ReleaseParts, conn: Connection, release: str) -> ReleaseReport:
    """What is known of a release beside what it pins."""
    making = release_evidence.made(conn, [release]).get(release)
    stored = artifacts.get(conn, release)
    serves = [
        environment
        for environment in environments(conn)
        if (row := refs.read(conn, parts.releases.of(environment).ref)) is not None
        and row.artifact == release
    ]
    word, newest = standing(conn, release, parts.suites)
    first = making.made_at_us if making else stored.created_at_us if stored else None
    return ReleaseReport(
        release=release,
        implicit=making is None,
        made_at=None if first is None else rfc3339_exact(first),
        actor=None if making is None else making.actor,
        note="" if making is None else making.note,
        serves=serves,
        standing=word,
        evidence=[report_of(row) for row in newest.values()],
    )


def list_releases(parts: ReleaseParts, *, limit: int) -> ReleaseList:
    """Releases that were made on purpose, and those that served; newest first."""
    with parts.ledger.read() as conn:
        stored = artifacts.get_many(conn, known(parts, conn))
        made = release_evidence.made(conn, list(stored))
        first = {
            digest: made[digest].made_at_us if digest in made else item.created_at_us
            for digest, item in stored.items()
        }
        newest = sorted(first, key=lambda digest: (-first[digest], digest))[:limit]
        found = [report(parts, conn, release) for release in newest]
    return ReleaseList(environment=parts.releases.environment, suites=list(parts.suites), releases=found)


def log(parts: ReleaseParts, environment: str | None = None, *, limit: int) -> ReleaseLog:
    """The last moves of an environment's pointer, newest first."""
    name = environment or parts.releases.environment
    with parts.ledger.read() as conn:
        rows = refs.history(conn, parts.releases.of(name).ref)
        decided = release_evidence.moves_of(conn, name)
        pairs = list(zip(rows, [None, *rows], strict=False))[::-1][:limit]
        steps = [
            _step(conn, row, former, decided.get(row.seq), current=row is rows[-1]) for row, former in pairs
        ]
    return ReleaseLog(environment=name, steps=steps)


def _step(
    conn: Connection, row: RefRow, former: RefRow | None, move: Move | None, *, current: bool
) -> ReleaseStep:
    if move is None:
        newest = release_evidence.newest(conn, row.artifact, at_us=row.valid_from_us)
        evidence: Mapping[str, str] = {suite: item.verdict for suite, item in newest.items()}
    else:
        evidence = move.evidence
    return ReleaseStep(
        seq=row.seq,
        kind="implicit" if move is None else move.kind,
        release=row.artifact,
        former=None if former is None else former.artifact,
        at=rfc3339_exact(row.valid_from_us),
        actor=row.actor,
        reason=row.reason,
        forced=() if move is None else move.forced,
        evidence=evidence,
        current=current,
    )


def envs(parts: ReleaseParts) -> EnvironmentList:
    """What every environment serves, and what it has otherwise than this one."""
    own = parts.releases.environment
    with parts.ledger.read() as conn:
        mine = parts.releases.current(conn)
        found = []
        for name in sorted(environments(conn), key=lambda name: (name != own, name)):
            pointer = parts.releases.of(name)
            row, release = refs.read(conn, pointer.ref), pointer.current(conn)
            if row is None or release is None:
                continue
            found.append(
                EnvironmentReport(
                    environment=name,
                    release=release.digest,
                    since=rfc3339_exact(row.valid_from_us),
                    actor=row.actor,
                    reason=row.reason,
                    standing=standing(conn, release.digest, parts.suites)[0],
                    differs=() if name == own or mine is None else list(changes(conn, mine, release)),
                )
            )
    return EnvironmentList(own=own, environments=found)


def _generation_facts(conn: Connection, generation: str) -> dict[str, Any]:
    found = generations.get(conn, generation)
    if found is None:
        return {"state": "gone"}
    held, chunks = documents.count(conn, generation)
    state = "pruned" if found.pruned_at_us is not None else found.state
    return {"ordinal": found.ordinal, "state": state, "documents": held, "chunks": chunks}


def _prompt(version: Prompt) -> PinnedPrompt:
    schema, few_shot = version.schema, version.few_shot
    template, tokenizer = version.chat_template, version.tokenizer
    return PinnedPrompt(
        digest=version.digest,
        model=version.model,
        schema=None
        if schema is None
        else {"name": schema.name, "version": schema.version, "digest": schema.digest},
        parameters=version.parameters,
        tools={tool["function"]["name"]: digest("tool", tool) for tool in version.tools},
        few_shot=None
        if few_shot is None
        else {"name": few_shot.name, "digest": few_shot.digest, "rows": len(few_shot.rows)},
        features=[feature.name for feature in version.features],
        vault=version.vault,
        chat_template=None if template is None else template.digest,
        tokenizer=None if tokenizer is None else tokenizer.digest,
    )
