"""The report on patterns as one HTML page that loads nothing: drawings are SVG, every text is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from headrace.records.curation import CurationReport, Latency, Pattern

_STYLE = """
:root { color-scheme: light dark; --text: #1f2933; --soft: #61707f; --line: #d8dee4; --page: #ffffff;
  --card: #f7f9fb; --bar: #c0392b; --done: #2f7d5b; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e9ee; --soft: #9aa7b4; --line: #35404b;
  --page: #14191f; --card: #1c232b; --bar: #ef7566; --done: #4fb286; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 0 auto;
  max-width: 60rem; padding: 2rem 1.25rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .25rem; }
h3 { font-size: 1rem; margin: 0; } p { margin: .25rem 0; } .soft { color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem;
  margin: 1rem 0; }
svg { display: block; width: 100%; height: 10px; margin: .5rem 0; }
svg .all { fill: var(--line); } svg .part { fill: var(--bar); } svg .done { fill: var(--done); }
ul { margin: .25rem 0; padding-left: 1.25rem; } code { font-size: .85rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--soft); } td, th { padding: .2rem .75rem .2rem 0; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
"""


def page(report: CurationReport) -> str:
    """The whole page."""
    body = "".join(part for pattern in report.patterns for part in _pattern(pattern))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Patterns of failures</title><style>{_STYLE}</style></head>"
        f"<body><h1>Patterns of failures</h1>"
        f'<p class="soft">{report.items:,} drafts of {report.traces:,} failing traces since '
        f"{escape(report.since)}; {report.alone:,} are like no other.</p>"
        f"{''.join(_latencies(report))}<h2>Patterns</h2>"
        f"{body or '<p>None yet.</p>'}</body></html>\n"
    )


def _latencies(report: CurationReport) -> Iterator[str]:
    yield "<h2>How soon anybody looks</h2><table><tr><th>stage</th><th class='n'>done</th>"
    yield "<th class='n'>open</th><th class='n'>median</th><th class='n'>90 %</th></tr>"
    for stage in report.latencies:
        yield f"<tr><td>{escape(stage.stage)}</td><td class='n'>{stage.done:,}</td>"
        yield f"<td class='n'>{stage.open:,}</td><td class='n'>{_length(stage.median_seconds, stage)}</td>"
        yield f"<td class='n'>{_length(stage.p90_seconds, stage)}</td></tr>"
    yield "</table><p class='soft'>Kaplan–Meier: what is open counts as longer than it has been.</p>"


def _length(seconds: float | None, stage: Latency) -> str:
    if seconds is None:
        return "not reached" if stage.open else "–"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 86_400 else f"{seconds / 86_400:.1f} d"


def _pattern(pattern: Pattern) -> Iterator[str]:
    yield f"<section><h3>{escape(pattern.label)} <span class='soft'>{escape(pattern.pattern)}</span></h3>"
    wide = 100 * pattern.share
    yield f'<svg viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="{wide:.0f} % of '
    yield 'failing traces"><rect class="all" width="100" height="4"/>'
    yield f'<rect class="part" width="{wide:.2f}" height="4"/></svg>'
    yield f"<p>{pattern.traces:,} traces ({wide:.0f} % of the failing ones), {pattern.items:,} drafts, "
    yield f"{pattern.open:,} waiting; noticed {escape(pattern.noticed_at)}; "
    yield f"owner: {escape(pattern.owner or 'nobody')}.</p>"
    yield f"<p>Suggested cause: <b>{escape(pattern.cause)}</b></p><ul>"
    for lead in pattern.leads:
        yield f"<li>{escape(lead.cause)}, {lead.share:.0%}: {escape(lead.evidence)}</li>"
    rules = ", ".join(f"{name} {number:,}" for name, number in pattern.rules.items())
    yield f"</ul><p class='soft'>Rules: {escape(rules)}</p><ul>"
    for place, example in enumerate(pattern.examples):
        question = pattern.questions[place] if place < len(pattern.questions) else ""
        yield f"<li>{escape(question[:300])} <code>headrace why {escape(example.trace_id)}</code></li>"
    yield "</ul></section>"
