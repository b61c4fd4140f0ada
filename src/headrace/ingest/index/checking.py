"""Recount a version of an index against the ledger: one pass over its columns, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headrace.ledger.identity import digest_text

if TYPE_CHECKING:
    import pyarrow as pa

    from headrace.ledger.documents import BriefState

_BATCH_ROWS = 8192
_COLUMNS = ("document", "revision", "chunk_id", "text", "text_hash", "vector")
_UNIT_TOLERANCE = 1e-3
"""How far from 1 the length of a vector may be: float32 leaves 1e-6."""


@dataclass(slots=True, kw_only=True)
class Checked:
    """What is not as it should be: documents by what is wrong with them."""

    chunks: int = 0
    missing: dict[str, str] = field(default_factory=dict)
    """Documents with fewer chunks than the ledger says, and what was found."""
    ghost: dict[str, str] = field(default_factory=dict)
    """Documents that the ledger does not know."""
    duplicate: dict[str, str] = field(default_factory=dict)
    """Documents with a chunk that stands twice."""
    wrong: dict[str, str] = field(default_factory=dict)
    """Documents with a chunk of another revision, text hash, dimension or vector length."""
    bad_vectors: set[str] = field(default_factory=set)
    """Text hashes of the chunks whose vector is wrong."""

    @property
    def documents(self) -> set[str]:
        """Every document with something wrong in the index."""
        return {*self.missing, *self.ghost, *self.duplicate, *self.wrong}


def check(dataset: Any, states: Mapping[str, BriefState], *, dimension: int) -> Checked:
    """Hold every row against the states of its documents; memory is bounded by the ids, not the vectors."""
    import pyarrow as pa

    found = Checked()
    known = _Known(states)
    counts: Counter[str] = Counter()
    ids: list[pa.Table] = []
    stored = int(dataset.schema.field("vector").type.list_size)
    for batch in dataset.scanner(columns=list(_COLUMNS), batch_size=_BATCH_ROWS).to_batches():
        found.chunks += batch.num_rows
        for item in batch["document"].value_counts().to_pylist():
            counts[item["values"]] += item["counts"]
        ids.append(pa.table([batch["chunk_id"], batch["document"]], names=["chunk_id", "document"]))
        known.revisions(batch, found)
        _texts(batch, found)
        if stored == dimension:
            _lengths(batch, found)
    if stored != dimension:
        said = f"its vectors have dimension {stored}, the embedder gives {dimension}"
        found.wrong.update((uri, said) for uri in states)
    _counts(counts, states, found)
    if ids:
        _duplicates(pa.concat_tables(ids), found)
    return found


class _Known:
    """Revisions by document, as Arrow arrays."""

    def __init__(self, states: Mapping[str, BriefState]) -> None:
        import pyarrow as pa

        self._names = pa.array(list(states), type=pa.string())
        self._revisions = pa.array([state.revision for state in states.values()], type=pa.string())

    def revisions(self, batch: pa.RecordBatch, found: Checked) -> None:
        """Find chunks of another revision than the ledger's."""
        import pyarrow.compute as pc

        right = self._revisions.take(pc.index_in(batch["document"], value_set=self._names))
        wrong = pc.fill_null(pc.not_equal(batch["revision"], right), False)
        for name in pc.unique(batch["document"].filter(wrong)).to_pylist():
            found.wrong.setdefault(name, "a chunk is of another revision than the ledger says")


def _texts(batch: pa.RecordBatch, found: Checked) -> None:
    rows = zip(batch["text"].to_pylist(), batch["text_hash"].to_pylist(), strict=True)
    wrong = [place for place, (text, told) in enumerate(rows) if digest_text("text", text) != told]
    for place in wrong:
        found.wrong.setdefault(
            batch["document"][place].as_py(), "a text does not have the hash it is kept under"
        )


def _lengths(batch: pa.RecordBatch, found: Checked) -> None:
    import numpy as np

    column = batch["vector"]
    vectors = column.flatten().to_numpy(zero_copy_only=False).reshape(len(column), -1)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    off = ~(np.abs(lengths - 1.0) <= _UNIT_TOLERANCE)
    for place in np.flatnonzero(off).tolist():
        said = f"a vector has length {lengths[place]:.3g}, not 1"
        found.wrong.setdefault(batch["document"][place].as_py(), said)
        found.bad_vectors.add(batch["text_hash"][place].as_py())


def _counts(counts: Mapping[str, int], states: Mapping[str, BriefState], found: Checked) -> None:
    for uri, state in states.items():
        held = counts.get(uri, 0)
        if held < state.chunk_count:
            found.missing[uri] = f"{held} of its {state.chunk_count} chunks are there"
        elif held > state.chunk_count:
            found.duplicate[uri] = f"{held} chunks are there, it has {state.chunk_count}"
    for uri in counts.keys() - states.keys():
        found.ghost[uri] = f"{counts[uri]} chunks of a document that the ledger does not know"


def _duplicates(ids: pa.Table, found: Checked) -> None:
    import pyarrow.compute as pc

    grouped = ids.group_by("chunk_id").aggregate([("document", "count")])
    twice = grouped.filter(pc.greater(grouped["document_count"], 1))["chunk_id"]
    if not len(twice):
        return
    rows = ids.filter(pc.is_in(ids["chunk_id"], value_set=twice.combine_chunks()))
    for name in pc.unique(rows["document"]).to_pylist():
        found.duplicate.setdefault(name, "a chunk of it stands twice")
