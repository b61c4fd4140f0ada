"""Gate `toxicity`: abusive words, or what a model says. The list knows words, not what is meant by them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from headrace.ingest.gates.base import Action, verdicts
from headrace.ingest.gates.context import Asked, GateContext, Judge, Part, Question
from headrace.ingest.gates.redaction import Find, cleaned
from headrace.ingest.gates.spans import matching, spans
from headrace.ingest.gates.toxicity_question import PROMPT, SCHEMA

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
    """Words of a short list for each thousand words, weak, or with `model` what a model says of a text.

    Score: that number of words, or how sure the model is, 0 to 1. To the list a quotation is an insult, and
    an insult without a listed word is none: use `warn` or `tag` with it.
    """

    maximum_per_thousand: float = field(default=5.0, metadata={"minimum": 0.0})
    """A larger number of words fails."""
    words: tuple[str, ...] = ()
    """More words to look for, as they are written."""
    model: str | None = None
    """NAME of a `[models.NAME]` table, or `NAME:<model>`, that judges texts; if not given, the list does."""
    prompt: str | None = None
    """Name of a file under `prompts/`, without `.md`, that asks the model; if not given, a built-in one."""
    minimum_score: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0})
    """What the model calls toxic fails from this score on."""
    max_characters: int = field(default=12_000, metadata={"minimum": 200})
    """Longest text in one call; a longer document is judged in parts, and the worst decides."""
    unjudged: Literal["words", "fail"] = "words"
    """A text that the model gives no verdict of: `words` leaves it to the word list, `fail` lets it fail."""

    name: ClassVar[str] = "toxicity"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "warn"
    limits: ClassVar[tuple[str, ...]] = ("maximum_per_thousand",)

    def __post_init__(self) -> None:
        if self.prompt is not None and self.model is None:
            raise ValueError("`prompt` asks a model: name it with `model`")

    @property
    def unused(self) -> tuple[str, ...]:
        """Keys that mean nothing as it is declared."""
        if self.model is None:
            return ("model", "prompt", "minimum_score", "max_characters", "unjudged")
        return ("prompt",) if self.prompt is None else ()

    @property
    def question(self) -> Question | None:
        """What it asks its model; None where it has none."""
        if self.model is None:
            return None
        return Question(
            gate=self.name,
            model=self.model,
            prompt=self.prompt,
            built_in=PROMPT,
            schema=SCHEMA,
            max_characters=self.max_characters,
        )

    def opened(self, context: GateContext) -> Toxicity:
        """The gate with its model."""
        if self.model is None or context.judge is None:
            return self
        return _Judged(self, context.judge, context.finds)

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Count words only in texts that have one of the list."""
        found = self._listed(documents["text"])
        return verdicts(
            failed=[item.failed for item in found],
            scores=[item.score for item in found],
            reasons=[item.reason for item in found],
            spans=[item.span for item in found],
        )

    def fails(self, score: float) -> bool:
        """Whether a text with so many words of the list for each thousand fails."""
        return score > self.maximum_per_thousand

    def _listed(self, texts: pa.Array) -> list[_Said]:
        """What the word list says."""
        found = [_Said(self.fails(0.0), 0.0, None, None)] * len(texts)
        own = [re.escape(word) for word in self.words]
        pattern = rf"(?i)\b(?:{'|'.join((*_WORDS, *own))})\b"
        for row in matching(texts, pattern):
            text = texts[row].as_py()
            places = list(spans(text, pattern))
            score = round(1000 * len(places) / max(len(text.split()), 20), 3)
            reason = f"{len(places)} words of the word list (weak evidence)"
            found[row] = _Said(self.fails(score), score, reason, places[0])
        return found


class _Said(NamedTuple):
    """The verdict on one text."""

    failed: bool
    score: float | None
    reason: str | None
    span: tuple[int, int] | None


class _Judged(Toxicity):
    """The gate with its model. A verdict is that of the model, or says why it is not."""

    limits: ClassVar[tuple[str, ...]] = ()  # scores of the list and of the model lie side by side

    _judge: Judge
    _finds: Sequence[Find]

    def __init__(self, declared: Toxicity, judge: Judge, finds: Sequence[Find]) -> None:
        super().__init__(**{item.name: getattr(declared, item.name) for item in fields(declared)})
        self.__dict__.update(_judge=judge, _finds=finds)  # beside the thresholds, which are fields

    @property
    def components(self) -> dict[str, Any]:
        """What decides its verdicts beside its thresholds."""
        return dict(self._judge.components)

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Ask the model for each text that has any; the word list stands in where it gives no verdict."""
        rows = documents.select(["document", "revision", "title", "text"]).to_pylist()
        asked = [
            Asked(row["document"], row["revision"] or "", row["title"] or "", self._shown(row["text"]))
            for row in rows
        ]
        listed = self._listed(documents["text"])
        found = [
            self._verdict(row["text"], given.text, parts, words)
            for row, given, parts, words in zip(rows, asked, self._judge(asked), listed, strict=True)
        ]
        return verdicts(
            failed=[item.failed for item in found],
            scores=[item.score for item in found],
            reasons=[item.reason for item in found],
            spans=[item.span for item in found],
        )

    def _shown(self, text: str) -> str:
        """The text without what earlier gates would take out."""
        for find in self._finds:
            text = cleaned(text, find)
        return text

    def _verdict(self, text: str, shown: str, parts: Sequence[Part], words: _Said) -> _Said:
        answers = [(part, part.said) for part in parts if part.said is not None]
        missing = len(parts) - len(answers)
        toxic = [item for item in answers if self._fails(item[1])]
        if missing and not toxic:
            return self._unjudged(next(part.why_not for part in parts if part.said is None), words)
        if not answers:
            return _Said(False, 0.0, None, None)  # a text of white space
        part, said = max(toxic or answers, key=lambda item: item[1]["score"])
        score = round(float(said["score"]), 3)
        if not toxic:
            return _Said(False, score, None, None)
        # What was shown may be shorter than the text: the quote is looked for in the text itself.
        within = (part.start, part.end) if shown == text else (0, len(text))
        span = _place(text, said.get("quote"), *within)
        reason = f"the model says {said['category']}"
        if said.get("quote") and span is None:
            reason += "; its quote does not stand in the text and is left out"
        if missing:
            reason += f"; {missing} of {len(parts)} parts are not judged"
        return _Said(True, score, reason, span)

    def _fails(self, said: Mapping[str, Any]) -> bool:
        return said["verdict"] == "toxic" and float(said["score"]) >= self.minimum_score

    def _unjudged(self, why: str, words: _Said) -> _Said:
        if self.unjudged == "fail":
            return _Said(True, None, f"not judged: {why}", None)
        reason = f"not judged ({why}): by the word list alone, which is weak"
        if words.reason is not None:
            reason += f": {words.reason}"
        return words._replace(reason=reason)


def _place(text: str, quote: str | None, start: int, end: int) -> tuple[int, int] | None:
    """Where a quote stands, to the letter; None where it does not."""
    if not quote:
        return None
    at = text.find(quote, start, end)
    return None if at < 0 else (at, at + len(quote))
