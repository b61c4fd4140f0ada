"""`workspace.datasets`: the operations on datasets, one call each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.records.datasets import RowInput

if TYPE_CHECKING:
    import os

    from headrace.curate.datasets.parts import DatasetParts
    from headrace.records.datasets import (
        CommitReport,
        DatasetDiff,
        DatasetList,
        DatasetLog,
        DatasetProfile,
        DatasetReport,
        DatasetView,
        ExportReport,
        ImportReport,
        SplitReport,
        StageReport,
        TagReport,
        WhereReport,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOperations:
    """What can be done with the datasets of a workspace."""

    parts: DatasetParts
    exports: Path
    """Where exports go that nobody names a folder for."""

    def list(self) -> DatasetList:
        """Every dataset: its newest version, its rows, and what is staged."""
        from headrace.curate.datasets.overview import list_datasets

        return list_datasets(self.parts)

    def create(
        self,
        name: str,
        *,
        description: str = "",
        splits: Mapping[str, float] | None = None,
        salt: str | None = None,
    ) -> DatasetReport:
        """Make an empty dataset, with shares of its splits if it has any. Raises UsageError."""
        from headrace.curate.datasets.overview import create

        return create(self.parts, name, description=description, shares=splits, salt=salt)

    def add(self, name: str, rows: Iterable[RowInput]) -> StageReport:
        """Stage rows for the next commit; a key that is there is replaced then.

        Rows of forgotten users stay out and are counted. Raises NotFoundError, UsageError.
        """
        from headrace.curate.datasets.staging import add

        return add(self.parts, name, rows)

    def remove(self, name: str, keys: Sequence[str]) -> StageReport:
        """Stage keys to be removed. Raises NotFoundError."""
        from headrace.curate.datasets.staging import remove

        return remove(self.parts, name, keys)

    def unstage(self, name: str) -> StageReport:
        """Take back everything that is staged. Raises NotFoundError."""
        from headrace.curate.datasets.staging import unstage

        return unstage(self.parts, name)

    def check(self, name: str, *, version: str | None = None) -> CommitReport:
        """Say what the gates would say of a commit now, or what is wrong with a version. Writes nothing.

        Raises NotFoundError, UsageError.
        """
        from headrace.curate.datasets.checking import check

        return check(self.parts, name, version=version)

    def commit(self, name: str, *, message: str = "", force: bool = False, reason: str = "") -> CommitReport:
        """Make what is staged a version, unless a gate refuses it; `force` needs a reason, which is kept.

        Raises NotFoundError, UsageError, LeaseHeld, RefConflict, StorageError.
        """
        from headrace.curate.datasets.commit import commit

        return commit(self.parts, name, message=message, force=force, reason=reason)

    def log(self, name: str, *, limit: int = 20) -> DatasetLog:
        """Commits and refused attempts, newest first. Raises NotFoundError."""
        from headrace.curate.datasets.overview import log

        return log(self.parts, name, limit=limit)

    def show(
        self, name: str, *, version: str | None = None, limit: int = 5, key: str | None = None
    ) -> DatasetView:
        """A version, by id, tag or number of the log, with some rows. Raises NotFoundError, UsageError."""
        from headrace.curate.datasets.overview import show

        return show(self.parts, name, version=version, limit=limit, key=key)

    def diff(self, name: str, a: str, b: str | None = None, *, limit: int | None = 20) -> DatasetDiff:
        """What differs between two versions, row by row; b is the newest if not given.

        Raises NotFoundError.
        """
        from headrace.curate.datasets.comparing import diff

        return diff(self.parts, name, a, b, limit=limit)

    def restore(self, name: str, version: str, *, message: str = "") -> CommitReport:
        """Make an older version the newest again. Raises NotFoundError, RefConflict."""
        from headrace.curate.datasets.overview import restore

        return restore(self.parts, name, version, message=message)

    def tag(self, name: str, tag: str, *, version: str | None = None, reason: str = "") -> TagReport:
        """Point a tag to a version, the newest if not given. Raises NotFoundError, UsageError."""
        from headrace.curate.datasets.overview import tag as point

        return point(self.parts, name, tag, version=version, reason=reason)

    def profile(self, name: str, *, version: str | None = None) -> DatasetProfile:
        """What the columns of a version are like. Raises NotFoundError, UsageError."""
        from headrace.curate.datasets.overview import profile_of

        return profile_of(self.parts, name, version=version)

    def split(
        self, name: str, *, splits: Mapping[str, float] | None = None, salt: str | None = None
    ) -> SplitReport:
        """Declare splits, or count what falls into them, with texts that stand in two.

        Raises NotFoundError, UsageError.
        """
        from headrace.curate.datasets.splitting import split

        return split(self.parts, name, shares=splits, salt=salt)

    def export(
        self,
        name: str,
        out: str | os.PathLike[str] | None = None,
        *,
        format: str = "sft",  # noqa: A002 - the word of the command line and the API
        purpose: str = "training",
        version: str | None = None,
        split: Sequence[str] = (),
    ) -> ExportReport:
        """Write a version as files: sft, dpo, openai-dpo, few-shot, rows, parquet or huggingface.

        Only rows whose users allow the purpose now go out, and for training none that holds an eval case.
        Without `out` it goes to a folder of the workspace's state. Raises NotFoundError, UsageError.
        """
        from headrace.curate.datasets.exporting import export

        folder = self.exports / f"{name}-{format}-{_stamp()}" if out is None else Path(out)
        return export(self.parts, name, folder, format=format, purpose=purpose, version=version, split=split)

    def import_files(
        self,
        name: str,
        files: Sequence[str | os.PathLike[str]],
        *,
        key: str | None = None,
        group: str | None = None,
        subject: str | None = None,
        depth: int = 0,
    ) -> ImportReport:
        """Stage the rows of JSON lines, Parquet files, or folders with croissant.json.

        `key`, `group` and `subject` name columns. Raises NotFoundError, UsageError; then nothing was staged.
        """
        from headrace.flows.datasets.importing import import_files

        return import_files(
            self.parts,
            name,
            [Path(file) for file in files],
            key=key,
            group=group,
            subject=subject,
            depth=depth,
        )

    def where(self, ref: str, *, dataset: str | None = None) -> WhereReport:
        """Where a row came from, and which versions, exports and models hold it.

        `ref` is a key, a row id, or `subject:NAME`. Raises NotFoundError.
        """
        from headrace.curate.datasets.where import where

        return where(self.parts, ref, dataset=dataset)


def _stamp() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
