"""Hits of a search."""

from __future__ import annotations

import re

from rich.console import Console
from rich.text import Text

from headrace.cli.views.console import NOTHING_SYNCED, show_indented, show_name, show_place
from headrace.cli.views.quality import parts_line
from headrace.cli.views.standing import show_standing
from headrace.records.search import Hit, SearchResult

SNIPPET_CHARACTERS = 240
_WORD = re.compile(r"\w{3,}")


def show_search(console: Console, result: SearchResult, *, explain: bool = False) -> None:
    """Rank, score and place of each hit with a snippet around the words of the query.

    `explain` shows the quality of its document, too.
    """
    if not result.hits:
        show_name(console, Text("Nothing found." if result.generation else NOTHING_SYNCED))
    for warning in result.warnings:
        show_indented(console, f"Note: {warning}.", columns=0, style="yellow")
        console.print()
    for hit in result.hits:
        _show_hit(console, hit, query=result.query, explain=explain)
    show_name(console, Text(f"headrace why {result.trace_id}", style="dim"))


def _show_hit(console: Console, hit: Hit, *, query: str, explain: bool) -> None:
    start = Text.assemble((f"{hit.rank:>2}", "bold green"), (f" {hit.score:.3f}  ", "dim"))
    show_place(console, start, hit.document, page=hit.page, headings=hit.headings)
    show_standing(console, hit)
    if explain and hit.quality is not None:
        line = f"quality {hit.quality:.2f}: {parts_line(hit.quality_parts)}"
        show_indented(console, line, columns=4, style="dim")
    show_indented(console, snippet(_body(hit), query), columns=4)
    console.print()


def _body(hit: Hit) -> str:
    """The chunk without the heading it begins with, where that was just shown."""
    first, newline, rest = hit.text.lstrip().partition("\n")
    is_shown = newline and hit.headings and first.lstrip("#").strip() == hit.headings[-1]
    return rest if is_shown and rest.strip() else hit.text


def snippet(text: str, query: str) -> str:
    """The part of a chunk, on one line, that holds most words of the query; at most 240 characters."""
    flat = " ".join(text.split())
    if len(flat) <= SNIPPET_CHARACTERS:
        return flat
    words = {word.lower() for word in _WORD.findall(query)}
    starts = [found.start() for found in _WORD.finditer(flat) if found.group().lower() in words]
    window = SNIPPET_CHARACTERS - 40

    def words_from(start: int) -> int:
        return len(
            {flat[at : at + 40].split(" ")[0].lower() for at in starts if start <= at < start + window}
        )

    best = max(starts, key=lambda start: (words_from(start), -start), default=0)
    begin = 0 if best <= 40 else flat.find(" ", best - 40) + 1
    begin = begin if 0 < begin <= best else (0 if best <= 40 else best)
    end = begin + SNIPPET_CHARACTERS - 2
    if end < len(flat):
        space = flat.rfind(" ", begin + window, end)
        end = space if space > 0 else end
    return ("…" if begin else "") + flat[begin:end] + ("…" if end < len(flat) else "")
