"""Lineage as trees, and refs as they were at a time."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from headrace.cli.output import one_line
from headrace.cli.views.console import moment, show_indented, show_name
from headrace.cli.views.facts import facts_line
from headrace.records.explain import AtReport, WhyNode, WhyReport

CHILDREN_SHOWN = 30


def show_why(console: Console, report: WhyReport) -> None:
    """What a thing came from, and what came from it."""
    for title, node in (("comes from", report.upstream), ("led to", report.downstream)):
        console.print(Text(title, style="bold"))
        console.print(_Branches().grown(node))
        console.print()


class _Branches:
    """Grows a tree in which the past of a thing is told once, however often the thing appears."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def grown(self, root: WhyNode) -> Tree:
        tree = Tree(_node_text(root, known=""), guide_style="dim")
        self._add_children(tree, root, known=_said(root))
        if not root.children:
            tree.add(Text("nothing", style="dim"))
        return tree

    def _add_children(self, tree: Tree, node: WhyNode, *, known: str) -> None:
        for child in node.children[:CHILDREN_SHOWN]:
            again = (child.kind, child.ref) in self._told and bool(child.children)
            text = _node_text(child, known=known, brief=again)
            branch = tree.add(text)
            if again:
                text.append(", as above", style="dim")
                continue
            self._told.add((child.kind, child.ref))
            self._add_children(branch, child, known=f"{known}\n{_said(child)}")
        if len(node.children) > CHILDREN_SHOWN:
            rest = f"… and {len(node.children) - CHILDREN_SHOWN:,} more, with --json"
            tree.add(Text(rest, style="dim"))


def _said(node: WhyNode) -> str:
    return f"{node.label} {node.ref} {facts_line(node.facts)}"


def _node_text(node: WhyNode, *, known: str, brief: bool = False) -> Text:
    text = Text()
    if node.relation:
        text.append(f"{one_line(node.relation)} ", style="dim")
    text.append(one_line(node.kind), style="cyan")
    text.append(f" {one_line(node.label)}", style="bold")
    if brief:
        return text
    if node.ref not in node.label:
        text.append(f" {one_line(node.ref)}", style="dim")
    facts = facts_line(node.facts, known=f"{known} {node.label} {node.ref}")
    if facts:
        text.append(f"\n{facts}", style="dim")
    return text


def show_at(console: Console, report: AtReport) -> None:
    """Every ref as it was then."""
    show_name(console, Text(f"As of {one_line(report.time)}", style="bold"))
    if not report.refs:
        show_name(
            console, Text("Nothing was recorded by then. The first `headrace sync` makes the first refs.")
        )
        return
    for ref in report.refs:
        name, artifact = one_line(ref.name), one_line(ref.artifact)
        show_name(console, Text.assemble((name, "bold"), "  ", (artifact, "cyan")))
        why = f", {one_line(ref.reason)}" if ref.reason else ""
        show_indented(console, f"since {moment(ref.valid_from_us)}, by {one_line(ref.actor)}{why}", columns=4)
        show_indented(console, facts_line(ref.body), columns=4, style="dim")
