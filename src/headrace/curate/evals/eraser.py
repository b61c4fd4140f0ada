"""Forgetting in evals: outputs of answers that had a document of the scope, and words that mention one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.ledger import eval_runs, golden
from headrace.ledger.erasers import covers
from headrace.ledger.erasure.scope import TOMBSTONE, Scope, without
from headrace.ledger.eval_runs import Texts
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.storage.cleaning import clean_ledger
from headrace.ledger.storage.tables.golden import (
    eval_judgements,
    eval_outputs,
    eval_results,
    eval_verdicts,
)
from headrace.ledger.storage.tables.golden import (
    eval_runs as runs_table,
)

if TYPE_CHECKING:
    from headrace.ledger.events.base import EventStore
    from headrace.ledger.ledger import Ledger
    from headrace.ledger.storage.writer import Write

NAME = "evals"
_TABLES = (eval_outputs, eval_judgements, eval_results, runs_table, eval_verdicts)
_IN_TRANSACTION = declare("erase.in_evals_transaction")
_ALL = 10_000_000

covers(NAME, *(f"table:{table.name}" for table in _TABLES))


class EvalEraser:
    """Puts tombstones in place of outputs; scores stay, so that old verdicts keep their numbers.

    It runs before golden sets and calls are erased, while they still tell which cases and answers these were.
    """

    name = NAME
    opens_all = True

    def __init__(self, ledger: Ledger, events: EventStore) -> None:
        self._ledger = ledger
        self._events = events

    def find(self, scope: Scope) -> int:
        """Texts that would change, and outputs that would go."""
        changed, cases = self._changed(scope)
        return _count(changed) + len(cases)

    def erase(self, scope: Scope) -> int:
        """Change them."""
        changed, cases = self._changed(scope)

        def work(tx: Write) -> int:
            eval_runs.forget_texts(tx, changed)
            eval_runs.forget_case(tx, {case_id for case_id, _ in cases}, {key for _, key in cases})
            fire(_IN_TRANSACTION)
            return _count(changed) + len(cases)

        return self._ledger.write(work)

    def clean(self, scope: Scope) -> None:
        """Empty the log and the free pages."""
        clean_ledger(self._ledger, {table.name for table in _TABLES})

    def _changed(self, scope: Scope) -> tuple[Texts, set[tuple[str, str]]]:
        traces = {
            link.trace_id
            for ref in (*scope.names, *scope.chunk_ids)
            for link in self._events.by_ref(ref, limit=_ALL)
        }
        with self._ledger.read() as conn:
            texts = eval_runs.texts(conn)
            touched = {row.key for row in eval_runs.all_outputs(conn) if row.trace_id in traces}
            measured = eval_runs.measured(conn)
            cases = {
                (row.case_id, row.key)
                for row in golden.all_cases(conn)
                if row.subject in scope.subjects
                or (row.trace_id is not None and row.trace_id in traces)
                or scope.in_text(row.key)
            }
        cases = {pair for pair in measured if pair in cases or scope.in_text(pair[1])}
        changed = Texts(
            outputs=_rewritten(texts.outputs, scope, whole=touched),
            judgements=_rewritten(texts.judgements, scope),
            results={
                key: (_without(scores, scope), _without(facts, scope), _plain(error, scope))
                for key, (scores, facts, error) in texts.results.items()
            },
            runs={
                key: (_without(identity, scope), str(_plain(target, scope)))
                for key, (identity, target) in texts.runs.items()
            },
            verdicts=_rewritten(texts.verdicts, scope),
        )
        return (
            changed._replace(
                results={key: value for key, value in changed.results.items() if value != texts.results[key]},
                runs={key: value for key, value in changed.runs.items() if value != texts.runs[key]},
            ),
            cases,
        )


def _count(texts: Texts) -> int:
    parts = (texts.outputs, texts.judgements, texts.results, texts.runs, texts.verdicts)
    return sum(len(part) for part in parts)


def _rewritten(
    texts: Mapping[str, str], scope: Scope, *, whole: frozenset[str] | set[str] = frozenset()
) -> dict[str, str]:
    found = {}
    for key, text in texts.items():
        kept = _blank(text) if key in whole else _without(text, scope)
        if kept != text:
            found[key] = kept
    return found


def _without(text: str, scope: Scope) -> str:
    value = json.loads(text)
    kept = without(value, scope)
    return text if kept == value else json.dumps(kept, sort_keys=True)


def _plain(text: str | None, scope: Scope) -> str | None:
    return None if text is None else str(without(text, scope))


def _blank(text: str) -> str:
    """A reply of which only numbers stay."""
    value: dict[str, Any] = json.loads(text)
    blank: dict[str, Any] = {"output": TOMBSTONE, "documents": [], "citations": [], "facts": {}}
    if value.get("failure") is not None:
        blank["failure"] = TOMBSTONE
    return json.dumps({**value, **blank}, sort_keys=True)
