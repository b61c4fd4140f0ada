"""The terminal: its width, its colours, and the small forms every view uses."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from headrace.cli.output import OutputClosed, close_output, one_line, plain

MOST_COLUMNS = 100
"""Lines longer than this are hard to read, however wide the terminal is."""

NOTHING_SYNCED = "Nothing is indexed yet. Next: headrace sync"


class _Output(Console):
    def on_broken_pipe(self) -> NoReturn:
        close_output()
        raise OutputClosed


def output_console() -> Console:
    """Stdout: at most 100 columns, 80 when piped; colour only on a terminal and not under NO_COLOR."""
    return _limited(_Output(highlight=False, markup=False, emoji=False))


def progress_console() -> Console:
    """Stderr, for what is not the result."""
    return _limited(Console(file=sys.stderr, highlight=False, markup=False, emoji=False))


def _limited(console: Console) -> Console:
    console.width = min(console.width, MOST_COLUMNS)
    return console


def show_name(console: Console, text: Text) -> None:
    """Print a line that holds a name to copy: never broken by us, so that it can be found with grep."""
    console.print(text, soft_wrap=True)


def show_indented(console: Console, text: str, *, columns: int = 3, style: str = "") -> None:
    """Print a paragraph of untrusted text with a margin, broken at words."""
    for line in Text(plain(text), style=style).wrap(console, console.width - columns):
        line.rstrip()
        console.print(Text(" " * columns).append_text(line), soft_wrap=True)


def show_place(
    console: Console, start: Text, document: str, *, page: int | None, headings: Sequence[str]
) -> None:
    """Print where something stands: the document on a line of its own, then page and heading path."""
    show_name(console, start.append(one_line(document), style="bold"))
    parts = [f"page {page}"] if page is not None else []
    if headings:
        parts.append(" › ".join(one_line(heading) for heading in headings))
    if parts:
        show_indented(console, ", ".join(parts), columns=4, style="cyan")


def show_row(console: Console, label: str, text: str | Text) -> None:
    """Print one labelled line of a block."""
    line = Text.assemble("  ", (f"{label:<11}", "dim"), text)
    line.rstrip()
    show_name(console, line)


def count(number: int, singular: str) -> str:
    """`1 document`, `12,000 documents`."""
    return f"{number:,} {singular}" if number == 1 else f"{number:,} {singular}s"


def duration(seconds: float) -> str:
    """`< 0.1 s`, `0.4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`."""
    if seconds < 0.1:
        return "< 0.1 s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def moment(time_us: int) -> str:
    """UTC microseconds as `2026-03-01 09:30:00 UTC`; years beyond four digits as the bare number."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time_us // 1_000_000))
    except (OverflowError, ValueError, OSError):
        return f"{time_us} µs"


def size(number_bytes: int) -> str:
    """`512 B`, `2.5 kB`, `1.2 GB`; powers of 1000."""
    value = float(number_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
