"""Runs, comparisons and verdicts on the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_indented, show_name, show_row
from headrace.infer.embedders.budget import shown_money
from headrace.records.evals import (
    EvalList,
    EvalRun,
    GateReport,
    ImportedRun,
    MetricComparison,
    MetricSummary,
    MustPass,
    RunComparison,
    Verdict,
)

_STYLES: Mapping[Verdict, str] = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
_SLICES = 12


def show_list(console: Console, report: EvalList) -> None:
    """Suites, sets, runs."""
    for suite in report.suites:
        line = Text.assemble((one_line(suite.name), "bold"), f"  {one_line(suite.target)} on {suite.golden}")
        if suite.verdict:
            line.append(f"  {suite.verdict}", style=_STYLES[suite.verdict])
        show_name(console, line)
        show_row(console, "scorers", one_line(", ".join(suite.scorers)))
        show_row(console, "runs", f"{suite.runs:,}{f', newest {suite.last}' if suite.last else ''}")
    if not report.suites:
        show_name(console, Text("No suites yet. Declare [evals.NAME] in headrace.toml."))
    for name, counts in report.golden.items():
        states = ", ".join(f"{number:,} {state}" for state, number in counts.items())
        show_name(console, Text.assemble(("golden ", "dim"), (name, "bold"), f"  {states}"))
    for run in report.runs:
        means = ", ".join(f"{name} {_number(item.mean)}" for name, item in run.metrics.items())
        show_name(console, Text.assemble((f"{run.started_at}  ", "dim"), run.run))
        show_indented(console, f"{run.suite} on {run.target}, {count(run.cases, 'case')}: {means}")


def show_run(console: Console, run: EvalRun) -> None:
    """One run."""
    show_name(console, Text.assemble((run.run, "bold"), f"  {run.suite} on {one_line(run.target)}"))
    outputs = f"{count(run.cases, 'case')}, {count(run.outputs, 'output')}, {run.cached:,} from earlier runs"
    show_row(console, "done", outputs)
    if run.version:
        show_row(console, "cases", f"{run.golden} at {run.version}")
    _metrics(console, run.metrics)
    for part, metrics in run.parts.items():
        show_name(console, Text(f"  {part.replace('_', ' ')}", style="bold"))
        _metrics(console, metrics)
    _must_pass(console, run.must_pass)
    if run.consistency is not None:
        show_row(console, "alike", f"{run.consistency:.0%} of repeats gave the usual output of their case")
    if run.latency_ms:
        show_row(
            console, "latency", ", ".join(f"{name} {value:,.0f} ms" for name, value in run.latency_ms.items())
        )
    if run.tokens or run.cost:
        cost = "" if run.cost is None else f", {shown_money(run.cost, run.currency or '')}"
        show_row(console, "spent", f"{run.tokens:,} tokens{cost}")
    if run.recomputed is not None:
        differing = run.recomputed["differing"]
        line = f"{run.recomputed['scores']:,} scores again, {len(differing):,} differ"
        show_row(console, "recomputed", Text(line, style="red" if differing else "green"))
        for item in differing:
            show_indented(console, one_line(item))
        if run.recomputed["without_output"]:
            gone = count(run.recomputed["without_output"], "output")
            show_indented(console, f"{gone} without their case or text: forgotten, or imported")
        if run.recomputed["redacted"]:
            gone = count(run.recomputed["redacted"], "output")
            show_indented(console, f"{gone} scored before personal data was taken out")
    for warning in run.warnings:
        show_indented(console, warning, style="yellow")


def show_comparison(console: Console, report: RunComparison) -> None:
    """One run against another."""
    show_name(console, Text.assemble((report.verdict, f"bold {_STYLES[report.verdict]}")))
    show_row(console, "before", report.a)
    show_row(console, "after", report.b)
    left = [
        f"{number:,} {word}"
        for word, number in (
            ("only before", report.only_a),
            ("only after", report.only_b),
            ("changed", report.changed),
            ("flaky", report.quarantined),
        )
        if number
    ]
    show_row(console, "cases", f"{report.cases:,}" + (f"; left out: {', '.join(left)}" if left else ""))
    for name, item in report.metrics.items():
        _compared(console, name, item)
    shown = 0
    for tag, items in report.slices.items():
        for part in items:
            if part.verdict == "fail" and shown < _SLICES:
                shown += 1
                p = "" if part.p is None else f", p {part.p:.2g} among all slices"
                line = f"{tag}: {part.metric} {part.difference:+.3f} over {part.n:,} cases{p}"
                show_row(console, "slice", Text(one_line(line), style="red"))
    for reason in report.reasons:
        show_indented(console, one_line(reason), style=_STYLES[report.verdict])
    for warning in report.warnings:
        show_indented(console, one_line(warning), style="yellow")


def show_gate(console: Console, report: GateReport) -> None:
    """A verdict and why."""
    show_name(
        console,
        Text.assemble(
            (report.verdict, f"bold {_STYLES[report.verdict]}"), f"  {report.suite}  ", (report.id, "dim")
        ),
    )
    show_row(console, "run", report.run)
    show_row(console, "baseline", report.baseline or "none: floors and must-pass cases decide")
    for name, item in report.floors.items():
        wanted = f"at least {item['at_least']}" if item["at_least"] is not None else ""
        wanted = wanted or f"at most {item['at_most']}"
        ci = "" if item["ci"] is None else f" ({item['ci'][0]:.3f} to {item['ci'][1]:.3f})"
        shown = Text.assemble(
            (f"{item['verdict']:<13}", _STYLES[item["verdict"]]),
            f"{name} {_number(item['mean'])}{ci}, {wanted}",
        )
        show_row(console, "floor", shown)
    if report.comparison is not None:
        for name, compared in report.comparison.metrics.items():
            _compared(console, name, compared)
    _must_pass(console, report.must_pass)
    for case in report.quarantined:
        line = f"{one_line(case['key'])} passes only sometimes: flaky now, {one_line(case['owner'])} answers"
        show_row(console, "flaky", Text(line, style="yellow"))
    if report.topped_up:
        show_row(console, "looked", f"twice, with {count(report.topped_up, 'output')} more")
    for reason in report.reasons:
        show_indented(console, one_line(reason), style=_STYLES[report.verdict])


def show_imported(console: Console, report: ImportedRun) -> None:
    """What was taken in."""
    show_name(
        console,
        Text.assemble((report.run, "bold"), f"  {count(report.rows, 'row')}, {count(report.cases, 'case')}"),
    )
    _metrics(console, report.metrics)
    if report.redacted:
        taken = ", ".join(f"{number} {kind}" for kind, number in report.redacted.items())
        show_row(console, "taken out", Text(taken, style="yellow"))


def _metrics(console: Console, metrics: Mapping[str, MetricSummary]) -> None:
    for name, item in metrics.items():
        ci = "" if item.ci is None else f"  {_number(item.ci[0])} to {_number(item.ci[1])}"
        missing = f"  {item.unmeasured:,} not measured" if item.unmeasured else ""
        line = Text.assemble(
            (f"{_number(item.mean):>7}", "bold"), f"{ci}  {count(item.n, 'case')}", (missing, "yellow")
        )
        show_row(console, one_line(name), Text("  ").append_text(line))


def _compared(console: Console, name: str, item: MetricComparison) -> None:
    style = _STYLES[item.verdict] if item.decides else "dim"
    line = Text.assemble((f"{item.verdict:<13}", style), (one_line(name), "bold"))
    if item.difference is not None:
        line.append(f"  {_number(item.before)} → {_number(item.after)} ({item.difference:+.4g})")
    show_name(console, Text("  ").append_text(line))
    facts = []
    if item.ci is not None:
        facts.append(f"95 % {item.ci[0]:+.4g} to {item.ci[1]:+.4g}")
    if item.p is not None:
        facts.append(f"p {item.p:.3g}")
    facts.append(f"margin {item.margin:.3g}")
    if item.detectable is not None:
        facts.append(f"could have seen {item.detectable:.3g}")
    facts.append(f"{count(item.n, 'case')}")
    show_indented(console, ", ".join(facts), columns=15, style="dim")


def _must_pass(console: Console, marks: MustPass | None) -> None:
    if marks is None:
        return
    style, said = (
        "green",
        f"all {count(marks.cases, 'case')} passed" if marks.cases > 1 else "the case passed",
    )
    if marks.failed:
        style, said = "red", f"failed: {', '.join(marks.failed)}"
    elif marks.flaky:
        style, said = "yellow", f"passes only sometimes: {', '.join(marks.flaky)}"
    elif marks.unknown:
        style, said = "yellow", f"not measured: {', '.join(marks.unknown)}"
    elif marks.failure_bound is not None:
        said += f"; true failures stay below {marks.failure_bound:.1%} (95 %)"
    show_row(console, "must pass", Text(one_line(said), style=style))


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
