"""Where accepted drafts go: golden sets and datasets of the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError
from headrace.ledger import golden as book

if TYPE_CHECKING:
    from headrace.curate.golden.operations import GoldenOperations
    from headrace.flows.datasets.operations import DatasetOperations
    from headrace.records.datasets import RowInput
    from headrace.records.golden import CaseInput

_WHY = "accepted in curation"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenSink:
    """Accepted cases become active cases of their golden sets; somebody has decided already."""

    golden: GoldenOperations

    def add(self, golden: str, cases: Sequence[CaseInput]) -> Sequence[str]:
        """Add cases, the same key twice once; returns the ids of their content, in order."""
        self.golden.add(cases, golden=golden, accept=True, reason=_WHY)
        with self.golden.parts.ledger.read() as conn:
            ids = {row.key: row.case_id for row in book.cases(conn, golden)}
        return [ids[case.key] for case in cases]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSink:
    """Accepted rows are staged in their datasets, which are made where they are not there yet."""

    datasets: DatasetOperations

    def add(self, dataset: str, rows: Sequence[RowInput]) -> Sequence[str]:
        """Stage rows, the same key twice once; returns the ids of their content, in order."""
        from headrace.curate.datasets.columns import of_rows
        from headrace.curate.datasets.identity import row_ids, row_name

        try:
            self.datasets.add(dataset, rows)
        except NotFoundError:
            self.datasets.create(dataset, description="made of traces by curation")
            self.datasets.add(dataset, rows)
        ids = row_ids(of_rows(rows, subjects=[row.subject for row in rows]))
        return [row_name(raw) for raw in ids.to_pylist()]
