"""`[datasets.NAME]`: what a commit is held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

OnFailure = Literal["refuse", "warn", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetGates:
    """`[datasets.NAME.gates]`: what each gate does, and from where on it fails."""

    schema: OnFailure = "refuse"
    """A column of the parent that is gone, a kind of value that it never had, or too many nulls more."""
    max_null_rise: float = field(default=0.1, metadata={"minimum": 0, "maximum": 1})
    """How much the share of null or missing values of a column may rise above that of the parent."""
    empty: OnFailure = "refuse"
    """Values that were null and are now an empty text, or the other way round."""
    categories: OnFailure = "warn"
    """Values that a column with few different values never had."""
    distribution: OnFailure = "warn"
    """Numbers, lengths or categories that are spread otherwise than in the parent."""
    max_shift: float = field(default=0.2, metadata={"minimum": 0, "maximum": 1})
    """The largest difference of the two distributions that passes: Kolmogorov–Smirnov, or total variation."""
    duplicates: OnFailure = "warn"
    """Rows with the fields of another row."""
    near_duplicates: OnFailure = "warn"
    """Rows whose texts are nearly those of another row of the commit."""
    max_duplicates: float = field(default=0.0, metadata={"minimum": 0, "maximum": 1})
    """Share of such rows that passes."""
    label: str | None = None
    """The column that holds the class of a row."""
    classes: OnFailure = "warn"
    """Classes with too few rows."""
    min_class_rows: int = field(default=20, metadata={"minimum": 1})
    """The fewest rows of a class."""
    quality: OnFailure = "refuse"
    """Rows that a gate of `checks` keeps out."""
    checks: tuple[str, ...] = ("secrets",)
    """[Gates of documents](gates.md) that texts of rows have to pass, such as `personal_data`."""
    contamination: OnFailure = "refuse"
    """Rows that hold an eval case, or are of its group."""
    depth: OnFailure = "refuse"
    """Unedited model output of too many generations."""
    max_depth: int = field(default=1, metadata={"minimum": 0})
    """The highest generation depth that passes."""
    max_synthetic: float = field(default=1.0, metadata={"minimum": 0, "maximum": 1})
    """The highest share of rows with a depth over 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetConfig:
    """`[datasets.NAME]`: how a dataset is checked."""

    gates: DatasetGates = field(default_factory=DatasetGates)
    """`[datasets.NAME.gates]`."""
