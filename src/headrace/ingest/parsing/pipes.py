"""Rows of cells as a Markdown table."""

from __future__ import annotations

from collections.abc import Sequence


def pipe_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table whose first row is its head; empty rows and trailing empty columns are left out."""
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    width = max((_width(row) for row in kept), default=0)
    if width == 0:
        return []
    lines = [_line([*row[:width], *[""] * (width - len(row))]) for row in kept]
    return [lines[0], "|" + " --- |" * width, *lines[1:]]


def _width(row: Sequence[str]) -> int:
    filled = [index for index, cell in enumerate(row) if cell.strip()]
    return filled[-1] + 1


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return "| " + " | ".join(escaped) + " |"
