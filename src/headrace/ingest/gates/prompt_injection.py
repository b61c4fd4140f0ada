"""Gate `prompt_injection`: text that speaks to a model instead of a reader, or that hides from readers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from headrace.ingest.gates.base import Action, verdicts
from headrace.ingest.gates.disguise import undisguised
from headrace.ingest.gates.spans import matching, spans

if TYPE_CHECKING:
    import pyarrow as pa

_ORDERS = (
    r"(?:ignore|disregard|forget|override|bypass)\s+(?:\w+\s+){0,3}?(?:previous|prior|above|earlier|preceding|"
    r"system|your)\s+(?:\w+\s+)?(?:instructions?|prompts?|rules|directions|guidelines|messages?|context)",
    r"(?:ignoriere|vergiss)\s+(?:\w+\s+){0,3}?(?:vorherigen|bisherigen|obigen)\s+(?:anweisungen|befehle|regeln)",
    r"(?:ignore[rz]?|oublie[rz]?)\s+(?:\w+\s+){0,3}?instructions\s+(?:précédentes|antérieures)",
    r"ignora\s+(?:\w+\s+){0,3}?instrucciones\s+(?:anteriores|previas)",
    r"(?:reveal|print|repeat|output|show|leak)\s+(?:me\s+)?(?:your|the)\s+(?:\w+\s+)?(?:system|hidden|initial)\s+"
    r"(?:prompt|instructions|message)",
    r"(?:you are|act as|you're)\s+now\s+(?:an?\s+)?(?:\w+\s+){0,3}?(?:unrestricted|jailbroken|dan\b|"
    r"developer mode|evil|no longer bound)",
    r"do anything now|jailbreak mode|developer mode (?:enabled|on)",
    r"(?:if|when)\s+you\s+are\s+an?\s+(?:ai|llm|language model|assistant|chatbot)\b",
    r"(?:dear|attention|note to|instructions? (?:to|for))\s+(?:all\s+)?(?:ai|llms?|language models?|"
    r"ai assistants?|chatbots?)\b",
    r"(?:as an ai|ai assistants?|language models?|llms?)\s+(?:reading|processing|summari[sz]ing)\s+this",
    r"(?:new|updated|important)\s+(?:system\s+)?instructions?\s*(?::|for the (?:model|assistant))\s*(?:you|"
    r"ignore|disregard|always|never)",
    r"do not (?:tell|inform|mention (?:this|it) to|reveal this to|alert) the user",
    r"<\|(?:im_start|im_end|system|endoftext|start_header_id)\|>|\[/?INST\]|<<SYS>>|###\s*system\s*:",
    r"(?:send|post|exfiltrate|upload|forward)\s+(?:\w+\s+){0,6}?(?:conversation|chat history|api keys?|"
    r"credentials|system prompt)\s+(?:\w+\s+){0,3}?to\s+(?:https?:|\S+@|the following)",
)
_ORDER = rf"(?i)(?:{'|'.join(_ORDERS)})"
_STYLES = (
    r"display:\s*none|visibility:\s*hidden|font-size:\s*0|opacity:\s*0(?:[;\"'\s]|\.0)|"
    r"color:\s*(?:white|#fff\b|#ffffff)"
)
_HIDDEN = rf"(?i)<[a-z]+[^<>]*style\s*=\s*[\"'][^\"'<>]*(?:{_STYLES})"
_FLAG = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
_TAGS = re.compile("[\U000e0001-\U000e007f]+")
_FLAGS = re.compile(_FLAG)
_OVERRIDES = re.compile("[\u202d\u202e]")
_SELECTORS = re.compile("[\U000e0100-\U000e01ef]{3,}|[\ufe00-\ufe0f]{3,}")
_IN_WORDS = re.compile("(?<=[A-Za-z])[\u200b-\u200d\u2060-\u2064\ufeff]+(?=[A-Za-z])")
_SPLIT_WORDS = 3
"""So many words with something invisible inside are no accident of an editor."""


class _Sign(NamedTuple):
    score: float
    reason: str
    span: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class PromptInjection:
    """Orders to a model, chat markup, hidden HTML and invisible Unicode. Score: 0 to 1, the worst sign.

    Orders count 0.9; in code and in quotation marks 0.4, for pages about prompts quote them. Invisible
    letters (Unicode tags, long runs of variation selectors) count 1, overrides of direction 0.8, invisible
    characters inside several words 0.7, hidden HTML 0.6. Disguises are undone before orders are looked for:
    look-alike letters, full width, invisible characters. A regular expression finds the orders people copy,
    not every order; it is a tripwire, not a wall.
    """

    minimum_score: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0})
    """A score from here on fails."""

    name: ClassVar[str] = "prompt_injection"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "quarantine"
    limits: ClassVar[tuple[str, ...]] = ("minimum_score",)

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Search all texts at once; disguises and spans only where there is something."""
        import pyarrow.compute as pc

        texts, kinds = documents["text"], documents["kind"]
        found: dict[int, list[_Sign]] = {}
        for row in matching(texts, _ORDER):
            text = texts[row].as_py()
            found[row] = [
                _order(text, span, kinds[row].as_py() == "code", disguised=False)
                for span in spans(text, _ORDER)
            ]
        for row in matching(texts, _HIDDEN):
            span = next(spans(texts[row].as_py(), _HIDDEN))
            found.setdefault(row, []).append(_Sign(0.6, "HTML that hides its text", span))
        for row, plain_text in enumerate(pc.string_is_ascii(texts).to_pylist()):
            if not plain_text:
                text = texts[row].as_py()
                signs = [*_invisible(text), *_disguised(text, kinds[row].as_py() == "code")]
                if signs:
                    found.setdefault(row, []).extend(signs)
        worst = [
            max(found[row], key=lambda sign: (sign.score, -sign.span[0])) if found.get(row) else None
            for row in range(documents.num_rows)
        ]
        return verdicts(
            failed=[sign is not None and self.fails(sign.score) for sign in worst],
            scores=[sign.score if sign else 0.0 for sign in worst],
            reasons=[sign.reason if sign else None for sign in worst],
            spans=[sign.span if sign else None for sign in worst],
        )

    def fails(self, score: float) -> bool:
        """Whether a text whose worst sign has this score fails; one without any sign passes."""
        return score > 0 and score >= self.minimum_score


def _order(text: str, span: tuple[int, int], is_code: bool, *, disguised: bool) -> _Sign:
    before, after = text[max(span[0] - 2, 0) : span[0]], text[span[1] : span[1] + 60]
    quoted = any(mark in before for mark in "\"'`“„«‘") and any(mark in after for mark in "\"'`”“»’")
    if disguised:
        return _Sign(1.0, "an order to a model, disguised", span)
    if is_code or quoted:
        return _Sign(0.4, "an order to a model, in code or quoted", span)
    return _Sign(0.9, "an order to a model", span)


def _disguised(text: str, is_code: bool) -> list[_Sign]:
    plain = undisguised(text)
    if plain.text == text:
        return []
    open_orders = set(spans(text, _ORDER))
    found = [plain.original(span) for span in spans(plain.text, _ORDER)]
    return [_order(text, span, is_code, disguised=True) for span in found if span not in open_orders]


def _invisible(text: str) -> list[_Sign]:
    signs = []
    flags = {place for flag in _FLAGS.finditer(text) for place in range(*flag.span())}
    tags = [run for run in _TAGS.finditer(text) if run.start() not in flags]
    if tags:
        signs.append(_Sign(1.0, "invisible letters (Unicode tags)", tags[0].span()))
    for pattern, score, reason in (
        (_SELECTORS, 1.0, "a run of variation selectors, which can hide text"),
        (_OVERRIDES, 0.8, "an override of the direction of text"),
    ):
        run = pattern.search(text)
        if run:
            signs.append(_Sign(score, reason, run.span()))
    split = list(_IN_WORDS.finditer(text))
    if len(split) >= _SPLIT_WORDS:
        signs.append(_Sign(0.7, f"{len(split)} words with invisible characters inside", split[0].span()))
    return signs
