"""Adds to each request the features that were known of its entity at its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.errors import UsageError
from headrace.observe.features.base import FeatureView, selected
from headrace.observe.features.engine import opened
from headrace.observe.features.parts import FeatureParts
from headrace.observe.features.pointintime import join, read_requests
from headrace.observe.features.reading import read_source
from headrace.observe.features.subjects import with_consent, without_forgotten

if TYPE_CHECKING:
    from headrace.ledger.consents import Purpose

TIME = "event_time"
"""The column of a request's time, unless another is named."""


class Joined(NamedTuple):
    """Requests with their features."""

    table: Any
    """An Arrow table: every column of the requests, `view__column` of each feature, `view__status`."""
    features: tuple[str, ...]
    statuses: Mapping[str, Mapping[str, int]]
    unreadable: Mapping[str, int]


def join_features(
    parts: FeatureParts,
    requests: Any,
    names: Sequence[str],
    *,
    time: str = TIME,
    known_us: int | None = None,
    purpose: Purpose | None = None,
) -> Joined:
    """Join an Arrow table of requests; each comes back once, in its place.

    With a purpose nothing comes of users who do not permit it: the subjects of a view. Raises NotFoundError
    for an unknown feature, ConfigError, and UsageError for a column that is missing.
    """
    table = requests
    statuses: dict[str, dict[str, int]] = {}
    unreadable: dict[str, int] = {}
    wanted = selected(parts.views, names)
    for name, columns in wanted.items():
        view = parts.views[name]
        _check(requests, view, columns, time)
        with opened() as connection:
            asked = read_requests(connection, view, requests, time=time)
            read = read_source(connection, view, parts.sources, columns)
        read = without_forgotten(view, read, parts.forgotten)
        found = join(view, read, asked, known_us=known_us)
        if purpose is not None:
            found = with_consent(view, found, asked, permitting=partial(parts.permitting, purpose))
        for column, given in read.values.items():
            table = table.append_column(f"{name}__{column}", found[given])
        table = table.append_column(f"{name}__status", found["status"])
        counts = found["status"].value_counts().to_pylist()
        statuses[name] = {item["values"]: item["counts"] for item in counts}
        unreadable |= {f"{name}:{column}": count for column, count in read.unreadable.items()}
    features = tuple(f"{name}:{column}" for name, columns in wanted.items() for column in columns)
    return Joined(table=table, features=features, statuses=statuses, unreadable=unreadable)


def _check(requests: Any, view: FeatureView, columns: Sequence[str], time: str) -> None:
    given = requests.column_names
    for column in (*view.entity, time):
        if column not in given:
            raise UsageError(
                f"The requests have no column {column!r}; they have {', '.join(map(repr, given))}.",
                hint=f"View {view.name!r} needs {', '.join(view.entity)} and a time: --time COLUMN.",
            )
    for column in (*columns, "status"):
        if f"{view.name}__{column}" in given:
            raise UsageError(
                f"The requests have a column {f'{view.name}__{column}'!r} already.", hint="Leave it out."
            )
