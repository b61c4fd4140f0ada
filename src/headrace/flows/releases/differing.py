"""`release diff`: two releases beside each other, component by component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from headrace.flows.prompts.differences import between
from headrace.flows.releases.finding import find
from headrace.infer.prompts.store import get_version
from headrace.ledger import artifacts
from headrace.records.releases import ReleaseChange, ReleaseDiff
from headrace.ship.releases import Release

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.flows.releases.parts import ReleaseParts

_SHORT = 12


def diff(parts: ReleaseParts, a: str, b: str) -> ReleaseDiff:
    """Compare two releases. Raises NotFoundError, UsageError."""
    with parts.ledger.read() as conn:
        first, second = find(parts, conn, a), find(parts, conn, b)
        found = list(changes(conn, first, second))
    return ReleaseDiff(a=first.digest, b=second.digest, same=first.digest == second.digest, changes=found)


def changes(conn: Connection, before: Release, after: Release) -> Iterator[ReleaseChange]:
    """What two releases have otherwise; nothing where they are one."""
    if before.digest == after.digest:
        return
    yield from _generations(conn, before, after)
    yield from _prompts(conn, before, after)
    old, new = _plain(before), _plain(after)
    for component in sorted({*old, *new}):
        if old.get(component) != new.get(component):
            yield ReleaseChange(component=component, before=old.get(component), after=new.get(component))


def _generations(conn: Connection, before: Release, after: Release) -> Iterator[ReleaseChange]:
    for corpus in sorted({*before.corpora, *after.corpora}):
        old, new = before.corpora.get(corpus, {}), after.corpora.get(corpus, {})
        if old == new:
            continue
        yield ReleaseChange(
            component=f"generation {corpus}",
            before=old.get("generation"),
            after=new.get("generation"),
            parts=list(_recipe_parts(conn, old.get("recipe"), new.get("recipe"))),
        )


def _recipe_parts(conn: Connection, old: str | None, new: str | None) -> Iterator[dict[str, Any]]:
    if old == new:
        return
    bodies = [artifacts.get(conn, name) if name else None for name in (old, new)]
    flat = [dict(_flat(body.body)) if body is not None else {} for body in bodies]
    for part in sorted({*flat[0], *flat[1]}):
        if flat[0].get(part) != flat[1].get(part):
            yield {"part": part, "before": flat[0].get(part), "after": flat[1].get(part)}


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value


def _prompts(conn: Connection, before: Release, after: Release) -> Iterator[ReleaseChange]:
    old, new = _named(before), _named(after)
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name):
            continue
        given = [get_version(conn, name, side[name]) if name in side else None for side in (old, new)]
        text, parts = "", []
        if given[0] is not None and given[1] is not None:
            words = [version.digest[len("prompt_") :][:_SHORT] for version in given if version is not None]
            found = between(name, (words[0], given[0]), (words[1], given[1]))
            text = found.text
            parts = [{"part": c.part, "before": c.before, "after": c.after} for c in found.changed]
        yield ReleaseChange(
            component=f"prompt {name}", before=old.get(name), after=new.get(name), text=text, parts=parts
        )


def _named(release: Release) -> dict[str, str]:
    named = dict(release.prompts)
    if release.prompt is not None:
        named[release.prompt["name"]] = release.prompt["digest"]
    return named


def _plain(release: Release) -> dict[str, Any]:
    """Everything else by component."""
    found: dict[str, Any] = {"model of ask": release.model} if release.model else {}
    found |= {} if release.prompt is None else {"prompt of ask": release.prompt["name"]}
    found |= {f"schema {name}": f"version {part['version']}" for name, part in release.schemas.items()}
    found |= {f"model {name}": identity for name, identity in release.models.items()}
    found |= {f"ask {name}": value for name, value in release.ask.items() if value is not None}
    found |= {f"feature view {name}": digest for name, digest in release.features.items()}
    for name, facts in release.resolved.items():
        found |= {f"model {name} answered": facts["answered"]} if facts.get("answered") else {}
    return found | ({"policy": release.policy} if release.policy else {})
