"""Datasets: rows as they are given, versions, and what their operations did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

CheckVerdict = Literal["pass", "fail", "warn", "inconclusive"]
"""`inconclusive`: too few rows to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowInput:
    """One row as it is given."""

    key: str
    """Names it within its dataset; the same key replaces it."""
    fields: Mapping[str, Any]
    """Name to None, bool, int, float, str, bytes, or lists and maps of these; what is left out is missing."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Where it came from: source, revision, trace, signals, labels, transformations, times."""
    subject: str | None = None
    """The user whose words it holds: a keyed hash (`Keyring.subject`), or a name, which is hashed at once."""
    group: str | None = None
    """User, conversation or document: rows of one group always fall into the same split."""
    depth: int = 0
    """Generations of model output behind it: 0 where people wrote or edited, else the parent's plus one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """One row of a version."""

    key: str | None
    """None once it is erased."""
    row: str | None
    """Names its content: fields, group and depth. None once it is erased."""
    fields: Mapping[str, Any]
    """Name to value; binary and numbers that are not finite as tagged maps."""
    provenance: Mapping[str, Any]
    """Where it came from."""
    subject: str | None
    """Keyed hash of the user."""
    group: str | None
    """As it was given."""
    depth: int
    """Generations of model output behind it."""
    split: str | None = None
    """The split it falls into; None where the dataset has none."""
    erased: bool = False
    """Its body was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCheck:
    """What one gate says of a commit."""

    gate: str
    """Its name."""
    verdict: CheckVerdict
    """What it says."""
    reason: str
    """Why, in words, with the numbers it rests on."""
    column: str | None = None
    """The column it is about."""
    rows: int = 0
    """Rows concerned."""
    keys: tuple[str, ...] = ()
    """Some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetReport:
    """One dataset."""

    dataset: str
    """Its name."""
    description: str
    """In words."""
    version: str | None
    """The newest version; None before the first commit."""
    rows: int
    """Rows of that version."""
    committed_at: str | None
    """When it was made the newest, in UTC."""
    staged: int
    """Rows that wait to be committed, removals included."""
    schema: Mapping[str, tuple[str, ...]]
    """Column to the kinds of its values: int, float, text, bool, bytes, list, map, null, missing."""
    splits: Mapping[str, float]
    """Name to share."""
    tags: Mapping[str, str]
    """Tag to version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetList:
    """Every dataset."""

    datasets: tuple[DatasetReport, ...]
    """By name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """What was put up for the next commit."""

    dataset: str
    """Its name."""
    rows: int
    """Rows that were staged."""
    removals: int
    """Keys that were staged to be removed."""
    kept_out: int
    """Rows of users who were forgotten; they stay out."""
    staged: int
    """All that waits now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitReport:
    """A commit, or why there was none."""

    dataset: str
    """Its name."""
    state: Literal["committed", "refused", "nothing"]
    """`refused`: a gate failed; what was staged stays staged. `nothing`: nothing differs."""
    version: str | None
    """The version that is the newest now."""
    parent: str | None
    """The one before."""
    rows: int = 0
    """Rows of the version."""
    added: int = 0
    """New keys."""
    changed: int = 0
    """Keys with other content."""
    removed: int = 0
    """Keys that are no more."""
    unchanged: int = 0
    """Staged rows that were there already."""
    erased: int = 0
    """Rows whose bodies were forgotten, left out from here on."""
    checks: tuple[DatasetCheck, ...] = ()
    """What the gates said."""
    forced: str | None = None
    """Why it was let through although a gate failed."""
    message: str = ""
    """In the words of who committed."""
    seconds: float = 0.0
    """How long it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitEntry:
    """One entry of a log."""

    seq: int
    """From 1."""
    state: Literal["committed", "refused"]
    """Refused attempts are kept too."""
    version: str | None
    """What was committed."""
    parent: str | None
    """The version before."""
    message: str
    """In words."""
    actor: str
    """Who did it."""
    at: str
    """UTC."""
    rows: int
    """Rows of the version."""
    added: int
    """New keys."""
    changed: int
    """Keys with other content."""
    removed: int
    """Keys that went."""
    forced: str | None
    """Why a failed gate was passed over."""
    checks: tuple[DatasetCheck, ...]
    """What the gates said, where it was not `pass`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetLog:
    """The commits of a dataset."""

    dataset: str
    """Its name."""
    entries: tuple[CommitEntry, ...]
    """Newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """One row that differs between two versions."""

    key: str | None
    """Its key; None where the row was forgotten."""
    change: Literal["added", "removed", "changed"]
    """From the first version to the second."""
    columns: tuple[str, ...]
    """Columns that differ; of a changed row."""
    before: Mapping[str, Any] | None
    """Its fields in the first version."""
    after: Mapping[str, Any] | None
    """Its fields in the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDiff:
    """What differs between two versions."""

    dataset: str
    """Its name."""
    a: str
    """The first version."""
    b: str
    """The second."""
    added: int
    """Keys only in b."""
    removed: int
    """Keys only in a."""
    changed: int
    """Keys with other content."""
    flips: Mapping[str, Mapping[str, int]]
    """Column to kinds of change of its values, such as `null → ""`, and how many rows."""
    rows: tuple[RowChange, ...]
    """Some of them, by key."""
    truncated: bool
    """Whether there are more rows than are listed."""
    leaves_read: int
    """Pieces of the two trees that differ, out of `leaves`."""
    leaves: int
    """Pieces of both trees together."""
    seconds: float = 0.0
    """How long it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetView:
    """A version, and some of its rows."""

    dataset: str
    """Its name."""
    version: str
    """Its id."""
    rows: int
    """How many rows it has."""
    erased: int
    """How many of them were forgotten."""
    schema: Mapping[str, tuple[str, ...]]
    """Column to kinds."""
    splits: Mapping[str, float]
    """Name to share."""
    producers: tuple[str, ...]
    """`name@version` of every transformation that made a row."""
    root: str
    """Hash over the leaves, in hexadecimal."""
    sample: tuple[DatasetRow, ...]
    """Rows, by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What the values of one column are like."""

    column: str
    """Its name."""
    kinds: Mapping[str, int]
    """Kind to rows; `missing` where the row has no such column."""
    empty: int
    """Texts that are empty."""
    nan: int
    """Numbers that are NaN."""
    minimum: float | None
    """Smallest number; of texts, the fewest characters. Up to the width of a bin."""
    maximum: float | None
    """Largest number; of texts, the most characters. Up to the width of a bin."""
    categories: Mapping[str, int]
    """Value to rows, where there are few different ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetProfile:
    """What a version is like."""

    dataset: str
    """Its name."""
    version: str
    """Its id."""
    rows: int
    """Rows with a body."""
    depths: Mapping[str, int]
    """Generation depth to rows."""
    synthetic: float
    """Share of rows with a depth over 0."""
    subjects: int
    """Rows that hold the words of a user."""
    splits: Mapping[str, int]
    """Split to rows."""
    columns: tuple[ColumnProfile, ...]
    """By name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitReport:
    """How rows fall into splits."""

    dataset: str
    """Its name."""
    version: str | None
    """The version that was counted."""
    salt: str
    """What the groups are hashed with."""
    splits: Mapping[str, float]
    """Name to the share that was asked for."""
    rows: Mapping[str, int]
    """Name to rows."""
    groups: Mapping[str, int]
    """Name to groups."""
    leaks: tuple[DatasetCheck, ...]
    """Texts that stand in two splits although their groups differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagReport:
    """A tag and what it pointed to."""

    dataset: str
    """Its name."""
    tag: str
    """The tag."""
    version: str
    """What it points to now."""
    history: tuple[tuple[str, str, str], ...]
    """Version, time in UTC and actor of each move, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """One file of an export."""

    path: str
    """Within the folder of the export."""
    sha256: str
    """Hash of its bytes."""
    size_bytes: int
    """Its size."""
    rows: int
    """Rows in it; 0 for what describes the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """An export; the same stands in its `manifest.json`."""

    export: str
    """Its id."""
    dataset: str
    """Its name."""
    version: str
    """The version it was made from."""
    format: str
    """sft, openai-dpo, dpo, few-shot, rows, parquet or huggingface."""
    purpose: str
    """training or eval: what consent was asked for."""
    rows: int
    """Rows that went out."""
    withheld: Mapping[str, int]
    """Reason to rows that stayed in: consent, erased, contaminated, not in this shape, another split."""
    splits: Mapping[str, int]
    """Split to rows."""
    files: tuple[ExportFile, ...]
    """Each with its hash."""
    at: str
    """UTC."""
    folder: str
    """Where it lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """A file that was read into a dataset's staging area."""

    dataset: str
    """Its name."""
    rows: int
    """Rows that were staged."""
    kept_out: int
    """Rows of users who were forgotten."""
    staged: int
    """All that waits now."""
    files: tuple[str, ...]
    """What was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlace:
    """A commit at which a row came to be what it is."""

    version: str
    """The version."""
    seq: int
    """Its number in the log."""
    at: str
    """UTC."""
    row: str
    """Id of the content that the row has there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWhere:
    """Where a row came from, and what holds it."""

    dataset: str
    """Its dataset."""
    key: str
    """Its key."""
    row: DatasetRow | None
    """As it is in the newest version that has it."""
    consent: Mapping[str, bool]
    """Purpose to whether its user allows it now; rows of nobody are allowed."""
    versions: tuple[RowPlace, ...]
    """Every version that has it, newest first."""
    exports: tuple[ExportReport, ...]
    """Exports of these versions that can hold it."""
    models: tuple[str, ...]
    """Models that were trained on these versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhereReport:
    """What a key, a row id or a user names."""

    ref: str
    """As it was given."""
    found: tuple[RowWhere, ...]
    """One for each dataset and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelData:
    """A dataset version that a model was trained on."""

    dataset: str
    """Its name."""
    version: str
    """Its id."""
    export: str | None = None
    """The export that was used; None where that is not known."""
    rows: int = 0
    """Rows of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """A model and what made it."""

    model: str
    """Its name."""
    external: bool
    """Trained elsewhere, or not by a known run."""
    data: tuple[ModelData, ...]
    """What it was trained on."""
    hyperparameters: Mapping[str, Any]
    """As they were given."""
    metrics: Mapping[str, Any]
    """As they were given."""
    parent: str | None
    """The model it was tuned from."""
    actor: str
    """Who registered it."""
    at: str
    """UTC."""
    erased_rows: int = 0
    """Rows of its data that were forgotten since."""
    withdrawn_rows: int = 0
    """Rows of its data whose users do not allow training now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList:
    """Models."""

    models: tuple[ModelReport, ...]
    """By name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDataReport:
    """What made a model, or which models a version made."""

    ref: str
    """A model, a version, or `dataset:NAME`."""
    models: tuple[ModelReport, ...]
    """The model with its parents, or every model that has the data, descendants included."""


def listed(checks: Sequence[DatasetCheck]) -> str:
    """The failures among these, on one line."""
    failed = [check for check in checks if check.verdict == "fail"]
    return "; ".join(f"{check.gate}: {check.reason}" for check in failed)
