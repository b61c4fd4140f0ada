"""Calls, their attempts, and those that never became valid."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line, plain
from headrace.cli.views.console import count, show_indented, show_name, show_row
from headrace.records.calls import (
    AttemptReport,
    BatchReport,
    CallCounts,
    CallLetterDetail,
    CallLetters,
    CallReport,
    CallStats,
    ReplayReport,
    SettledLetters,
)

_MOST_RAW = 2000


def show_call(console: Console, report: CallReport) -> None:
    """The output, then how it came about."""
    if report.dead_letter is not None:
        console.print(Text(f"No valid output: {report.reason}.", style="red"))
    elif report.tool_calls:
        for call in report.tool_calls:
            function = call["function"]
            console.print(Text(plain(f"{function['name']}({function['arguments']})")), soft_wrap=True)
    else:
        shown = report.output if isinstance(report.output, str) else _json(report.output)
        console.print(Text(plain(shown)), soft_wrap=True)
    console.print()
    for attempt in report.attempts:
        _show_attempt(console, attempt)
    if report.cached:
        show_row(console, "cached", report.cached)
    if report.record:
        show_row(console, "record", report.record)
    show_row(console, "trace", report.trace_id)
    for warning in report.warnings:
        show_row(console, "warning", Text(one_line(warning), style="yellow"))
    if report.dead_letter is not None:
        show_row(console, "letter", report.dead_letter)
        console.print("Next: headrace dead-letter show " + report.dead_letter, soft_wrap=True)


def show_batch(console: Console, report: BatchReport) -> None:
    """What became of the rows."""
    show_name(console, Text(one_line(report.output), style="bold"))
    show_row(console, "rows", f"{report.rows:,}, of which {report.skipped:,} were answered before")
    show_row(console, "valid", f"{report.valid:,}")
    if report.dead_lettered:
        show_row(console, "failed", Text(f"{report.dead_lettered:,} dead-lettered", style="red"))
        console.print("Next: headrace dead-letter list")
    if report.refused:
        show_row(console, "refused", Text(f"{report.refused:,}: see `error` in the output", style="red"))
    show_row(console, "spent", _spent(report.tokens, report.cost, report.currency))


def show_stats(console: Console, stats: CallStats) -> None:
    """Counts for each prompt, schema and model."""
    if not stats.calls:
        console.print("No calls yet. Next: headrace call run PROMPT")
        return
    console.print(
        f"{count(stats.calls, 'call')} since {stats.since}, {stats.without_schema:,} without a schema, "
        f"{stats.without_prompt:,} without a prompt; {count(stats.open_dead_letters, 'open dead letter')}."
    )
    for model, state in stats.breakers.items():
        if state != "closed":
            console.print(Text(f"The breaker of {one_line(model)} is {state}.", style="red"))
    for group in stats.groups:
        _show_group(console, group)


def show_letters(console: Console, letters: CallLetters) -> None:
    """Each letter on two lines."""
    if not letters.items:
        console.print("There is no such dead letter.")
        return
    for letter in letters.items:
        show_name(console, Text(letter.id, style="bold"))
        about = f"{letter.prompt or 'no prompt'}, {letter.model}, {letter.reason}, {letter.at}"
        show_row(console, letter.state, one_line(about))
    console.print("Put right the schema, prompt or model, then: headrace dead-letter replay --all")


def show_letter(console: Console, letter: CallLetterDetail) -> None:
    """What was asked and every attempt."""
    show_name(console, Text(letter.id, style="bold"))
    show_row(console, "state", letter.state)
    show_row(console, "prompt", one_line(letter.prompt or "none"))
    show_row(console, "schema", one_line(letter.schema or "none"))
    show_row(console, "reason", letter.reason)
    show_row(console, "at", letter.at)
    show_row(console, "trace", letter.trace_id)
    for message in (letter.request or {}).get("messages", ()):
        show_row(console, str(message.get("role")), "")
        content = message.get("content")
        show_indented(console, _cut(content if isinstance(content, str) else _json(content)), columns=4)
    for attempt in letter.attempts:
        _show_stored(console, attempt)


def show_replay(console: Console, report: ReplayReport) -> None:
    """What came of each letter."""
    if not report.items:
        console.print("There is no such dead letter.")
        return
    for item in report.items:
        outcome = Text(item.how, style="green" if item.resolved else "red")
        show_name(console, Text.assemble((item.id, "bold"), "  ", outcome))
        if item.reason:
            show_row(console, "reason", one_line(item.reason))
        if item.record:
            show_row(console, "record", item.record)
    console.print(
        f"{report.resolved:,} resolved, {report.failing:,} still failing; "
        f"{_spent(report.tokens, report.cost, None)}."
    )


def show_settled(console: Console, report: SettledLetters) -> None:
    """What was closed."""
    console.print(f"{count(len(report.ids), 'dead letter')} {report.state}.")


def _show_attempt(console: Console, attempt: AttemptReport) -> None:
    outcome = Text("valid", style="green") if attempt.valid else Text("not valid", style="red")
    repair = f" ({attempt.repair})" if attempt.repair else ""
    facts = f", {one_line(attempt.model)}, {_spent(attempt.tokens, attempt.cost, None)}, {attempt.ms:,.0f} ms"
    show_row(console, attempt.kind, Text.assemble(outcome, repair, facts))
    if not attempt.valid:
        _show_errors(console, attempt.errors)


def _show_stored(console: Console, attempt: Mapping[str, Any]) -> None:
    console.print()
    outcome = "valid" if attempt["valid"] else "not valid"
    show_row(console, attempt["kind"], f"{outcome}, {one_line(str(attempt['model']))}")
    _show_errors(console, attempt["errors"])
    if attempt.get("raw_output"):
        show_indented(console, _cut(attempt["raw_output"]), columns=4)


def _show_errors(console: Console, errors: Sequence[Mapping[str, str]]) -> None:
    for error in errors:
        show_indented(console, f"{error['path'] or '/'}: {error['message']}", columns=4, style="dim")


def _show_group(console: Console, group: CallCounts) -> None:
    name = f"{group.prompt or 'no prompt'} · {group.schema or 'no schema'} · {group.model}"
    show_name(console, Text(one_line(name), style="bold"))
    show_row(console, "calls", f"{group.calls:,}, {_share(group.valid, group.calls)} valid")
    show_row(console, "at once", f"{_share(group.first_valid, group.calls)} valid as written")
    mended = f"{group.fenced:,} fenced, {group.prose:,} in prose, {group.syntax:,} with broken syntax"
    show_row(console, "repaired", f"{group.repaired:,}: {mended}")
    others = f"{group.reasked:,} asked again, {group.fell_back:,} fell back, {group.dead_lettered:,} dead"
    show_row(console, "corrected", f"{others}; {group.correction_ms:,.0f} ms")
    trouble = f"{group.truncated:,} truncated, {group.refused:,} refused, {group.upstream_errors:,} failed"
    show_row(console, "upstream", trouble)
    if group.fill_rates:
        rates = ", ".join(f"{one_line(name)} {rate:.0%}" for name, rate in group.fill_rates.items())
        show_row(console, "filled", rates)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _spent(tokens: int, cost: int | None, currency: str | None) -> str:
    money = "" if cost is None else f", {_amount(cost)} {currency or ''}".rstrip()
    return f"{count(tokens, 'token')}{money}"


def _amount(micro: int) -> str:
    return f"{micro / 1_000_000:.6f}".rstrip("0").rstrip(".")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_RAW else f"{text[:_MOST_RAW]}…"
