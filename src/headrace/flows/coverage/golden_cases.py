"""The cases of the golden sets, as coverage takes them, and how the newest run did on them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headrace.curate.evals.table import RunTable, table_of
from headrace.ledger import eval_runs, golden
from headrace.records.coverage import CaseScale, CaseText
from headrace.records.wire import texts_in

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from headrace.ledger.ledger import Ledger


class GoldenCases:
    """Active cases of every golden set; a case is named `SET/KEY`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def texts(self) -> Sequence[CaseText]:
        """Every active case with its question, or all texts of its inputs."""
        with self._ledger.read() as conn:
            rows = [row for row in golden.all_cases(conn) if row.state == "active"]
            kept = golden.contents(conn, [row.case_id for row in rows])
        found = ((f"{row.set_name}/{row.key}", _question(kept[row.case_id].inputs)) for row in rows)
        return [CaseText(id=name, text=text) for name, text in found if text]

    def scores(self) -> Mapping[str, float]:
        """Case to its score in the newest finished run, by the first metric between 0 and 1."""
        with self._ledger.read() as conn:
            table = _newest(conn)
        metric = None if table is None else next((item for item in table.metrics if item.unit), None)
        if table is None or metric is None:
            return {}
        measured = zip(table.keys, table.values[metric.name], strict=True)
        return {f"{table.run.golden}/{key}": float(value) for key, value in measured if value == value}

    def scale(self) -> CaseScale | None:
        """Tokens of the newest finished run, for each output, and the chunks of the index that it read."""
        with self._ledger.read() as conn:
            table = _newest(conn)
            if table is None:
                return None
            outputs = eval_runs.outputs(
                conn, {row.output_key for row in eval_runs.results(conn, table.run.id)}
            )
        tokens = [int(json.loads(row.reply).get("tokens") or 0) for row in outputs.values()]
        return CaseScale(input_tokens=[number for number in tokens if number])


def _question(inputs: Mapping[str, object]) -> str:
    asked = inputs.get("question")
    return asked if isinstance(asked, str) else "\n".join(texts_in(inputs))


def _newest(conn: Connection) -> RunTable | None:
    for row in eval_runs.runs(conn, limit=20):
        if row.state == "done" and row.golden is not None:
            return table_of(row, eval_runs.results(conn, row.id))
    return None
