"""Gate `rules`: the published heuristics of C4, Gopher and FineWeb against text that is no prose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from headrace.ingest.gates.base import Action, verdicts
from headrace.ingest.gates.measures import Measures, measure

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Repetition, symbols, word length and letters. Score: how many of the six rules a document breaks.

    Code passes, and so does a table: of a text whose lines are mostly cells only repetition is judged. A text
    with fewer words than `minimum_words` is too short for proportions and passes. The thresholds are those of
    Gopher (Rae et al. 2021, table A1); stop words are looked for in Latin script only.
    """

    minimum_words: int = field(default=50, metadata={"minimum": 1})
    """Shorter texts pass."""
    minimum_word_length: float = field(default=3.0, metadata={"minimum": 0.0})
    """A smaller mean length of words in characters fails (Gopher)."""
    maximum_word_length: float = field(default=10.0, metadata={"minimum": 1.0})
    """A larger one fails (Gopher)."""
    maximum_symbols: float = field(default=0.1, metadata={"minimum": 0.0, "maximum": 1.0})
    """Most `#`, `…` and `...` for each word (Gopher)."""
    minimum_alphabetic: float = field(default=0.6, metadata={"minimum": 0.0, "maximum": 1.0})
    """Least share of words with a letter in them (Gopher has 0.8, which fails pages with many figures)."""
    minimum_stop_words: int = field(default=2, metadata={"minimum": 0})
    """Least number of different stop words of English and its neighbours (Gopher)."""
    maximum_duplicate_lines: float = field(default=0.3, metadata={"minimum": 0.0, "maximum": 1.0})
    """Most share of lines that stood before (Gopher)."""
    maximum_duplicate_words: float = field(default=0.85, metadata={"minimum": 0.0, "maximum": 1.0})
    """Most share of runs of five words that stood before, in a text of some length."""

    name: ClassVar[str] = "rules"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "quarantine"

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Measure all documents in one pass over their columns, then compare."""
        measured = measure(documents["text"])
        kinds = documents["kind"].to_pylist()
        broken = [self._broken(measured, row, kind) for row, kind in enumerate(kinds)]
        return verdicts(
            failed=[bool(reasons) for reasons in broken],
            scores=[float(len(reasons)) for reasons in broken],
            reasons=["; ".join(reasons) or None for reasons in broken],
        )

    def _broken(self, measured: Measures, row: int, kind: str) -> list[str]:
        words: Any = int(measured.words[row])
        if kind == "code" or words < self.minimum_words:
            return []
        lines, phrases = float(measured.duplicate_lines[row]), float(measured.duplicate_phrases[row])
        reasons = []
        if lines > self.maximum_duplicate_lines and phrases > 0.3:
            reasons.append(f"{lines:.0%} of its lines repeat others")
        if phrases > self.maximum_duplicate_words:
            reasons.append(f"{phrases:.0%} of its phrases repeat others")
        if measured.is_table[row]:
            return reasons
        length = float(measured.word_length[row])
        if not measured.without_spaces[row] and not (
            self.minimum_word_length <= length <= self.maximum_word_length
        ):
            allowed = f"{self.minimum_word_length:g} to {self.maximum_word_length:g}"
            reasons.append(f"its words have {length:.1f} characters on average, not {allowed}")
        symbols = float(measured.symbols[row]) / words
        if symbols > self.maximum_symbols:
            reasons.append(f"{symbols:.2f} symbols for each word")
        alphabetic = float(measured.alphabetic[row]) / words
        if alphabetic < self.minimum_alphabetic:
            reasons.append(f"only {alphabetic:.0%} of its words have letters")
        stop_words = int(measured.stop_words[row])
        if measured.is_latin[row] and stop_words < self.minimum_stop_words:
            reasons.append(f"only {stop_words} different stop words")
        return reasons
