"""Lineage as trees, and refs at a time as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from headrace.cli.output import one_line
from headrace.cli.views.console import moment
from headrace.records.explain import AtReport, WhyNode, WhyReport
from headrace.records.wire import to_plain

FACT_CHARACTERS = 120


def show_why(console: Console, report: WhyReport) -> None:
    """What a thing came from, and what came from it."""
    for title, node in (("comes from", report.upstream), ("led to", report.downstream)):
        tree = Tree(_node_text(node), guide_style="dim")
        for child in node.children:
            _grow(tree, child)
        if not node.children:
            tree.add(Text("nothing", style="dim"))
        console.print(Text(title, style="bold"))
        console.print(tree)
        console.print()


def _grow(tree: Tree, node: WhyNode) -> None:
    branch = tree.add(_node_text(node))
    for child in node.children:
        _grow(branch, child)


def _node_text(node: WhyNode) -> Text:
    text = Text()
    if node.relation:
        text.append(f"{one_line(node.relation)} ", style="dim")
    text.append(one_line(node.kind), style="cyan")
    text.append(f" {one_line(node.label)}", style="bold")
    if node.ref not in node.label:
        text.append(f" {one_line(node.ref)}", style="dim")
    facts = _facts(node.facts)
    if facts:
        text.append(f"\n{facts}", style="dim")
    return text


def _facts(facts: Mapping[str, Any]) -> str:
    shown = []
    for name, value in facts.items():
        if value is None or value in ("", (), [], {}):
            continue
        text = value if isinstance(value, str) else json.dumps(to_plain(value), ensure_ascii=False)
        text = one_line(text)
        shown.append(f"{name} {text if len(text) <= FACT_CHARACTERS else text[: FACT_CHARACTERS - 1] + '…'}")
    return " · ".join(shown)


def show_at(console: Console, report: AtReport) -> None:
    """Every ref as it was then."""
    console.print(Text(f"As of {one_line(report.time)}", style="bold"))
    if not report.refs:
        console.print(Text("Nothing was recorded by then. The first `headrace sync` makes the first refs."))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for column in ("ref", "pointed to", "since", "why"):
        table.add_column(column, overflow="fold")
    for ref in report.refs:
        since = moment(ref.valid_from_us).removesuffix(" UTC")
        reason = one_line(ref.reason or ref.actor)
        table.add_row(
            Text(one_line(ref.name), style="bold"), Text(one_line(ref.artifact)), Text(since), Text(reason)
        )
    console.print(table)
