"""The report on gates as one HTML page that loads nothing: drawings are SVG, and every text is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from itertools import pairwise

from headrace.records.gate_report import CorpusGates, GateDistribution, GateDistributions, Histogram

_WIDTH, _HEIGHT, _AXIS = 560, 120, 18

_STYLE = """
:root { color-scheme: light dark; --text: #1f2933; --soft: #61707f; --line: #d8dee4; --page: #ffffff;
  --card: #f7f9fb; --pass: #2f7d5b; --fail: #c0392b; --limit: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e9ee; --soft: #9aa7b4; --line: #35404b;
  --page: #14191f; --card: #1c232b; --pass: #4fb286; --fail: #ef7566; --limit: #e0b252; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 0 auto;
  max-width: 60rem; padding: 2rem 1.25rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .25rem; }
h3 { font-size: 1rem; margin: 0; } p { margin: .25rem 0; } .soft { color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem;
  margin: 1rem 0; }
.counts { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .25rem 0 .75rem; }
.counts b { font-variant-numeric: tabular-nums; } .pass { color: var(--pass); } .fail { color: var(--fail); }
svg { display: block; width: 100%; max-width: 35rem; height: auto; }
svg text { font-size: 11px; fill: var(--soft); }
svg .p { fill: var(--pass); } svg .f { fill: var(--fail); } svg .axis { stroke: var(--line); }
svg .limit { stroke: var(--limit); stroke-width: 1.5; stroke-dasharray: 4 3; }
svg .mark { fill: var(--limit); }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin-top: .75rem; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--soft); } td, th { padding: .2rem .75rem .2rem 0;
  vertical-align: top; overflow-wrap: anywhere; }
td.n, th.n { text-align: right; white-space: nowrap; width: 6rem; }
th.e { width: 40%; }
"""


def page(report: GateDistributions) -> str:
    """The whole page."""
    body = "".join(part for corpus in report.corpora for part in _corpus(corpus))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Gates</title><style>{_STYLE}</style></head><body><h1>Gates</h1>"
        '<p class="soft">What the gates said of the documents that serve and of those that wait. '
        '<span class="pass">■</span> passed <span class="fail">■</span> did not.</p>'
        f"{body}</body></html>\n"
    )


def _corpus(corpus: CorpusGates) -> Iterator[str]:
    yield f"<h2>{escape(corpus.corpus)}</h2>"
    states = ", ".join(f"{number:,} {_STATES[name]}" for name, number in corpus.states.items())
    yield f"<p>{corpus.documents:,} documents judged{': ' + states if states else ''}.</p>"
    if corpus.unjudged:
        yield f'<p class="soft">{corpus.unjudged:,} documents that serve were not judged by any gate.</p>'
    for gate in corpus.gates:
        yield "".join(_gate(gate))


_STATES = {"in": "let in", "gate": "waiting", "dropped": "dropped", "rejected": "rejected"}


def _gate(gate: GateDistribution) -> Iterator[str]:
    yield f"<section><h3>{escape(gate.gate)} <span class='soft'>v{gate.version}, on failure "
    yield f"{escape(gate.on_failure)}</span></h3><div class='counts'>"
    yield f"<span class='pass'><b>{gate.passed:,}</b> passed</span>"
    for number, word in (
        (gate.failed, "failed"),
        (gate.redacted, "redacted"),
        (gate.errors, "errors"),
        (gate.waiting, "waiting"),
    ):
        if number:
            yield f"<span class='fail'><b>{number:,}</b> {word}</span>"
    yield "</div>"
    if gate.scores is not None:
        yield "".join(_drawing(gate, gate.scores))
    if gate.reasons:
        yield "<table><tr><th class='n'>documents</th><th>reason</th></tr>"
        for reason in gate.reasons:
            yield f"<tr><td class='n'>{reason.documents:,}</td><td>{escape(reason.reason)}</td></tr>"
        yield "</table>"
    if gate.examples:
        yield "<table><tr><th class='e'>example</th><th class='n'>score</th><th>reason</th></tr>"
        for example in gate.examples:
            score = "" if example.score is None else f"{example.score:.4g}"
            yield f"<tr><td>{escape(example.document)}</td><td class='n'>{score}</td>"
            yield f"<td>{escape(example.reason or example.verdict)}</td></tr>"
        yield "</table>"
    yield "</section>"


def _drawing(gate: GateDistribution, scores: Histogram) -> Iterator[str]:
    """Bars as high as the square root of their documents, so that a few failures can be seen beside many."""
    label = f"Scores of {gate.gate}, {scores.scale}"
    yield f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + _AXIS}" role="img" aria-label="{escape(label)}">'
    most = max((a + b for a, b in zip(scores.passed, scores.failed, strict=True)), default=0) or 1
    step = _WIDTH / len(scores.passed)
    for place, (passed, failed) in enumerate(zip(scores.passed, scores.failed, strict=True)):
        if not passed + failed:
            continue
        height = (_HEIGHT - 16) * math.sqrt((passed + failed) / most)
        low = height * passed / (passed + failed)
        x, wide = place * step + 1, step - 2
        edges = f"{scores.edges[place]:.4g} to {scores.edges[place + 1]:.4g}"
        tip = f"{edges}: {passed:,} passed, {failed:,} did not"
        yield f"<g><title>{escape(tip)}</title>"
        yield f'<rect class="p" x="{x:.1f}" y="{_HEIGHT - low:.1f}" width="{wide:.1f}" height="{low:.1f}"/>'
        yield f'<rect class="f" x="{x:.1f}" y="{_HEIGHT - height:.1f}" width="{wide:.1f}" '
        yield f'height="{height - low:.1f}"/></g>'
    yield f'<line class="axis" x1="0" y1="{_HEIGHT}" x2="{_WIDTH}" y2="{_HEIGHT}"/>'
    for name, limit in gate.limits.items():
        at = place_of(scores, limit)
        if at is not None:
            yield from _limit(at * _WIDTH, f"{name} {figure(limit)}")
    yield f'<text x="0" y="{_HEIGHT + 14}">{figure(scores.edges[0])}</text>'
    yield f'<text x="{_WIDTH}" y="{_HEIGHT + 14}" text-anchor="end">{figure(scores.edges[-1])}</text></svg>'


def _limit(x: float, label: str) -> Iterator[str]:
    anchor, shift = ("start", 4) if x < _WIDTH / 2 else ("end", -4)
    yield f'<line class="limit" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{_HEIGHT}"/>'
    yield f'<text class="mark" x="{x + shift:.1f}" y="10" text-anchor="{anchor}">{escape(label)}</text>'


def figure(value: float) -> str:
    """`5,000,000`, `0.35`."""
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def place_of(scores: Histogram, limit: float) -> float | None:
    """Where a limit stands between the first edge (0) and the last (1); None where it is beyond them."""
    edges = scores.edges
    if not edges[0] <= limit <= edges[-1]:
        return None
    for place, (low, high) in enumerate(pairwise(edges)):
        if limit <= high:
            return (place + (limit - low) / (high - low)) / (len(edges) - 1)
    return 1.0
