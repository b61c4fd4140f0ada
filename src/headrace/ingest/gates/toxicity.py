"""Gate `toxicity`: abusive words. The list is weak: it knows words, not what is meant by them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from headrace.ingest.gates.base import Action, verdicts
from headrace.ingest.gates.spans import matching, spans

if TYPE_CHECKING:
    import pyarrow as pa

_WORDS = (
    r"f+u+c+k(?:ing|ed|er|ers|s)?",
    r"motherf\w+",
    r"shit(?:ty|head|s)?|bullshit",
    r"ass-?holes?",
    r"bitch(?:es|y)?",
    r"bastards?",
    r"cunts?",
    r"dickheads?",
    r"wankers?",
    r"whores?|sluts?",
    r"retard(?:s|ed)?",
    r"morons?|imbeciles?",
    r"scum(?:bag)?s?",
    r"kill yourself|go die|i(?:'ll| will) kill you|hope you die",
    r"arschl(?:o|ö)ch(?:er)?|schei(?:ß|ss)e|wichser|hurensohn",
    r"connards?|salopes?|encul\w+",
    r"pendejos?|gilipollas|hijo de puta",
)


@dataclass(frozen=True, kw_only=True)
class Toxicity:
    """Words of a short list for each thousand words. Score: that number. **Weak**: see the page on gates.

    A quotation counts like an insult, and an insult without a listed word does not count. Use `warn` or `tag`
    with it, and a classifier of your own, as a gate, where more is at stake.
    """

    maximum_per_thousand: float = field(default=5.0, metadata={"minimum": 0.0})
    """A larger number fails."""
    words: tuple[str, ...] = ()
    """More words to look for, as they are written."""

    name: ClassVar[str] = "toxicity"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "warn"
    limits: ClassVar[tuple[str, ...]] = ("maximum_per_thousand",)

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Count words only in texts that have one of the list."""
        rows = documents.num_rows
        scores = [0.0] * rows
        reasons: list[str | None] = [None] * rows
        evidence: list[tuple[int, int] | None] = [None] * rows
        texts = documents["text"]
        own = [re.escape(word) for word in self.words]
        pattern = rf"(?i)\b(?:{'|'.join((*_WORDS, *own))})\b"
        for row in matching(texts, pattern):
            text = texts[row].as_py()
            found = list(spans(text, pattern))
            scores[row] = round(1000 * len(found) / max(len(text.split()), 20), 3)
            evidence[row] = found[0]
            reasons[row] = f"{len(found)} words of the word list (weak evidence)"
        return verdicts(
            failed=[self.fails(score) for score in scores],
            scores=scores,
            reasons=reasons,
            spans=evidence,
        )

    def fails(self, score: float) -> bool:
        """Whether a text with so many words of the list for each thousand fails."""
        return score > self.maximum_per_thousand
