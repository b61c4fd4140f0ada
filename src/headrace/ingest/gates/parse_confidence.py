"""Gate `parse_confidence`: text that its parser most likely read wrongly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from headrace.ingest.gates.base import Action, verdicts
from headrace.ingest.gates.measures import counted_beyond_ascii, counted_in_both

if TYPE_CHECKING:
    import pyarrow as pa

_UNREADABLE = "[\ufffd\u0080-\u009f\ue000-\uf8ff]"
_WRONG_CHARSET = "Ã[\u0080-\u00bf]|â€[™œ\u009d“”˜¦]|Â[\u00a0-\u00bf]|Ð[\u0080-\u00bf]Ñ"
_BROKEN_WORD = r"\p{L}[!§~^£]\p{L}|[a-z][01345][a-z]", r"[A-Za-z][!~^][A-Za-z]|[a-z][01345][a-z]"
_LETTER_APART = r"(?:\b\p{L} ){4}", r"(?:\b[A-Za-z] ){4}"


@dataclass(frozen=True, kw_only=True)
class ParseConfidence:
    """How far the text can be what stood in the document, 0 to 1. Score: that confidence.

    It falls with unreadable characters, with signs of a wrong charset, with words that OCR broke, with
    letters torn apart, with warnings of the parser, and with a large file that gave little text.
    """

    minimum: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0})
    """A lower confidence fails."""

    name: ClassVar[str] = "parse_confidence"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "quarantine"
    limits: ClassVar[tuple[str, ...]] = ("minimum",)

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Count the signs in each text and weigh them by its length."""
        import pyarrow.compute as pc

        texts = documents["text"]
        counts = zip(
            pc.utf8_length(texts).to_pylist(),
            *(counted_beyond_ascii(texts, each).tolist() for each in (_UNREADABLE, _WRONG_CHARSET)),
            *(counted_in_both(texts, *each).tolist() for each in (_BROKEN_WORD, _LETTER_APART)),
            documents["kind"].to_pylist(),
            documents["media_type"].to_pylist(),
            documents["size_bytes"].to_pylist(),
            documents["warnings"].to_pylist(),
            strict=True,
        )
        judged = [self._judge(*values) for values in counts]
        return verdicts(
            failed=[self.fails(score) for score, _ in judged],
            scores=[score for score, _ in judged],
            reasons=[", ".join(signs) or None for _, signs in judged],
        )

    def fails(self, score: float) -> bool:
        """Whether a text of such a confidence fails."""
        return score < self.minimum

    def _judge(
        self,
        size: int,
        unreadable: int,
        charset: int,
        broken: int,
        apart: int,
        kind: str,
        media_type: str,
        size_bytes: int,
        warnings: list[str],
    ) -> tuple[float, list[str]]:
        signs: list[str] = []
        per_thousand = 1000 / max(size, 200)
        loss = 0.0
        weighed = [(unreadable, 0.05, "unreadable characters"), (charset, 0.06, "signs of a wrong charset")]
        if kind != "code":
            weighed += [(broken, 0.06, "broken words"), (apart, 0.1, "words torn into letters")]
        for found, weight, sign in weighed:
            if found:
                loss += min(0.7, weight * found * per_thousand)
                signs.append(f"{found} {sign}")
        if warnings:
            loss += min(0.3, 0.1 * len(warnings))
            signs.append(f"{len(warnings)} warnings of the parser")
        if media_type == "application/pdf" and size_bytes > 50_000 and size * 500 < size_bytes:
            loss += 0.4
            signs.append(f"{size} characters from {size_bytes} bytes")
        return round(max(0.0, 1.0 - loss), 4), signs
