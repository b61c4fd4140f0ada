"""Finds the document that a name means: a URI, `corpus/URI`, or the end of one URI only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError
from headrace.ledger import documents, near_duplicates
from headrace.ledger.documents import DocumentState
from headrace.ledger.near_duplicates import Alias
from headrace.ship.releases import Releases

if TYPE_CHECKING:
    from sqlalchemy import Connection


def find_alias(
    conn: Connection, releases: Releases, corpora: Sequence[str], name: str
) -> tuple[str, Alias] | None:
    """Corpus of a document that another one stands for, and which; None where none fits, or several do."""
    close: list[Alias] = []
    names: list[str] = []
    for corpus in corpora:
        generation = releases.generation(conn, corpus)
        known = {} if generation is None else near_duplicates.alias_sources(conn, generation)
        exact = [uri for uri in (name, name.removeprefix(f"{corpus}/")) if uri in known]
        for uri in exact[:1] or [uri for uri in known if uri.endswith(f"/{name}")]:
            alias = near_duplicates.lookup(conn, str(generation), uri)
            if alias is not None and exact:
                return corpus, alias
            if alias is not None:
                close.append(alias)
                names.append(corpus)
    return (names[0], close[0]) if len(close) == 1 else None


def find_document(
    conn: Connection, releases: Releases, corpora: Sequence[str], name: str, *, kind: str = "document"
) -> tuple[str, DocumentState]:
    """Corpus and state of a document that serves. Raises NotFoundError, listing those that fit."""
    close: list[tuple[str, DocumentState]] = []
    for corpus in corpora:
        generation = releases.generation(conn, corpus)
        if generation is None:
            continue
        for uri in (name, name.removeprefix(f"{corpus}/")):
            state = documents.lookup(conn, generation, [uri]).get(uri)
            if state is not None:
                return corpus, state
        wanted = [row.uri for row in documents.load_brief(conn, generation) if row.uri.endswith(f"/{name}")]
        states = documents.lookup(conn, generation, wanted)
        close += [(corpus, states[uri]) for uri in wanted if uri in states]
    if len(close) == 1:
        return close[0]
    raise NotFoundError(
        kind,
        name,
        known=[f"{corpus}/{state.uri}" for corpus, state in close],
        hint="Name one of them in full."
        if close
        else "`headrace search` and `headrace ask` print such names.",
    )
