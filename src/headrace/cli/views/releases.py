"""Releases and turns of the loop on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, duration, show_indented, show_name, show_row
from headrace.records.loop import LoopReport
from headrace.records.releases import (
    EnvironmentList,
    EvidenceReport,
    PinnedPrompt,
    ReleaseChange,
    ReleaseCheck,
    ReleaseDetail,
    ReleaseDiff,
    ReleaseList,
    ReleaseLog,
    ReleaseMove,
    ReleaseReport,
)

_STYLES: Mapping[str, str] = {
    "green": "green",
    "red": "red",
    "inconclusive": "yellow",
    "missing": "yellow",
    "undeclared": "yellow",
    "pass": "green",
    "fail": "red",
    "done": "green",
    "same": "green",
    "absent": "dim",
    "unreached": "dim",
    "waiting": "yellow",
    "failed": "red",
}
_WORDS: Mapping[str, str] = {
    "green": "every suite passed",
    "red": "a suite failed",
    "inconclusive": "a suite is inconclusive",
    "missing": "not evaluated",
    "undeclared": "no suite is declared",
}


def show_release(console: Console, report: ReleaseDetail) -> None:
    """What is known of a release, then what it pins."""
    _show_known(console, report.release)
    console.print()
    for corpus, facts in report.corpora.items():
        name = f"{corpus}/{facts['ordinal']}" if "ordinal" in facts else facts["generation"]
        held = f", {count(facts['documents'], 'document')}" if "documents" in facts else ""
        show_row(console, "generation", f"{one_line(name)}  {facts['state']}{held}")
    if report.model:
        k = f", k {report.ask['k']}" if "k" in report.ask else ""
        show_row(console, "ask", f"{one_line(report.model)}, prompt {(report.prompt or {}).get('name')}{k}")
    for name, version in report.prompts.items():
        show_row(console, "prompt", Text.assemble((one_line(name), "bold"), f"  {version.digest}"))
        for line in _prompt_lines(version):
            show_row(console, "", line)
    for name, schema in report.schemas.items():
        show_row(console, "schema", f"{one_line(name)} version {schema['version']}")
    for name, facts in report.models.items():
        style = "" if facts.get("pinned", True) else "yellow"
        how = f": {facts['how']}" if "how" in facts else ""
        word = "" if "pinned" not in facts else "pinned" if facts["pinned"] else "unpinned"
        show_row(console, "model", Text(one_line(f"{name}  {word}{how}"), style=style))
    for view, digest in report.features.items():
        show_row(console, "features", f"{one_line(view)}  {digest}")
    show_row(console, "policy", report.policy or "not pinned")
    for line in report.differs:
        show_row(console, "otherwise", Text(one_line(line), style="yellow"))


def _show_known(console: Console, report: ReleaseReport) -> None:
    kind = "implicit" if report.implicit else "made on purpose"
    show_name(console, Text.assemble((report.release, "bold"), f"  {kind}"))
    by = f" by {one_line(report.actor)}" if report.actor else ""
    if report.made_at:
        show_row(console, "made", f"{report.made_at}{by}")
    if report.note:
        show_row(console, "note", one_line(report.note))
    show_row(console, "serves", ", ".join(map(one_line, report.serves)) or "nowhere")
    word = Text(_WORDS[report.standing], style=_STYLES[report.standing])
    show_row(console, "evidence", word)
    for item in report.evidence:
        _show_evidence(console, item)


def _show_evidence(console: Console, item: EvidenceReport) -> None:
    line = Text.assemble((item.verdict, _STYLES[item.verdict]), f"  {one_line(item.suite)}  {item.at}")
    show_row(console, "", line)
    for reason in item.reasons:
        show_indented(console, one_line(reason), columns=13)
    for metric, effect in item.detectable.items():
        show_indented(console, f"could have seen a change of {metric} by {effect:g}", columns=13)


def _prompt_lines(version: PinnedPrompt) -> list[str]:
    parts = [f"model {version.model}" if version.model else ""]
    parts.append(" ".join(f"{key} {value}" for key, value in version.parameters.items()))
    parts.append(f"schema {version.schema['name']} {version.schema['version']}" if version.schema else "")
    second = [f"tools {', '.join(version.tools)}" if version.tools else ""]
    second.append(f"examples {version.few_shot['name']}" if version.few_shot else "")
    second.append(f"features {', '.join(version.features)}" if version.features else "")
    second.append(f"vault {version.vault}" if version.vault != "off" else "")
    second.append("chat template" if version.chat_template else "")
    second.append("tokenizer" if version.tokenizer else "")
    lines = [", ".join(filter(None, line)) for line in (parts, second)]
    return [one_line(line) for line in lines if line]


def show_list(console: Console, report: ReleaseList) -> None:
    """One line for each release."""
    for item in report.releases:
        serves = f"  serves {', '.join(map(one_line, item.serves))}" if item.serves else ""
        show_name(
            console,
            Text.assemble(
                (item.release, "bold"), "  ", (_WORDS[item.standing], _STYLES[item.standing]), serves
            ),
        )
        made = "implicit" if item.implicit else f"by {one_line(item.actor or '')}"
        note = f", {item.note}" if item.note else ""
        show_indented(console, one_line(f"{item.made_at}, {made}{note}"), columns=4, style="dim")
    if not report.releases:
        show_name(console, Text("No release yet. The first sync or prompt label mints one."))


def show_diff(console: Console, report: ReleaseDiff) -> None:
    """What is otherwise, with the texts."""
    if report.same:
        show_name(console, Text("They are one release."))
    for change in report.changes:
        _show_change(console, change)


def _show_change(console: Console, change: ReleaseChange) -> None:
    show_name(console, Text(one_line(change.component), style="bold"))
    for label, value, style in (("before", change.before, "red"), ("after", change.after, "green")):
        show_row(console, label, Text("not pinned" if value is None else one_line(str(value)), style=style))
    for part in change.parts:
        line = f"{part['part']}: {_short(part['before'])} → {_short(part['after'])}"
        show_indented(console, one_line(line), columns=4)
    for line in change.text.splitlines():
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        show_indented(console, line or " ", columns=4, style=style)


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def show_check(console: Console, report: ReleaseCheck) -> None:
    """Each suite, then all together."""
    show_name(
        console, Text.assemble((report.release, "bold"), "  ", (report.verdict, _STYLES[report.verdict]))
    )
    for item in report.evidence:
        _show_evidence(console, item)
    if report.standing == "green":
        show_row(console, "next", f"headrace release promote {report.release}")


def show_move(console: Console, report: ReleaseMove) -> None:
    """What serves now, and by what right."""
    line = "serves" if report.moved else "serves already"
    show_name(
        console,
        Text.assemble((report.release, "bold"), f"  {line} in {one_line(report.environment)}"),
    )
    if report.former and report.moved:
        show_row(console, "instead of", report.former)
    show_row(console, "evidence", _verdicts(report.evidence) or "none")
    for item in report.forced:
        show_row(console, "forced", Text(one_line(item), style="yellow"))
    for item in report.warnings:
        show_row(console, "but", Text(one_line(item), style="yellow"))
    show_row(console, "reason", one_line(report.reason))


def _verdicts(evidence: Mapping[str, str]) -> str:
    return one_line(", ".join(f"{suite} {verdict}" for suite, verdict in sorted(evidence.items())))


def show_log(console: Console, report: ReleaseLog) -> None:
    """Newest first."""
    for step in report.steps:
        now = "  now" if step.current else ""
        show_name(console, Text.assemble((step.at, "dim"), f"  {step.kind}  ", (step.release, "bold"), now))
        show_indented(console, one_line(f"{step.actor}: {step.reason}"), columns=4)
        if step.evidence:
            show_indented(console, _verdicts(step.evidence), columns=4, style="dim")
    if not report.steps:
        show_name(console, Text(f"Nothing ever served in {one_line(report.environment)}."))


def show_envs(console: Console, report: EnvironmentList) -> None:
    """One block for each environment."""
    for item in report.environments:
        show_name(console, Text.assemble((one_line(item.environment), "bold"), f"  {item.release}"))
        show_row(console, "since", f"{item.since}, by {one_line(item.actor)}")
        show_row(console, "reason", one_line(item.reason))
        show_row(console, "evidence", Text(_WORDS[item.standing], style=_STYLES[item.standing]))
        if item.environment != report.own:
            others = ", ".join(change.component for change in item.differs)
            show_row(console, "otherwise", one_line(others) or "nothing")
    if not report.environments:
        show_name(console, Text("Nothing serves anywhere yet. Next: headrace sync"))


def show_turn(console: Console, report: LoopReport) -> None:
    """Each step and how it ended."""
    resumed = ", taken up where it was cut off" if report.resumed else ""
    show_name(
        console,
        Text.assemble((f"turn {report.turn}", "bold"), "  ", (report.state, _STYLES[report.state]), resumed),
    )
    for step in report.steps:
        took = f"  {duration(step.seconds)}" if step.seconds else ""
        line = Text.assemble((f"{step.state:<9}", _STYLES[step.state]), took.strip())
        show_row(console, step.step, line)
        if step.reason:
            show_indented(console, one_line(step.reason), columns=13)
    if report.release:
        show_row(console, "made", report.release)
