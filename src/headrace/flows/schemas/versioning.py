"""The part of a check that looks at versions: what they mean, what joins them, which files belong to none."""

from __future__ import annotations

from dataclasses import replace

from headrace.flows.schemas.findings import Findings
from headrace.flows.schemas.parts import SchemaParts
from headrace.flows.schemas.samples import sample_files
from headrace.infer.records import store
from headrace.infer.schemas.difference import breaking, compare
from headrace.infer.schemas.meaning import same_meaning
from headrace.infer.schemas.migrations import find_migrations
from headrace.infer.schemas.opening import unbridged
from headrace.infer.schemas.versions import Versions, changed
from headrace.ledger import artifacts


def check_digests(parts: SchemaParts, versions: Versions, found: Findings) -> None:
    """Records of versions that are not known, or that were valid by another schema of the same number."""
    with parts.ledger.read() as conn:
        by_version = store.digests(conn, versions.name)
        known = artifacts.get_many(conn, [digest for group in by_version.values() for digest in group])
        counts = store.counts(conn, versions.name)
    for number, digests in by_version.items():
        if number not in versions.known:
            message = (
                f"{counts.get(number, 0)} stored records have version {number}, which is not known here."
            )
            found.say(versions.name, "changed", message, version=number)
            continue
        if digests - set(known):
            found.notes.append(
                f"Records of {versions.name!r} version {number} are by a schema that was not kept."
            )
        for digest in sorted(digests & set(known)):
            schema = replace(versions.known[number], digest=digest, json_schema=known[digest].body)
            if not same_meaning(versions.known[number], schema):
                message = changed(versions.name, number, "its file", "what stored records were valid by")
                found.say(versions.name, "changed", message, version=number)


def check_strays(parts: SchemaParts, versions: Versions, found: Findings) -> None:
    """Files that belong to versions nobody knows."""
    for path, number in sample_files(parts.folder, versions.name):
        if number not in versions.known:
            message = f"These are samples of version {number}, which is not known here."
            found.say(versions.name, "file", message, version=number, where=parts.shown(path))
    for file in find_migrations(parts.folder, versions.name):
        for number in {file.lower, file.upper} - set(versions.known):
            found.notes.append(f"{parts.shown(file.path)}: version {number} is not known here.")


def check_joints(parts: SchemaParts, versions: Versions, found: Findings) -> None:
    """Breaking changes that no migration bridges."""
    for lower, upper in unbridged(versions, find_migrations(parts.folder, versions.name)):
        broken = breaking(compare(versions.known[lower].json_schema, versions.known[upper].json_schema))
        if broken and upper <= versions.newest:
            said = "; ".join(f"{change.path or 'the value'}: {change.reason}" for change in broken[:3])
            message = f"Version {upper} breaks version {lower} and no migration joins them: {said}."
            found.say(versions.name, "missing", message, version=lower, where=f"schemas/{versions.name}")


def note_history(versions: Versions, found: Findings) -> None:
    """What is worth knowing of the versions."""
    name = versions.name
    above = [number for number in versions.known if number > versions.newest]
    if above:
        listed = ", ".join(map(str, above))
        found.notes.append(f"{name!r} is at version {versions.newest}; newer ones are known: {listed}.")
    loose = [number for number in versions.known if number not in versions.frozen]
    if loose and len(versions.known) > 1:
        listed = ", ".join(map(str, loose))
        found.notes.append(
            f"Not in schemas/versions/, so unknown to a check without this ledger: {name!r} {listed}. "
            f"To keep them: headrace schema freeze {name}"
        )
