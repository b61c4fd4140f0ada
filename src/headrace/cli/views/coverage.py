"""Coverage on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import count, show_indented, show_name, show_row
from headrace.cli.views.curation import show_items
from headrace.records.coverage import CoverageHistory, CoverageReport, GapReport, Scale, Share, Topic
from headrace.records.curation import ItemList

_TOPICS = 12


def show_coverage(console: Console, report: CoverageReport) -> None:
    """The figures, then the topics."""
    covered = f"{_share(report.covered)} of the traffic is covered"
    show_name(console, Text(covered, style="bold"))
    looked = f"{count(report.queries, 'question')} of {count(report.traffic, 'trace')} since {report.since}"
    show_row(console, "traffic", looked)
    show_row(console, "cases", f"{report.cases:,}")
    show_row(console, "near", f"{_share(report.near)} of the questions have a case nearby")
    show_row(console, "unseen", f"{_share(report.unseen)} of what comes is of a kind nobody asked yet")
    if report.new is not None:
        show_row(console, "new", f"{_share(report.new)} are far from every topic of the run before")
    if report.raw_score is not None:
        show_row(console, "score", f"{_figure(report.raw_score)} over the cases")
    if report.traffic_score is not None:
        show_row(console, "by traffic", f"{_figure(report.traffic_score)}, each topic at its share")
    _show_scale(console, "tokens", report.context_tokens)
    _show_scale(console, "chunks", report.corpus_chunks)
    for topic in report.topics[:_TOPICS]:
        _show_topic(console, topic)
    if len(report.topics) > _TOPICS:
        show_indented(console, f"and {len(report.topics) - _TOPICS:,} smaller topics", style="dim")
    if any(not topic.covered for topic in report.topics):
        show_name(console, Text("Next: headrace curate gaps", style="dim"))
    if report.left_out:
        show_indented(console, f"{count(report.left_out, 'question')} could not be embedded.", style="yellow")


def show_gaps(console: Console, report: GapReport) -> None:
    """The topics, then what was drafted of them."""
    covered = f"{count(len(report.gaps), 'topic')} without cases; {_share(report.covered)} covered"
    show_name(console, Text(covered, style="bold"))
    for topic in report.gaps:
        _show_topic(console, topic)
        show_indented(console, f"headrace why {topic.examples[0]}", columns=5, style="dim")
    if report.drafted:
        show_items(console, ItemList(counts={}, items=report.drafted))
        show_name(console, Text("Next: headrace curate review", style="dim"))
    elif report.gaps:
        show_name(console, Text("Draft cases of them: headrace curate gaps --draft 2", style="dim"))


def show_history(console: Console, report: CoverageHistory) -> None:
    """Each run, then the topics with their shares, newest first."""
    for point in report.runs:
        counts = f"{count(point.queries, 'question')}, {count(point.cases, 'case')}"
        line = f"{point.at}  {point.covered:.0%} covered, {counts}"
        show_name(console, Text(line))
    if not report.runs:
        show_name(console, Text("Nothing measured yet. Next: headrace curate coverage"))
        return
    newest = report.runs[0].shares
    for topic in sorted(newest, key=lambda name: -newest[name])[:_TOPICS]:
        course = " ← ".join(
            f"{point.shares[topic]:.0%}" if topic in point.shares else "–" for point in report.runs[:6]
        )
        label = one_line(report.labels.get(topic, "")) or "(few)"
        show_row(console, f"topic {topic}", f"{label[:34]:<35} {course}")


def _show_topic(console: Console, topic: Topic) -> None:
    state = ("covered", "green") if topic.covered else ("gap", "yellow")
    before = "" if topic.before is None else f" (was {topic.before:.0%})"
    show_name(
        console,
        Text.assemble(
            "  ",
            (f"topic {topic.topic:<4}", "dim"),
            (f"{state[0]:<8}", state[1]),
            f"{topic.share:>4.0%}{before}, {topic.failing:,} of {topic.queries:,} fail, "
            f"{count(topic.cases, 'case')}",
        ),
    )
    show_indented(console, one_line(topic.label) or "(few)", columns=13)


def _show_scale(console: Console, name: str, scale: Scale) -> None:
    if not scale.production:
        return
    line = f"production {_quantiles(scale.production)}"
    if scale.cases:
        line += f"; eval set {_quantiles(scale.cases)}"
    show_row(console, name, line)


def _quantiles(values: object) -> str:
    assert isinstance(values, dict)
    return ", ".join(f"{name} {value:,.0f}" for name, value in values.items())


def _share(share: Share) -> str:
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})"


def _figure(share: Share) -> str:
    return f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})"
