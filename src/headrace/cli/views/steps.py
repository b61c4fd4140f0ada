"""Steps, their tests, dead letters and accuracy on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, moment, show_indented, show_name, show_row
from headrace.infer.embedders.budget import shown_money
from headrace.records.steps import (
    FieldAccuracy,
    StepAccuracy,
    StepAttempt,
    StepCount,
    StepDeadLetter,
    StepDeadLetters,
    StepList,
    StepReport,
    StepRetry,
    StepTest,
)

_STYLES = {"written": "green", "failed": "bold red", "waiting": "yellow"}
_EXCERPT = 300


def show_list(console: Console, report: StepList) -> None:
    """Steps by corpus, in their order."""
    if not report.steps:
        console.print("No corpus declares a step. See docs/steps.md: [[corpus.NAME.steps]].")
        return
    last = None
    for step in report.steps:
        if step.corpus != last:
            show_name(console, Text(f"corpus {one_line(step.corpus)}", style="bold"))
            last = step.corpus
        line = Text.assemble("  ", (f"{one_line(step.step):<18}", "bold"), f"{step.kind} → {_where(step)}")
        show_name(console, line)
        show_indented(console, f"{step.model}, {_documents(step.documents)}", columns=4, style="dim")


def show_step(console: Console, step: StepReport) -> None:
    """One step with everything that decides what it writes."""
    title = Text.assemble((one_line(step.step), "bold"), ("  in corpus " + one_line(step.corpus), "dim"))
    console.print(title)
    show_row(console, "kind", step.kind)
    show_row(console, "writes", _where(step))
    show_row(console, "model", one_line(step.model))
    show_row(console, "prompt", f"{one_line(step.prompt)}  {step.prompt_digest}")
    if step.schema is not None:
        show_row(console, "schema", f"{one_line(step.schema)}  {step.schema_digest}")
    if step.labels:
        show_row(console, "labels", f"{step.labels:,}")
    if step.fallback:
        show_row(console, "fallback", ", ".join(f"{key} = {value!r}" for key, value in step.fallback.items()))
    show_row(console, "documents", _documents(step.documents))
    if step.documents.get("failed"):
        show_row(
            console, "", Text(f"headrace step dead-letters --step {one_line(step.step)}", style="yellow")
        )


def show_test(console: Console, report: StepTest) -> None:
    """What was written, then every attempt."""
    line = Text.assemble((report.state, _STYLES[report.state]), "  ", (one_line(report.step), "bold"))
    show_name(console, line.append(f"  {one_line(report.file)}", style="dim"))
    if report.reason:
        show_indented(console, report.reason, columns=2)
    for name, value in report.fields.items():
        show_row(console, one_line(name), one_line(str(value)))
    if report.text is not None:
        show_indented(console, report.text, columns=2)
    _show_attempts(console, report.attempts, whole=True)
    console.print(Text(describe(report.count), style="dim"))


def show_letters(console: Console, report: StepDeadLetters) -> None:
    """Every dead letter, then what to do."""
    if not report.letters:
        console.print("No step has failed.")
        return
    _show_each(console, report.letters)
    console.print("Correct the prompt or the schema and sync, or ask again: headrace step retry")


def show_retry(console: Console, report: StepRetry) -> None:
    """What came of asking again."""
    if not report.tried:
        console.print("No step has failed, so nothing was asked.")
        return
    console.print(f"{count(report.tried, 'dead letter')} asked again, {report.healed:,} healed.")
    _show_each(console, report.letters)


def show_accuracy(console: Console, report: StepAccuracy) -> None:
    """A line for each field with its intervals."""
    title = Text.assemble((one_line(report.step), "bold"), f"  {count(report.sample, 'labelled document')}")
    console.print(title)
    if report.missing:
        named = ", ".join(one_line(uri) for uri in report.missing[:3])
        show_row(console, "missing", Text(f"{len(report.missing):,} do not serve: {named}", style="yellow"))
    if report.waiting:
        show_row(console, "waiting", Text(f"{report.waiting:,} have no output yet", style="yellow"))
    for field in report.fields:
        show_name(console, Text.assemble("  ", (one_line(field.field), "bold"), f"  n = {field.n:,}"))
        show_indented(console, _measures(field), columns=4)


def describe(given: StepCount, *, planned: bool = False) -> str:
    """A count on one line."""
    if planned:
        parts = [f"{count(given.calls, 'call')} to make", f"{given.reused:,} stored"]
    else:
        parts = [count(given.calls, "call"), f"{given.reused:,} stored"]
        parts += [f"{given.repaired:,} repaired"] if given.repaired else []
        parts += [f"{given.failed:,} failed"] if given.failed else []
    parts += [f"{given.waiting:,} waiting"] if given.waiting and not planned else []
    tokens = given.input_tokens + given.output_tokens
    if tokens:
        money = "price not known"
        if given.cost_micro is not None:
            money = shown_money(given.cost_micro, given.currency) if given.cost_micro else "free of charge"
        parts.append(f"{'about ' if planned else ''}{tokens:,} tokens, {money}")
    return ", ".join(parts)


def _show_each(console: Console, letters: Sequence[StepDeadLetter]) -> None:
    for letter in letters:
        place = f"{one_line(letter.corpus)}/{one_line(letter.document)}"
        show_name(console, Text.assemble((one_line(letter.step), "bold"), "  ", place))
        show_indented(console, f"{letter.reason}: {letter.detail}", style="red")
        tries = f"{count(letter.tries, 'run')}, last {moment(letter.last_at_us)}, by {letter.model}"
        show_indented(console, tries, style="dim")
        _show_attempts(console, letter.attempts, whole=False)


def _show_attempts(console: Console, attempts: Sequence[StepAttempt], *, whole: bool) -> None:
    for number, attempt in enumerate(attempts, start=1):
        said = f"attempt {number} ({attempt.kind}), {attempt.finish_reason}, {attempt.milliseconds:.0f} ms"
        show_indented(console, said, style="dim")
        text = attempt.text if whole or len(attempt.text) <= _EXCERPT else attempt.text[:_EXCERPT] + "…"
        show_indented(console, text, columns=5)
        for problem in attempt.problems:
            show_indented(
                console, f"{problem['path'] or 'output'}: {problem['message']}", columns=5, style="red"
            )


def _where(step: StepReport) -> str:
    return ", ".join(map(one_line, step.fields)) or step.into


def _documents(documents: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {state}" for state, number in documents.items()) or "no documents yet"


def _measures(field: FieldAccuracy) -> str:
    rows = (
        ("exact match", field.exact_match, field.exact_match_low, field.exact_match_high),
        ("precision", field.precision, field.precision_low, field.precision_high),
        ("recall", field.recall, field.recall_low, field.recall_high),
    )
    return ", ".join(
        f"{name} {value:.3f} [{low:.3f}, {high:.3f}]"
        for name, value, low, high in rows
        if value is not None and low is not None and high is not None
    )
