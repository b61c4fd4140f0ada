"""Where accepted drafts go: golden sets and datasets of the workspace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.errors import NotFoundError
from headrace.ledger import golden
from headrace.records.datasets import RowInput
from headrace.records.golden import CaseInput

if TYPE_CHECKING:
    from headrace.curate.golden.operations import GoldenOperations
    from headrace.flows.datasets.operations import DatasetOperations
    from headrace.records.curation import CaseDraft, RowDraft

_WHY = "accepted in curation"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenSink:
    """Accepted cases become active cases of their golden sets; somebody has decided already."""

    golden: GoldenOperations

    def add(self, drafts: Sequence[CaseDraft]) -> Sequence[str]:
        """Add cases, the same key twice once; returns the ids of their content, in order."""
        sets: dict[str, list[CaseDraft]] = defaultdict(list)
        for draft in drafts:
            sets[draft.set].append(draft)
        ids: dict[tuple[str, str], str] = {}
        for name, group in sets.items():
            self.golden.add([_case(draft) for draft in group], golden=name, accept=True, reason=_WHY)
            with self.golden.parts.ledger.read() as conn:
                ids |= {(name, row.key): row.case_id for row in golden.cases(conn, name)}
        return [ids[draft.set, draft.key] for draft in drafts]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSink:
    """Accepted rows are staged in their datasets, which are made where they are not there yet."""

    datasets: DatasetOperations

    def add(self, dataset: str, rows: Sequence[RowDraft]) -> Sequence[str]:
        """Stage rows, the same key twice once; returns the ids of their content, in order."""
        from headrace.curate.datasets.columns import of_rows
        from headrace.curate.datasets.identity import row_ids, row_name

        inputs = [_row(row) for row in rows]
        try:
            self.datasets.add(dataset, inputs)
        except NotFoundError:
            self.datasets.create(dataset, description="made of traces by curation")
            self.datasets.add(dataset, inputs)
        ids = row_ids(of_rows(inputs, subjects=[row.subject for row in inputs]))
        return [row_name(raw) for raw in ids.to_pylist()]


def _case(draft: CaseDraft) -> CaseInput:
    return CaseInput(
        key=draft.key,
        inputs=draft.inputs,
        expected=draft.expected,
        tags=tuple(draft.tags),
        group=draft.group,
        provenance=_with_trace(draft.provenance),
        must_pass=draft.must_pass,
        part=draft.part,
    )


def _row(draft: RowDraft) -> RowInput:
    return RowInput(
        key=draft.key,
        fields=draft.fields,
        provenance=_with_trace(draft.provenance),
        subject=draft.subject,
        group=draft.group,
        depth=draft.depth,
    )


def _with_trace(provenance: Mapping[str, object]) -> dict[str, object]:
    """With `trace` beside `traces`, as golden sets and datasets name the first of them."""
    traces = provenance.get("traces")
    first = traces[0] if isinstance(traces, list) and traces else None
    return {**provenance, **({} if first is None else {"trace": first})}
