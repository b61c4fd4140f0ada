"""Outputs and scores that were made elsewhere, as a run."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.curate.evals.base import Reply
from headrace.curate.evals.outputs import to_text
from headrace.curate.evals.parts import EvalParts
from headrace.curate.evals.reporting import counted_cases, summaries
from headrace.curate.evals.table import table_of
from headrace.curate.golden.cleaning import cleaned
from headrace.errors import UsageError
from headrace.ledger import eval_runs, golden, lineage
from headrace.ledger.eval_runs import OutputRow, ResultRow, RunRow
from headrace.ledger.failpoints import declare, fire
from headrace.ledger.identity import digest
from headrace.records.evals import ImportedRun

if TYPE_CHECKING:
    from headrace.ledger.ledger import Write

IN_IMPORT = declare("eval.in_import")
_KEYS = ("case", "output", "scores", "repeat", "group", "tags", "latency_ms", "must_pass", "part")
_LONGEST_NAME = 64


def import_run(
    parts: EvalParts,
    given: Path | Sequence[Mapping[str, Any]],
    name: str,
    *,
    golden_set: str | None,
    suite: str,
) -> ImportedRun:
    """Take in lines of a JSON Lines file, or rows: `case`, `output` and `scores`, metric to number or null.

    A null score, or one that is not there, is not measured. With `golden_set` each `case` is a key of it, and
    the run can be compared with runs of ours. Raises UsageError; a name that is taken needs another one.
    """
    if not name.strip() or len(name) > _LONGEST_NAME or not all(c.isalnum() or c in "._-" for c in name):
        raise UsageError(f"{name!r} cannot be the name of a run: letters, digits, '.', '_' and '-'.")
    if isinstance(given, Path):
        source, lines = given.name, list(_lines(given))
    else:
        source, lines = "rows", [(f"row {n}", _checked(row, f"row {n}")) for n, row in enumerate(given)]
    if not lines:
        raise UsageError(f"{source!r} holds no results.")
    counts: Counter[str] = Counter()
    metrics = _metrics(lines)
    outputs, results = _rows(parts, name, lines, metrics, golden_set, counts)

    def work(tx: Write) -> RunRow:
        if eval_runs.run(tx.conn, name) is not None:
            raise UsageError(f"There is a run {name!r} already.", hint="Give it another name with --as.")
        rows = golden.cases(tx.conn, golden_set) if golden_set else []
        version = golden.put_version(tx, golden_set, rows) if golden_set else None
        repeats = 1 + max(row.repeat for row in results)
        run = _run(tx, name, suite, (golden_set, version), metrics, source, repeats, parts.actor)
        eval_runs.put_run(tx, run)
        eval_runs.put_outputs(tx, [row._replace(made_at_us=tx.now_us) for row in outputs])
        eval_runs.put_results(tx, results)
        if version is not None:
            lineage.link(tx, [lineage.Edge(source=version, target=name, activity="evaluated_on")])
        fire(IN_IMPORT)
        return run

    run = parts.ledger.write(work)
    table = table_of(run, sorted(results, key=lambda row: (row.key, row.repeat)))
    return ImportedRun(
        run=name,
        rows=len(lines),
        cases=len(table.keys),
        metrics=summaries(table, counted_cases(table)),
        redacted=dict(sorted(counts.items())),
    )


def _rows(
    parts: EvalParts,
    name: str,
    lines: Sequence[tuple[str, dict[str, Any]]],
    metrics: Sequence[Mapping[str, Any]],
    golden_set: str | None,
    counts: Counter[str],
) -> tuple[list[OutputRow], list[ResultRow]]:
    with parts.ledger.read() as conn:
        cases = {row.key: row for row in golden.cases(conn, golden_set)} if golden_set else {}
    if golden_set and not cases:
        raise UsageError(f"There is no golden set {golden_set!r}.")
    outputs, results = [], []
    seen: Counter[str] = Counter()
    for place, line in lines:
        key = line["case"]
        repeat = line.get("repeat", seen[key])
        seen[key] += 1
        row = cases.get(key)
        if golden_set and row is None:
            raise UsageError(f"{place}: the golden set {golden_set!r} has no case {key!r}.")
        clean = cleaned(parts.engine, line.get("output"), counts)
        reply = Reply(output=clean, latency_ms=line.get("latency_ms"))
        output_key = digest("output", ["import", name, key, repeat, clean])
        facts = golden.facts_of(row) if row else cleaned(parts.engine, _facts(line), counts)
        case_id = row.case_id if row else ""
        scores = {item["name"]: [_value(line["scores"].get(item["name"])), ""] for item in metrics}
        outputs.append(OutputRow(output_key, to_text(reply), None, case_id, 0))
        results.append(
            ResultRow(
                run=name,
                key=key,
                repeat=repeat,
                case_id=case_id,
                facts=json.dumps(facts),
                output_key=output_key,
                error=None,
                latency_ms=line.get("latency_ms"),
                scores=json.dumps(scores),
            )
        )
    doubled = [item for item, n in Counter((row.key, row.repeat) for row in results).items() if n > 1]
    if doubled:
        raise UsageError(f"Case {doubled[0][0]!r} has the repeat {doubled[0][1]} twice.")
    return outputs, results


def _run(
    tx: Write,
    name: str,
    suite: str,
    used: tuple[str | None, str | None],
    metrics: Sequence[Mapping[str, Any]],
    source: str,
    repeats: int,
    actor: str,
) -> RunRow:
    return RunRow(
        id=name,
        suite=suite,
        golden=used[0],
        version=used[1],
        target="import",
        target_id=digest("target", ["import", name]),
        identity=json.dumps({"kind": "import", "file": source}),
        settings=json.dumps({"scorers": list(metrics), "pass_at": {}, "fresh": False}, sort_keys=True),
        state="done",
        repeats=repeats,
        cached=0,
        tokens=0,
        cost_micro=None,
        currency=None,
        started_at_us=tx.now_us,
        finished_at_us=tx.now_us,
        actor=actor,
    )


def _lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        texts = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(file)!r} cannot be read: {error}.") from error
    for number, text in enumerate(texts, start=1):
        if text.strip():
            place = f"{file.name}:{number}"
            try:
                values = json.loads(text)
            except ValueError as error:
                raise UsageError(f"{place} is not JSON: {error}.") from error
            yield place, _checked(values, place)


def _checked(values: Any, place: str) -> dict[str, Any]:
    if not isinstance(values, dict) or not isinstance(values.get("case"), str | int):
        raise UsageError(
            f"{place} names no case.", hint='{"case": "…", "output": "…", "scores": {"accuracy": 1}}'
        )
    unknown = sorted(set(values) - set(_KEYS))
    if unknown:
        raise UsageError(f"{place} has {unknown[0]!r}. Allowed: {', '.join(_KEYS)}.")
    scores = values.get("scores", {})
    if not isinstance(scores, Mapping):
        raise UsageError(f"{place}: `scores` is an object of metric to number.")
    for name, value in scores.items():
        if value is not None and not isinstance(value, int | float):
            raise UsageError(f"{place}: the score {name!r} is no number, truth value or null.")
    repeat = values.get("repeat", 0)
    if isinstance(repeat, bool) or not isinstance(repeat, int) or repeat < 0:
        raise UsageError(f"{place}: `repeat` is a whole number from 0.")
    latency = values.get("latency_ms")
    if latency is not None and (isinstance(latency, bool) or not isinstance(latency, int | float)):
        raise UsageError(f"{place}: `latency_ms` is a number.")
    return {**values, "case": str(values["case"]), "scores": dict(scores)}


def _metrics(lines: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Every metric of the file; one that is never outside 0…1 is taken to lie there."""
    values: dict[str, list[float]] = {}
    for _, line in lines:
        for name, given in line["scores"].items():
            found = _value(given)
            values.setdefault(name, []).extend([] if found is None else [found])
    return [
        {
            "name": name,
            "version": "imported",
            "unit": all(0 <= value <= 1 for value in found),
            "binary": all(value in (0, 1) for value in found),
        }
        for name, found in sorted(values.items())
    ]


def _value(given: Any) -> float | None:
    if given is None or not math.isfinite(given):
        return None
    return float(given)


def _facts(line: Mapping[str, Any]) -> dict[str, Any]:
    tags = line.get("tags") or []
    group = line.get("group")
    return {
        "part": str(line.get("part") or "anchor"),
        "half": "dev",
        "group": None if group is None else str(group),
        "tags": [str(tag) for tag in (tags if isinstance(tags, list) else [tags])],
        "must_pass": bool(line.get("must_pass", False)),
        "state": "active",
    }
