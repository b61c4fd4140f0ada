"""Gate `boilerplate`: pages that are mostly menus, cookie notices, footers and placeholders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from headrace.ingest.gates.base import Action, verdicts
from headrace.ingest.gates.spans import matching, spans

if TYPE_CHECKING:
    import pyarrow as pa

_PHRASES = (
    r"(?:we|this (?:web)?site) uses? cookies",
    r"(?:accept|reject|manage)(?: all)? cookies",
    r"cookie (?:policy|settings|preferences)",
    r"all rights reserved",
    r"©\s*\d{4}",
    r"privacy (?:policy|notice)",
    r"terms (?:of (?:use|service)|and conditions)",
    r"subscribe to our newsletter|sign up for our newsletter",
    r"follow us on|share (?:this )?(?:on|via) (?:facebook|twitter|x|linkedin|e-?mail)",
    r"skip to (?:main )?content|back to top|toggle navigation",
    r"(?:log|sign) (?:in|up) to (?:continue|your account)|forgot(?:ten)? (?:your )?password",
    r"please enable javascript|javascript is (?:disabled|required)",
    r"lorem ipsum",
    r"(?:this )?page (?:was )?intentionally (?:left )?blank",
    r"(?:404|page) not found",
    r"under construction|coming soon",
    r"loading\.\.\.|please wait while",
    r"diese (?:website|seite) verwendet cookies|alle rechte vorbehalten|impressum|datenschutzerklärung",
    r"nous utilisons des cookies|tous droits réservés|mentions légales",
)
_PATTERN = rf"(?i)(?:{'|'.join(_PHRASES)})"


@dataclass(frozen=True, kw_only=True)
class Boilerplate:
    """Share of a text that stands in lines with a phrase of menus, notices and placeholders. Score: it.

    The evidence is the first such phrase. A page about cookies keeps its other lines and passes.
    """

    maximum_share: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0})
    """A larger share fails."""

    name: ClassVar[str] = "boilerplate"
    version: ClassVar[int] = 1
    on_failure: ClassVar[Action] = "quarantine"
    limits: ClassVar[tuple[str, ...]] = ("maximum_share",)

    def __call__(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """Look at lines only in texts that have a phrase at all."""
        rows = documents.num_rows
        scores = [0.0] * rows
        reasons: list[str | None] = [None] * rows
        evidence: list[tuple[int, int] | None] = [None] * rows
        texts = documents["text"]
        for row in matching(texts, _PATTERN):
            text = texts[row].as_py()
            found = list(spans(text, _PATTERN))
            covered = _in_lines(text, found)
            scores[row] = round(covered / max(len(text.strip()), 1), 4)
            evidence[row] = found[0]
            if self.fails(scores[row]):
                reasons[row] = f"{scores[row]:.0%} of the text stands in lines of menus, notices or footers"
        return verdicts(
            failed=[self.fails(score) for score in scores],
            scores=scores,
            reasons=reasons,
            spans=evidence,
        )

    def fails(self, score: float) -> bool:
        """Whether a text with such a share fails."""
        return score > self.maximum_share


def _in_lines(text: str, found: list[tuple[int, int]]) -> int:
    """Characters in the sentences or lines that hold a phrase; each counts once."""
    covered = end = 0
    for start, stop in found:
        if start < end:
            continue
        begin = max(text.rfind("\n", end, start), text.rfind(". ", end, start), end - 1) + 1
        ends = [place for place in (text.find("\n", stop), text.find(". ", stop)) if place >= 0]
        end = min(ends, default=len(text))
        covered += end - begin
    return covered
