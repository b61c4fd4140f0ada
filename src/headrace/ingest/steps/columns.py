"""Which metadata fields a prompt uses, and what became of the columns of a source that it uses."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from headrace.infer.prompts.template import environment, split_sections
from headrace.ledger.steps.columns import ColumnSeen
from headrace.records.document import Listing, SourceItem


def columns_of(body: str) -> tuple[str, ...] | None:
    """The fields of `metadata` that a prompt names, sorted; None where it uses it as a whole."""
    from jinja2 import nodes

    found: set[str] = set()
    whole = 0
    for _, text, _ in split_sections(body):
        tree = environment().parse(text)
        whole += sum(1 for node in tree.find_all(nodes.Name) if node.name == "metadata")
        named: list[tuple[object, str | None]] = [
            (access.node, access.attr) for access in tree.find_all(nodes.Getattr)
        ]
        named += [(access.node, _constant(access.arg)) for access in tree.find_all(nodes.Getitem)]
        for node, name in named:
            if isinstance(node, nodes.Name) and node.name == "metadata" and name is not None:
                found.add(name)
                whole -= 1
    return None if whole else tuple(sorted(found))


def _constant(node: object) -> str | None:
    from jinja2 import nodes

    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None


def seen(listings: Sequence[Listing], names: Iterable[str]) -> dict[tuple[str, str], ColumnSeen]:
    """What listings show of these columns, by source and column."""
    found: dict[tuple[str, str], ColumnSeen] = {}
    wanted = sorted(set(names))
    for listing in listings:
        for name in wanted:
            values = [value for item in listing.items if (value := item.metadata.get(name)) is not None]
            if values:
                kinds = ", ".join(sorted({_kind(value) for value in values}))
                found[listing.source, name] = ColumnSeen(listing.source, name, kinds, len(values))
    return found


def changes(
    before: Mapping[tuple[str, str], ColumnSeen],
    now: Mapping[tuple[str, str], ColumnSeen],
    listings: Sequence[Listing],
) -> list[str]:
    """Warnings about columns that vanished, or hold other kinds of values than before."""
    # A source whose column is gone may call its listing partial for that very reason.
    items = {listing.source: listing.items for listing in listings if listing.items}
    warnings = []
    for (source, name), was in sorted(before.items()):
        if source not in items:
            continue
        held = f"{was.documents:,} document{'s' if was.documents != 1 else ''}"
        current = now.get((source, name))
        if current is None:
            near = _renamed(name, items[source])
            meant = f" Was it renamed to {near!r}?" if near else ""
            warnings.append(
                f"column {name!r} of source {source!r}, which prompts of steps use, is gone: {held} had it."
                f"{meant}"
            )
        elif current.kinds != was.kinds:
            warnings.append(
                f"column {name!r} of source {source!r}, which prompts of steps use, held {was.kinds} in "
                f"{held} and holds {current.kinds} in {current.documents:,} now"
            )
    return warnings


def _renamed(name: str, items: Sequence[SourceItem]) -> str | None:
    others: dict[str, int] = defaultdict(int)
    for item in items:
        for other in item.metadata:
            others[other] += 1
    found = difflib.get_close_matches(name, sorted(others), n=1, cutoff=0.5)
    return found[0] if found else None


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "numbers" if isinstance(value, int | float) else "texts"
