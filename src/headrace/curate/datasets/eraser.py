"""Forgetting in datasets: bodies leave every version, and what waits; ids and hashes of the trees stay.

A row goes whole: where its user is forgotten, where it came from a forgotten document, and where it quotes
one. Files are rewritten without it, at the same places, so that every version keeps its name and its other
rows.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.curate.datasets import columns, packs, profile, staging, texts, tree
from headrace.curate.datasets.columns import Column, Rows
from headrace.curate.datasets.files import Files
from headrace.curate.datasets.packs import Pack
from headrace.curate.datasets.tree import Leaf, TreeReader
from headrace.ledger import datasets as book
from headrace.ledger import leases
from headrace.ledger.erasers import covers, exempt
from headrace.ledger.erasure.scope import TOMBSTONE, Scope, without
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.ledger.storage.tables.datasets import dataset_commits, dataset_staged, dataset_versions

if TYPE_CHECKING:
    from headrace.ledger.datasets import File
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

NAME = "datasets"
_IN_TRANSACTION = declare("dataset.in_erase_transaction")

covers(
    NAME, "table:dataset_commits", "table:dataset_staged", "table:dataset_versions", "table:dataset_files",
    "folder:blobs-datasets", "folder:exports",
)  # fmt: skip
exempt("names, descriptions and shares, as people wrote them", "table:datasets")
exempt("counts, and where an export went", "table:dataset_exports")
exempt("names of models and what they were made of, as people wrote them", "table:models", "table:model_data")


class Matches(NamedTuple):
    """Rows of one file that go."""

    file: File
    pack: Pack
    places: Any
    """NumPy places in the file."""


class DatasetEraser:
    """Takes rows out of every version of every dataset."""

    name = NAME
    opens_all = True

    def __init__(self, ledger: Ledger, files: Callable[[], Files], exports: Path) -> None:
        self._ledger = ledger
        self._files = files
        self._exports = exports

    def find(self, scope: Scope) -> int:
        """How many rows go, in versions and among what waits."""
        return sum(len(match.places) for match in self._matches(scope))

    def erase(self, scope: Scope) -> int:
        """Rewrite their files."""
        if not self._anything():
            return 0
        with leases.held(self._ledger, book.LEASE, wait_seconds=staging.WAIT_SECONDS):
            files = self._files()
            files.sweep()
            matches = self._matches(scope)
            if not matches:
                return 0
            changed, touched, profiles = self._rewritten(files, matches)
            checks = self._checks(scope, matches)
            dead = {match.file.id: len(match.places) for match in matches if match.file.kind == "staged"}

            def work(tx: Write) -> None:
                for version, counted in profiles.items():
                    book.set_profile(tx, version, counted)
                for commit, text in checks:
                    book.set_checks(tx, commit, text)
                for file, count in dead.items():
                    book.fewer_staged(tx, file, count)
                fire(_IN_TRANSACTION)

            # First, so that whoever goes on after a kill finds the rows and comes here again.
            self._remove_exports(touched)
            files.replace(changed, work)
        return sum(len(match.places) for match in matches)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages."""
        if self._anything():
            names = {dataset_commits.name, dataset_staged.name, dataset_versions.name}
            clean_ledger(self._ledger, names)

    def _anything(self) -> bool:
        with self._ledger.read() as conn:
            return bool(book.files(conn, "live", "pending", "gone"))

    def _matches(self, scope: Scope) -> list[Matches]:
        import numpy as np

        with self._ledger.read() as conn:
            live = [file for file in book.files(conn, "live") if file.kind in ("rows", "staged")]
        if not live or not (scope.subjects or scope.targets or scope.texts):
            return []
        found = []
        for file in live:
            pack = packs.read(self._files().open(file.id))
            places = np.flatnonzero(matching(pack.rows, scope))
            if len(places):
                found.append(Matches(file, pack, places))
        return found

    def _rewritten(
        self, files: Files, matches: Sequence[Matches]
    ) -> tuple[list[tuple[File, bytes, int]], set[str], dict[str, profile.Profile]]:
        """Files with their new bytes, versions that held such rows, and the profiles of these."""
        with self._ledger.read() as conn:
            known = {file.id: file for file in book.files(conn, "live")}
            every = book.versions(conn)
        changed = [
            (match.file, packs.write(blanked(match)), match.file.erased + len(match.places))
            for match in matches
        ]
        gone = {match.file.id: match for match in matches if match.file.kind == "rows"}
        leaves = _Leaves(files, gone)
        profiles: dict[str, profile.Profile] = {}
        for version in every:
            before = TreeReader(files).tree(version.tree)
            after, lost = leaves.rewritten(before)
            if lost:
                rows = columns.concat([gone[file].pack.rows.take(places) for file, places in lost.items()])
                profiles[version.id] = profile.combined(dict(version.profile), profile.of(rows), sign=-1)
                changed.append(
                    (known[version.tree], tree.tree_file(after), sum(leaf.erased for leaf in after))
                )
        changed += [(known[name], data, 0) for name, data in leaves.files_changed()]
        return _once(changed), set(profiles), profiles

    def _checks(self, scope: Scope, matches: Sequence[Matches]) -> list[tuple[book.Commit, str]]:
        """What gates said, without keys and values of the rows that go."""
        gone = [match.pack.rows.take(match.places) for match in matches]
        keys = {key for rows in gone for key in rows.keys.to_pylist()}
        values = {json.dumps(text) for rows in gone for text in texts.cells(rows)[0]}
        with self._ledger.read() as conn:
            commits = book.commits(conn)
        changed = []
        for commit in commits:
            told = json.loads(commit.checks)
            plain = [without(check, scope) for check in told]
            for check in plain:
                check["keys"] = [key for key in check["keys"] if key not in keys]
                if any(value in check["reason"] for value in values):
                    check["reason"] = f"{TOMBSTONE}: it named what was forgotten since"
            if plain != told:
                changed.append((commit, json.dumps(plain)))
        return changed

    def _remove_exports(self, touched: set[str]) -> None:
        """Folders of exports that this workspace keeps itself; they can be made again."""
        with self._ledger.read() as conn:
            made = [item for item in book.exports(conn) if item.version in touched]
            known = {json.loads(item.report)["folder"] for item in book.exports(conn)}
        gone = {json.loads(item.report)["folder"] for item in made}
        for folder in sorted(self._exports.glob("*")) + sorted(self._exports.glob(".*.part")):
            # A killed export is in no ledger.
            if str(folder) in gone or str(folder) not in known:
                shutil.rmtree(folder)


class _Leaves:
    """Leaf files without the keys of rows that go."""

    def __init__(self, files: Files, gone: Mapping[str, Matches]) -> None:
        self._reader = TreeReader(files)
        self._files = files
        self._gone = gone
        self._batches: dict[str, list[Any]] = {}
        self._done: dict[tuple[str, int], tuple[Leaf, dict[str, Any]]] = {}

    def rewritten(self, leaves: Sequence[Leaf]) -> tuple[list[Leaf], dict[str, Any]]:
        """The leaves of a version as they will be, and the places of its rows that go, by file."""
        import numpy as np

        made, lost, last = [], defaultdict(list), ""
        for leaf in leaves:
            new, places = self._leaf(leaf)
            last = max(last, new.last)
            made.append(new._replace(last=last))
            for file, some in places.items():
                lost[file].append(some)
        return made, {file: np.concatenate(some) for file, some in lost.items()}

    def files_changed(self) -> list[tuple[str, bytes]]:
        """Leaf files with their new bytes."""
        return [
            (name, tree.leaves_file(batches, self._reader.names.names))
            for name, batches in self._batches.items()
        ]

    def _leaf(self, leaf: Leaf) -> tuple[Leaf, dict[str, Any]]:
        import numpy as np
        import pyarrow as pa

        place = (leaf.file, leaf.batch)
        if place in self._done:
            return self._done[place]
        entries = self._reader.leaf(leaf)
        lost = np.zeros(len(entries), dtype=bool)
        places: dict[str, Any] = {}
        for file, match in self._gone.items():
            mine = (entries.files == self._reader.names.number(file)) & np.isin(entries.places, match.places)
            if mine.any():
                places[file] = entries.places[mine]
                lost |= mine
        new = leaf
        if lost.any():
            kept = [
                None if gone else key
                for key, gone in zip(entries.keys.to_pylist(), lost.tolist(), strict=True)
            ]
            keys = pa.array(kept, pa.large_string())
            self._batches_of(leaf.file)[leaf.batch] = dataclasses.replace(entries, keys=keys)
            last = max((key for key in kept if key is not None), default="")
            new = leaf._replace(erased=keys.null_count, last=last)
        self._done[place] = (new, places)
        return self._done[place]

    def _batches_of(self, file: str) -> list[Any]:
        import pyarrow as pa

        if file not in self._batches:
            count = pa.ipc.open_file(pa.BufferReader(self._files.open(file))).num_record_batches
            self._batches[file] = [self._reader.batch(file, number) for number in range(count)]
        return self._batches[file]


def matching(rows: Rows, scope: Scope) -> Any:
    """Which rows a scope means."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.is_in(rows.subjects, value_set=pa.array(scope.subjects, pa.large_string()))
    mask = np.array(found.to_numpy(zero_copy_only=False), dtype=bool)
    if not (scope.targets or scope.texts or scope.chunk_ids):
        return mask
    ids = set(scope.chunk_ids)
    distinct = {
        text: bool(text) and (scope.in_text(text) or any(name in text for name in ids))
        for text in pc.unique(rows.provenance).to_pylist()
        if text is not None
    }
    bad = {text for text, hit in distinct.items() if hit}
    if bad:
        mask |= np.array([text in bad for text in rows.provenance.to_pylist()], dtype=bool)
    for told in (rows.keys.to_pylist(), rows.groups.to_pylist(), texts.of_rows(rows)):
        for place, text in enumerate(told):
            if text and not mask[place] and scope.in_text(text):
                mask[place] = True
    return mask


def blanked(match: Matches) -> Pack:
    """The file without the bodies of these rows; of staged ones without the rows."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, ids, remove = match.pack
    stay = np.ones(len(rows), dtype=bool)
    stay[match.places] = False
    if match.file.kind == "staged":
        at = pa.array(np.flatnonzero(stay))
        return Pack(rows.take(at), ids.take(at), remove.take(at))
    mask = pa.array(stay)

    def blank(values: Any) -> Any:
        return pc.if_else(mask, values, pa.nulls(len(values), values.type))

    gone = Rows(
        keys=blank(rows.keys),
        columns=tuple(_blank_column(column, mask) for column in rows.columns),
        groups=blank(rows.groups),
        depths=blank(rows.depths),
        subjects=blank(rows.subjects),
        provenance=blank(rows.provenance),
    )
    plain = [raw if keep else None for raw, keep in zip(ids.to_pylist(), stay.tolist(), strict=True)]
    return Pack(gone, pa.array(plain, ids.type), remove)


def _blank_column(column: Column, mask: Any) -> Column:
    import pyarrow as pa
    import pyarrow.compute as pc

    lacks = pa.repeat(pa.scalar(False), len(mask)) if column.missing is None else column.missing
    return Column(
        name=column.name,
        type=column.type,
        values=pc.if_else(mask, column.values, pa.nulls(len(mask), column.values.type)),
        missing=pc.or_(lacks, pc.invert(mask)),
    )


def _once(changed: Sequence[tuple[File, bytes, int]]) -> list[tuple[File, bytes, int]]:
    return list({file.id: (file, data, erased) for file, data, erased in changed}.values())
