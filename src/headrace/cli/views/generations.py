"""Generations on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.cli.output import one_line
from headrace.cli.views.console import NOTHING_SYNCED, count, moment, show_name, show_row, size
from headrace.records.generations import GenerationDetail, GenerationList, GenerationReport

_STYLES = {"live": "green", "retired": "dim", "validating": "cyan", "catching_up": "yellow"}


def show_list(console: Console, report: GenerationList) -> None:
    """One block for each generation."""
    if not report.generations:
        console.print(NOTHING_SYNCED)
    for place, generation in enumerate(report.generations):
        if place:
            console.print()
        _show_one(console, generation)


def show_detail(console: Console, report: GenerationDetail) -> None:
    """One generation with recipe and history."""
    _show_one(console, report.generation)
    show_row(console, "digest", one_line(report.generation.digest or "not computed yet"))
    show_row(console, "recipe", one_line(report.generation.recipe))
    for name, part in report.recipe.items():
        show_row(console, f"  {name}", one_line(_flat(part)))
    if report.published_at_us is not None:
        show_row(
            console, "published", f"{count(report.publishes, 'time')}, last {moment(report.published_at_us)}"
        )
    show_row(console, "history", "")
    for step in report.history:
        line = f"{moment(step.at_us)}  {step.state}: {one_line(step.reason)} ({one_line(step.actor)})"
        show_row(console, "", line)


def _show_one(console: Console, generation: GenerationReport) -> None:
    state = Text(generation.state.replace("_", " "), style=_STYLES.get(generation.state, ""))
    serves = Text("  serves", style="bold green") if generation.serves else Text("")
    name = one_line(f"{generation.corpus}/{generation.ordinal}")
    show_name(console, Text.assemble((name, "bold"), "  ", state, serves))
    show_row(console, "id", one_line(generation.generation))
    show_row(console, "embedder", one_line(generation.embedder))
    if generation.overrides:
        show_row(console, "given", one_line(_flat(_shown(generation.overrides))))
    show_row(console, "holds", _holds(generation))
    if generation.coverage is not None and not generation.serves and generation.pruned_at_us is None:
        show_row(console, "coverage", f"{generation.coverage:.1%} of what serves")
    made = generation.embeddings
    show_row(
        console, "took", f"{made.computed:,} embeddings computed, {made.reused:,} reused{_cost(generation)}"
    )
    if generation.pruned_at_us is not None:
        show_row(console, "pruned", moment(generation.pruned_at_us))
    elif generation.written_until_us is not None:
        show_row(console, "in step", f"until {moment(generation.written_until_us)}")
    show_row(console, "since", f"{moment(generation.changed_at_us)}: {one_line(generation.reason)}")
    if generation.configuration:
        show_row(console, "chosen", "by hand; headrace.toml would ask for it by:")
        for line in generation.configuration:
            show_row(console, "", one_line(line))


def _holds(generation: GenerationReport) -> str:
    held = f"{count(generation.documents, 'document')}, {count(generation.chunks, 'chunk')}"
    return held if generation.size_bytes is None else f"{held}, {size(generation.size_bytes)}"


def _cost(generation: GenerationReport) -> str:
    if generation.cost is None:
        return "" if not generation.embeddings.computed else ", price not known"
    return f", costing {generation.cost:.4f}".rstrip("0").rstrip(".") if generation.cost else ""


def _shown(overrides: Mapping[str, object]) -> dict[str, object]:
    """Steps hold whole prompts: their names do."""
    steps = overrides.get("steps")
    if not isinstance(steps, list):
        return dict(overrides)
    return {**overrides, "steps": [step["spec"]["name"] for step in steps]}


def _flat(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key} {_flat(value) if isinstance(value, Mapping) else value}" for key, value in values.items()
    )
