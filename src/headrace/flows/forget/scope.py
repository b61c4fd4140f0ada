"""Learn everything about documents before they go: what to erase, and by what to recognise it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.flows.forget.context import ForgetContext
from headrace.flows.forget.resolve import known
from headrace.ingest.index.eraser import KNOWN, others, rows
from headrace.ledger import documents, generations, near_duplicates, observations
from headrace.ledger.columnar.table import ColumnarTable
from headrace.ledger.erasure import canaries
from headrace.ledger.erasure.scope import Scope, Target

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.generations import Generation

_MOST_VECTORS = 4
_MOST_NAMES = 64
_GENERAL = ("media_type", "language", "charset", "encoding")
"""Metadata that many documents have in common."""
_ASKED = ("query", "question", "filter")


def gather(
    context: ForgetContext, conn: Connection, targets: Sequence[Target], *, subjects: Sequence[str] = ()
) -> Scope:
    """The scope of an erasure: contents, ids and canaries of these documents in every version."""
    names = Scope(targets=tuple(targets), subjects=tuple(subjects))
    if not targets:
        return names
    found = [row for generation in generations.list(conn) for row in _rows(generation, names)]
    revisions, own = _of_ledger(conn, names)
    revisions |= {row["revision"] for row in found}
    outside = _Outside(context, conn, names)
    hashes = kept(conn, names).to_pylist()
    gone = sorted({row["text_hash"] for row in found} - set(hashes))
    passages = outside.distinctive(canaries.passages([row["text"] for row in found]), asked=False)
    named = outside.distinctive(canaries.values(own), asked=True)
    texts = canaries.some(passages) + canaries.some(named, _MOST_NAMES)
    return Scope(
        targets=names.targets,
        subjects=names.subjects,
        revisions=tuple(sorted(revisions)),
        chunk_ids=tuple(sorted({row["chunk_id"] for row in found})),
        text_hashes=tuple(gone),
        texts=tuple(dict.fromkeys(texts)),
        vectors=_vectors(found, set(gone)),
        spare_content=tuple(sorted(revisions & outside.revisions())),
    )


def of_entity(context: ForgetContext, conn: Connection, scope: Scope, entity: str) -> Scope:
    """The scope with the features of an entity; its key is looked for where nobody else says it."""
    said = _Outside(context, conn, scope).distinctive(canaries.values([entity]), asked=True)
    return replace(scope, entities=(entity,), texts=tuple(dict.fromkeys([*scope.texts, *said])))


def kept(conn: Connection, scope: Scope) -> Any:
    """The text hashes of every chunk of other documents, in every generation, as an Arrow array."""
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = [
        chunk
        for generation in generations.list(conn)
        if (table := _table(generation)) is not None
        for chunk in others(table, scope.uris(generation.corpus), "text_hash").chunks
    ]
    return pc.unique(pa.chunked_array(parts, type=pa.string()))


class _Outside:
    """What other documents, configuration and callers say."""

    def __init__(self, context: ForgetContext, conn: Connection, scope: Scope) -> None:
        self._context = context
        self._conn = conn
        self._scope = scope

    def distinctive(self, candidates: Sequence[str], *, asked: bool) -> list[str]:
        """The candidates that nobody else says; `asked` counts what callers asked as well."""
        left = list(candidates)
        for text in self._texts(asked=asked):
            left = [candidate for candidate in left if candidate not in text]
            if not left:
                break
        return left

    def revisions(self) -> set[str]:
        """Contents of other documents."""
        mine = set(self._scope.targets)
        found: set[str] = set()
        for generation in generations.list(self._conn):
            states = documents.load_brief(self._conn, generation.id)
            held = [(state.uri, state.revision) for state in states]
            compared = near_duplicates.load(self._conn, generation.id).values()
            held += [(row.uri, row.revision) for row in compared]
            found |= {revision for uri, revision in held if Target(generation.corpus, uri) not in mine}
        return found

    def _texts(self, *, asked: bool) -> Iterator[str]:
        mine = set(self._scope.targets)
        yield "\n".join(
            f"{target.name}\n{source}"
            for target, source in known(self._context, self._conn)
            if target not in mine
        )
        for generation in generations.list(self._conn):
            table = _table(generation)
            if table is None:
                continue
            uris = self._scope.uris(generation.corpus)
            for column in ("text", "metadata"):
                for chunk in others(table, uris, column).chunks:
                    yield "\n".join(map(str, chunk.to_pylist()))
        if asked:
            for span in self._context.events.all():
                yield "\n".join(str(span.attributes.get(key, "")) for key in _ASKED)


def _of_ledger(conn: Connection, scope: Scope) -> tuple[set[str], list[object]]:
    """Revisions, and names and values, that the ledger holds of the documents."""
    revisions: set[str] = set()
    own: list[object] = [target.uri for target in scope.targets]
    for corpus in scope.corpora:
        uris = scope.uris(corpus)
        seen = observations.load(conn, corpus)
        revisions |= {seen[uri].revision for uri in uris if uri in seen}
        for generation in generations.list(conn, corpus):
            for state in documents.lookup(conn, generation.id, uris).values():
                revisions.add(state.revision)
                own += [state.title, *_telling(state.metadata)]
            compared = near_duplicates.load(conn, generation.id)
            revisions |= {compared[uri].revision for uri in uris if uri in compared}
    own += [Path(target.uri).name for target in scope.targets]
    return revisions, own


def _telling(metadata: Mapping[str, object]) -> list[object]:
    return [value for key, value in metadata.items() if key not in _GENERAL]


def _vectors(found: Sequence[Mapping[str, Any]], gone: Collection[str]) -> tuple[str, ...]:
    import numpy as np

    vectors = [np.asarray(row["vector"], dtype=np.float32) for row in found if row["text_hash"] in gone]
    distinct = dict.fromkeys(vector.tobytes().hex() for vector in vectors if vector.any())
    return tuple(list(distinct)[:_MOST_VECTORS])


def _rows(generation: Generation, scope: Scope) -> Iterator[dict[str, Any]]:
    for batch in rows(ColumnarTable(generation.location), scope.uris(generation.corpus), KNOWN):
        yield from batch.to_pylist()


def _table(generation: Generation) -> ColumnarTable | None:
    table = ColumnarTable(generation.location)
    return table if table.exists() else None
