"""What a gate is: from a batch of parsed documents to one verdict for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pyarrow as pa

Action = Literal["quarantine", "drop", "redact", "tag", "warn"]
"""What becomes of a document that fails a gate.

`quarantine`: it waits with its reason. `drop`: it is left out, and that is recorded. `redact`: what was found
is replaced in its text. `tag`: it is served, and its metadata name the gate. `warn`: it is served, and the
report says so.
"""

ACTIONS: tuple[Action, ...] = ("quarantine", "drop", "redact", "tag", "warn")


@runtime_checkable
class Gate(Protocol):
    """A check whose fields are its thresholds: the class is made with the keys of `[[corpus.NAME.gates]]`.

    Called with documents (see `documents_schema`), it gives one row for each in the same order (see
    `verdicts`). It is pure: a document's verdict depends on that document alone, never on its batch.

    A class may also have:
    - `limits`: the keys that only compare with the score, and a method `fails(score) -> bool` that decides by
      them. A change of these keys is then decided from stored scores, and reports mark them.
    - `needs_text = False`: it reads dates alone, so it can be asked again without reading the document.
    - `redact(text)`: what to put in place of what it found, for `on_failure = "redact"`.
    - `opened(context)`: the gate with what the workspace brings (see `GateContext`), and `components`, which
      then names it in the recipe.

    Example, a whole gate; the entry point `no_drafts = "my_package:NoDrafts"` of group `headrace.gate` makes
    it known:
        @dataclass(frozen=True)
        class NoDrafts:
            word: str = "draft"
            name: ClassVar[str] = "no_drafts"
            version: ClassVar[int] = 1
            on_failure: ClassVar[Action] = "quarantine"

            def __call__(self, documents):
                drafts = pc.match_substring(documents["title"], self.word, ignore_case=True)
                return verdicts(failed=drafts.fill_null(False), reasons="the title says it is a draft")
    """

    name: ClassVar[str]
    version: ClassVar[int]
    """Rises whenever the same document with the same thresholds may get another verdict."""
    on_failure: ClassVar[Action]
    """What becomes of a document that fails, where the configuration does not say."""

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch: ...


def documents_schema() -> pa.Schema:
    """The columns a gate reads."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("document", pa.string(), nullable=False),  # its URI
            pa.field("text", pa.large_string(), nullable=False),  # normalised
            pa.field("kind", pa.string(), nullable=False),  # markdown, text or code
            pa.field("media_type", pa.string(), nullable=False),
            pa.field("title", pa.string()),
            pa.field("warnings", pa.list_(pa.string()), nullable=False),  # of its parser
            pa.field("size_bytes", pa.int64(), nullable=False),  # as it was read, before parsing
            pa.field("modified_at_us", pa.int64()),  # when its source says it changed; null if it does not
            pa.field("now_us", pa.int64(), nullable=False),  # the time of the run
            pa.field("revision", pa.string()),  # of its bytes; null where no gate asks a model
        ]
    )


def verdict_schema() -> pa.Schema:
    """The columns a gate gives: whether it failed, how sure or how much, why, and where in the text."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("failed", pa.bool_(), nullable=False),
            pa.field("score", pa.float64()),  # what the gate measured, in the unit its page names
            pa.field("reason", pa.string()),  # null where it passed and nothing is worth saying
            pa.field("start", pa.int64()),  # span of the evidence in `text`, half open
            pa.field("end", pa.int64()),
        ]
    )


def verdicts(
    *,
    failed: Sequence[bool] | pa.Array,
    scores: Sequence[float | None] | pa.Array | None = None,
    reasons: Sequence[str | None] | str | None = None,
    spans: Sequence[tuple[int, int] | None] | None = None,
) -> pa.RecordBatch:
    """Build the columns of `verdict_schema`; a single reason holds for every document that failed."""
    import pyarrow as pa

    schema = verdict_schema()
    rows = len(failed)
    if isinstance(reasons, str):
        said = reasons
        reasons = [said if bad else None for bad in (x.as_py() if hasattr(x, "as_py") else x for x in failed)]
    nothing: list[None] = [None] * rows
    columns = {
        "failed": failed,
        "score": nothing if scores is None else scores,
        "reason": nothing if reasons is None else reasons,
        "start": nothing if spans is None else [span[0] if span else None for span in spans],
        "end": nothing if spans is None else [span[1] if span else None for span in spans],
    }
    arrays = [
        pa.array(column, type=field.type) if not isinstance(column, pa.Array) else column.cast(field.type)
        for field, column in ((field, columns[field.name]) for field in schema)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
