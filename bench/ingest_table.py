"""The table of the ingest benchmark: medians over repeats, and peers' times as multiples of Headrace's."""

from __future__ import annotations

from statistics import median, median_low
from typing import Any

TITLES = {
    ("all", "cold"): "cold",
    ("all", "unchanged"): "nothing changed",
    ("all", "edit"): "1 of 4 chunks edited in 1 % of files",
    ("all", "rename"): "rename 1 %",
    ("all", "delete"): "delete 1 %",
    ("all", "config_b"): "config A → B",
    ("all", "config_a"): "config back to A",
    ("small", "empty"): "empty listing",
}
HEADER: tuple[str, ...] = (
    "step",
    "system",
    "seconds",
    "× ours",
    "embeddings",
    "commits",
    "rows",
    "lost",
    "wrong",
    "process s",
)
SECONDS = ("seconds", "process_seconds", "load_seconds", "save_seconds")
COUNTS = ("embeddings", "versions", "rows", "rows_before", "wrong")
NOTES = """\
seconds    the sync call, file reads included; without imports, without loading or saving in-memory stores
× ours     seconds / Headrace's seconds: above 1, Headrace is faster
commits    Lance versions added ("-": the store has no versions)
lost       rows that went although no document was removed on purpose
wrong      chunks to add, replace or remove to mend the store ("-": not checked)
process s  the whole process as a caller waits for it, without the check behind "wrong"
Headrace and CocoIndex keep all on disk (Headrace fsyncs it); the other two hold vectors in memory."""


def summarise(measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry per step and system, medians over the repeats, in the order of the table."""
    summary: list[dict[str, Any]] = []
    systems = list(dict.fromkeys(line["system"] for line in measured))
    for series, step in TITLES:
        of_step = [line for line in measured if (line["series"], line["step"]) == (series, step)]
        for system in systems:
            lines = [line for line in of_step if line["system"] == system]
            if lines:
                summary.append({"series": series, "step": step, "system": system, **_middle(lines)})
        _add_ratios([entry for entry in summary if (entry["series"], entry["step"]) == (series, step)])
    return summary


def render(summary: list[dict[str, Any]], *, facts: dict[str, Any]) -> str:
    """The table as aligned text, with a heading and what the columns mean."""
    rows = [HEADER]
    last = ""
    for entry in summary:
        title = TITLES[entry["series"], entry["step"]]
        if entry["step"] == "empty":
            title += f" ({facts['empty_files']:,} files)"
        rows.append(_cells(entry, title="" if title == last else title))
        last = title
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "-" * len(lines[0]))
    heading = (
        f"ingest: {facts['files']:,} files x {facts['chunks_per_file']} chunks, "
        f"{facts['cores']} cores, median of {facts['repeat']}, {_load(facts['load'])}"
    )
    versions = "\n".join(f"{name}: {text}" for name, text in facts["versions"].items())
    return f"{heading}\n{versions}\n\n" + "\n".join(lines) + f"\n\n{NOTES}"


def _load(loads: list[float | None]) -> str:
    low, high = loads
    return "no step ended" if low is None else f"load average before a step {low} to {high}"


def _middle(lines: list[dict[str, Any]]) -> dict[str, Any]:
    whole = [line for line in lines if not line.get("failed_step")]
    if len(whole) < len(lines):
        return {"failed_step": True}
    entry: dict[str, Any] = {key: median(line.get(key, 0.0) for line in whole) for key in SECONDS}
    for key in COUNTS:
        values = [line[key] for line in whole if line[key] is not None]
        entry[key] = median_low(values) if values else None
    return entry


def _add_ratios(entries: list[dict[str, Any]]) -> None:
    ours = next((entry.get("seconds") for entry in entries if entry["system"] == "headrace"), None)
    for entry in entries:
        comparable = ours and entry["system"] != "headrace" and "seconds" in entry
        entry["ratio"] = round(entry["seconds"] / ours, 3) if comparable else None


def _cells(entry: dict[str, Any], *, title: str) -> tuple[str, ...]:
    if entry.get("failed_step"):
        return (title, entry["system"], "failed", *[""] * (len(HEADER) - 3))
    empty = entry["step"] == "empty"
    ratio = "" if entry["ratio"] is None else f"{entry['ratio']:.2f}"
    lost = f"{entry['rows_before'] - entry['rows']:,}" if empty else ""
    wrong = "" if empty else _count(entry["wrong"])
    return (
        title,
        entry["system"],
        f"{entry['seconds']:.2f}",
        ratio,
        _count(entry["embeddings"]),
        _count(entry["versions"]),
        _count(entry["rows"]),
        lost,
        wrong,
        f"{entry['process_seconds']:.2f}",
    )


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
