"""An answer with its citations."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from headrace.cli.views.console import NOTHING_SYNCED, show_indented, show_name, show_place
from headrace.cli.views.standing import show_standing
from headrace.records.search import Answer

QUOTE_CHARACTERS = 300


def show_answer(console: Console, answer: Answer) -> None:
    """The answer, numbered citations with their place, and how to see where it comes from."""
    show_indented(console, answer.answer, columns=0)
    if not answer.generation:
        show_name(console, Text(NOTHING_SYNCED))
    console.print()
    for number, citation in enumerate(answer.citations, start=1):
        start = Text.assemble((f"[{number}] ", "bold green"))
        show_place(console, start, citation.document, page=citation.page, headings=citation.headings)
        show_standing(console, citation)
        show_indented(console, f"“{_shortened(citation.quote)}”", columns=4)
    if answer.citations:
        console.print()
    for warning in answer.warnings:
        show_indented(console, f"Note: {warning}.", columns=0, style="yellow")
    if answer.session:
        show_name(console, Text(f"session {answer.session}", style="dim"))
    show_name(console, Text(f"{answer.model} · trace {answer.trace_id}", style="dim"))
    show_name(console, Text(f"headrace why {answer.trace_id}", style="dim"))


def _shortened(quote: str) -> str:
    flat = " ".join(quote.split())
    return flat if len(flat) <= QUOTE_CHARACTERS else flat[: QUOTE_CHARACTERS - 1].rstrip() + "…"
