"""What a feature view is: an entity, where its values come from, when they held and were known."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from headrace.errors import NotFoundError, UsageError
from headrace.ledger.identity import digest

SourceKind = Literal["parquet", "csv", "sql", "python"]
ColumnType = Literal["string", "integer", "number", "boolean", "datetime", "vector"]
KeyType = Literal["string", "integer"]

COLUMN_TYPES: tuple[str, ...] = get_args(ColumnType)
KEY_TYPES: tuple[str, ...] = get_args(KeyType)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSource:
    """Where the rows of a view come from."""

    kind: SourceKind
    text: str
    """A file, folder or glob; a query; or `module:function`."""
    database: str | None = None
    """Of a query: a name of `[features.databases]`."""

    def describe(self) -> str:
        """One line for people."""
        text = " ".join(self.text.split())
        return f"sql on {self.database}: {text}" if self.kind == "sql" else f"{self.kind} {text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureGates:
    """`[gates]` of a view: how far a run may differ from the last before it is held back."""

    null_jump: float = field(default=0.1, metadata={"minimum": 0, "maximum": 1})
    """Share of entities by which nulls, or empty strings, of a column may become more."""
    missing_keys: float = field(default=0.01, metadata={"minimum": 0, "maximum": 1})
    """Share of source rows that may lack a key or an event time."""
    vanished: float = field(default=0.2, metadata={"minimum": 0, "maximum": 1})
    """Share of the entities that serve which may be gone from the source."""
    row_drop: float = field(default=0.5, metadata={"minimum": 0, "maximum": 1})
    """Share by which the source may have become shorter."""
    range_factor: float = field(default=10.0, metadata={"minimum": 1})
    """How many times its last width the range of a number may become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureView:
    """One file `features/NAME.toml`."""

    name: str
    entity: tuple[str, ...]
    """Columns that name the entity."""
    key_types: tuple[KeyType, ...]
    """Their types, in the same order."""
    source: FeatureSource
    event_time: str
    """Column with the time from which a row holds."""
    known_time: str | None
    """Column with the time when it was learnt; None where that is its event time."""
    columns: Mapping[str, ColumnType]
    """The features."""
    ttl_us: int | None
    """How long after its event time a row counts; None means for ever."""
    subject: str
    """The entity column that `forget subject:VALUE` erases by."""
    description: str = ""
    gates: FeatureGates = FeatureGates()

    @property
    def digest(self) -> str:
        """Names everything that decides which values are served."""
        parts = [
            self.name,
            list(self.entity),
            list(self.key_types),
            [self.source.kind, self.source.text, self.source.database],
            [self.event_time, self.known_time, self.ttl_us],
            sorted(self.columns.items()),
        ]
        return digest("features", parts)

    @property
    def subject_position(self) -> int:
        """Where the subject stands among the keys."""
        return self.entity.index(self.subject)


@functools.cache
def split_name(name: str) -> tuple[str, str]:
    """`view:column` as a pair; the column is empty where all are meant."""
    view, _, column = name.strip().partition(":")
    return view, column


def selected(views: Mapping[str, FeatureView], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The columns that `view:column` and `view` name, by view. Raises NotFoundError, UsageError."""
    if not names:
        raise UsageError("No features are named.", hint="Name some: --features account:balance,account:tier.")
    found: dict[str, dict[str, None]] = {}
    for name in names:
        view, column = split_name(name)
        columns = view_of(views, view).columns
        if column and column not in columns:
            raise NotFoundError("feature", name, known=[f"{view}:{item}" for item in columns])
        found.setdefault(view, {}).update(dict.fromkeys([column] if column else columns))
    return {view: tuple(columns) for view, columns in found.items()}


def view_of(views: Mapping[str, FeatureView], name: str) -> FeatureView:
    """The view of a name. Raises NotFoundError."""
    try:
        return views[name]
    except KeyError:
        hint = "A view is a file features/NAME.toml."
        raise NotFoundError("feature view", name, known=sorted(views), hint=hint) from None
