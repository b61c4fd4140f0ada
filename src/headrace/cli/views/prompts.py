"""Prompts on the terminal."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line, plain
from headrace.cli.views.console import count, moment, show_indented, show_name, show_row
from headrace.records.prompts import (
    CheckedPrompts,
    DiffReport,
    LabelReport,
    PromptDetail,
    PromptList,
    PromptLog,
    PromptSummary,
    RenderReport,
)

_STATES = {
    "released": ("released", "green"),
    "differs": ("the file is not what serves", "yellow"),
    "unreleased": ("not released", "dim"),
    "broken": ("the file is wrong", "bold red"),
    "no file": ("no file any more", "yellow"),
}
_DIFF = {"+": "green", "-": "red", "@": "cyan"}
_SHORT = len("prompt_") + 8


def show_list(console: Console, report: PromptList) -> None:
    """One block for each prompt, then the share of calls that match no release."""
    for prompt in report.prompts:
        _show_summary(console, prompt)
    if not report.prompts:
        show_name(console, Text("No prompts yet. Write prompts/NAME.md."))
    calls = report.calls
    if calls.share is not None:
        line = (
            f"{calls.unreleased:,} of {count(calls.calls, 'call')} ({calls.share:.1%}) in {calls.days} days "
        )
        console.print()
        show_name(
            console, Text(line + "match no released prompt.", style="yellow" if calls.unreleased else "dim")
        )


def show_detail(console: Console, report: PromptDetail) -> None:
    """What shapes the calls of a version, then its text."""
    show_name(console, Text.assemble((one_line(report.name), "bold"), f"  {report.digest}"))
    rows: list[tuple[str, Any]] = [
        ("version", ", ".join(dict.fromkeys([report.version, *report.labels]))),
        ("about", report.description),
        ("model", " → ".join([report.model or "", *report.fallbacks]) if report.model else ""),
        ("schema", report.schema and f"{report.schema['name']} version {report.schema['version']}"),
        ("variables", ", ".join(f"{name}: {kind}" for name, kind in report.variables.items())),
        ("parameters", ", ".join(f"{name} {_value(value)}" for name, value in report.parameters.items())),
        ("tools", ", ".join(tool["function"]["name"] for tool in report.tools)),
        ("features", ", ".join(report.features)),
        ("few-shot", report.few_shot and f"{report.few_shot['name']}, {report.few_shot['rows']} examples"),
        ("vault", report.vault if report.vault != "off" else ""),
        ("template", report.chat_template and report.chat_template["path"]),
        ("tokenizer", report.tokenizer and report.tokenizer["path"]),
        ("includes", ", ".join(report.includes)),
    ]
    for label, value in rows:
        if value:
            show_row(console, label, one_line(str(value)))
    console.print()
    show_indented(console, report.body.strip("\n"), columns=2)


def show_render(console: Console, report: RenderReport) -> None:
    """The messages, or the one text of the chat template."""
    if report.text is not None:
        console.print(Text(plain(report.text)), soft_wrap=True)
    else:
        for message in report.messages:
            show_name(console, Text(message["role"], style="bold cyan"))
            show_indented(console, message["content"], columns=2)
            console.print()
    word = "" if report.counted_by == "tokenizer" else "about "
    line = f"{report.digest}  {word}{count(report.tokens, 'token')}"
    show_name(console, Text(f"{line}, for {report.model}" if report.model else line, style="dim"))


def show_diff(console: Console, report: DiffReport) -> None:
    """Changed texts as git shows them, then everything else."""
    for word, digest in ((report.a, report.a_digest), (report.b, report.b_digest)):
        show_name(console, Text.assemble(f"{one_line(word):<14}", (digest, "dim")))
    if report.same:
        show_name(console, Text("They are the same version."))
    for line in report.text.splitlines():
        show_name(console, Text(one_line(line), style=_DIFF.get(line[:1], "")))
    for change in report.changed:
        console.print()
        show_name(console, Text(change.part, style="bold"))
        for sign, value in (("-", change.before), ("+", change.after)):
            if value is not None:
                show_name(console, Text(f"  {sign} {one_line(_value(value))}", style=_DIFF[sign]))


def show_log(console: Console, report: PromptLog) -> None:
    """Every move of every label, newest first."""
    for step in report.steps:
        mark = "*" if step.current else " "
        head = Text.assemble(f"{mark} ", (f"{one_line(step.label):<14}", "bold"), f"{step.digest[:_SHORT]}  ")
        head.append(f"{moment(step.at_us)}  {one_line(step.actor)}", style="dim")
        show_name(console, head)
        show_indented(console, step.reason, columns=4)
    if not report.steps:
        show_name(
            console, Text(f"Nothing is labelled yet. Next: headrace prompt label {report.name} production")
        )


def show_label(console: Console, report: LabelReport) -> None:
    """Where a label points now, and since when it does."""
    name = f"{one_line(report.name)}@{one_line(report.label)}"
    verb = "now points to" if report.moved else ("stays at" if report.pinned else "already pointed to")
    show_name(console, Text.assemble((name, "bold"), f" {verb} {report.digest}"))
    if report.moved and report.former is not None:
        show_row(console, "before", report.former)
    if report.pinned:
        show_row(console, "by hand", f"it no longer follows prompts/{one_line(report.name)}.md")
    if report.release is not None:
        show_row(console, "release", f"{report.release} serves")


def show_check(console: Console, report: CheckedPrompts) -> None:
    """One line for each problem, as compilers print them."""
    for problem in report.problems:
        place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
        show_name(console, Text.assemble((one_line(place), "bold red"), f": {one_line(problem.message)}"))
    found = count(len(report.problems), "problem")
    show_name(console, Text(f"{count(report.prompts, 'prompt')} checked, {found}."))


def _show_summary(console: Console, prompt: PromptSummary) -> None:
    said, style = _STATES[prompt.state]
    show_name(console, Text.assemble((f"{one_line(prompt.name):<20}", "bold"), "  ", (said, style)))
    if prompt.description:
        show_indented(console, prompt.description, columns=2, style="dim")
    if prompt.digest is not None:
        show_row(console, "file", prompt.digest)
    if prompt.released is not None and prompt.released != prompt.digest:
        show_row(console, "serves", prompt.released)
    if prompt.labels:
        labels = ", ".join(f"{name} {digest[:_SHORT]}" for name, digest in prompt.labels.items())
        show_row(console, "labels", one_line(labels))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
