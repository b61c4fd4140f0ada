"""Prompt versions in the ledger: what serves is read from here, never from a working tree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from headrace.errors import StorageError
from headrace.infer.prompts.base import Prompt
from headrace.infer.prompts.shape import FEW_SHOT, KIND, as_text, from_shape, shape_of
from headrace.ledger import artifacts, lineage

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Write


def put_version(tx: Write, prompt: Prompt) -> str:
    """Store a version with its examples; one that is there is left as it is."""
    used = [] if prompt.schema is None else [prompt.schema.digest]
    if prompt.few_shot is not None:
        used.append(artifacts.put(tx, FEW_SHOT, [as_text(row) for row in prompt.few_shot.rows]))
    digest = artifacts.put(tx, KIND, shape_of(prompt))
    lineage.link(tx, [lineage.Edge(source=name, target=digest, activity="shapes") for name in used])
    return digest


def get_version(conn: Connection, name: str, digest: str) -> Prompt | None:
    """A stored version under the name of its prompt; None where there is none.

    Raises StorageError when its examples are not there.
    """
    found = artifacts.get(conn, digest)
    if found is None or found.kind != KIND:
        return None
    pinned = found.body.get("few_shot")
    examples = None if pinned is None else artifacts.get(conn, pinned["digest"])
    if pinned is not None and examples is None:
        raise StorageError(
            f"Version {digest!r} of prompt {name!r} names {pinned['digest']!r}, which is not in the ledger.",
            hint="Label the prompt again from its file: headrace prompt label NAME LABEL.",
        )
    return from_shape(name, found.body, examples=() if examples is None else examples.body)


def known_schemas(prompts: Iterable[Prompt]) -> dict[str, dict[str, int | str]]:
    """Schema name to version and digest, over several prompts; of two versions the newer one."""
    found: dict[str, dict[str, int | str]] = {}
    schemas = [prompt.schema for prompt in prompts if prompt.schema is not None]
    for schema in sorted(schemas, key=lambda item: item.version):
        found[schema.name] = {"version": schema.version, "digest": schema.digest}
    return found
