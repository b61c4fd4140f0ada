"""Numbers of seven digits and more: cards, national identifiers, accounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from headrace.privacy import validators
from headrace.privacy.patterns.base import Family, before, bounded
from headrace.privacy.patterns.groups import Groups, Window
from headrace.records.privacy import Finding

NUMBER_TRIGGER = r"[0-9](?:[ ().\-/]{0,3}[0-9]){6,40}"
"""Digits with at most three separators between two of them."""

_TIGHT = frozenset({"-", " ", ""})
_CARD_GROUPS = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 5), (4, 4, 4, 1))


class _Kind(NamedTuple):
    type: str
    shapes: tuple[tuple[int, ...], ...]
    check: Callable[[str], bool]
    validator: str
    score: float
    """Without its words before it."""
    words: re.Pattern[str] | None
    """Words that make it sure."""
    separators: frozenset[str] = _TIGHT


def _any(_: str) -> bool:
    return True


_PASSPORT = re.compile(r"passport|reisepass|passeport|pasaporte|passaporto")
_LICENSE = re.compile(r"driv(?:er'?s?|ing) licen[cs]e|licen[cs]e (?:number|no)|\bdl\b")
_ACCOUNT = re.compile(r"account (?:number|no\b|num|#)|\bacct\b|account:|bank account|kontonummer")

_KINDS = (
    _Kind("US_SSN", ((3, 2, 4),), validators.us_ssn, "stdnum", 0.9, None),
    _Kind(
        "US_SSN",
        ((9,),),
        validators.us_ssn,
        "stdnum",
        0.2,
        re.compile(r"\bssn|social security|\bsocial\b|\bss ?#"),
    ),
    _Kind("US_ITIN", ((3, 2, 4),), validators.us_itin, "stdnum", 0.8, re.compile(r"\bitin\b|taxpayer")),
    _Kind(
        "UK_NHS", ((3, 3, 4), (10,)), validators.uk_nhs, "stdnum", 0.3, re.compile(r"\bnhs\b|national health")
    ),
    _Kind(
        "DE_TAX_ID",
        ((11,), (2, 3, 3, 3)),
        validators.de_tax_id,
        "stdnum",
        0.4,
        re.compile(r"steuer|\bidnr|\btin\b|tax id"),
    ),
    _Kind("FR_NIR", ((1, 2, 2, 2, 3, 3, 2), (15,), (13, 2)), validators.fr_nir, "stdnum", 0.95, None),
    _Kind(
        "NL_BSN",
        ((9,), (4, 2, 3)),
        validators.nl_bsn,
        "stdnum",
        0.2,
        re.compile(r"\bbsn\b|burgerservice|sofi"),
    ),
    _Kind("PL_PESEL", ((11,),), validators.pl_pesel, "stdnum", 0.6, re.compile("pesel")),
    _Kind(
        "SE_PERSONNUMMER",
        ((6, 4), (8, 4)),
        validators.se_personnummer,
        "stdnum",
        0.8,
        re.compile("personnummer"),
        frozenset({"-"}),
    ),
    _Kind("IN_AADHAAR", ((4, 4, 4),), validators.in_aadhaar, "stdnum", 0.7, re.compile("aadhaar|uidai")),
    _Kind("IN_AADHAAR", ((12,),), validators.in_aadhaar, "stdnum", 0.3, re.compile("aadhaar|uidai")),
    _Kind("AU_TFN", ((3, 3, 3), (9,)), validators.au_tfn, "stdnum", 0.3, re.compile(r"\btfn\b|tax file")),
    _Kind("AU_ABN", ((2, 3, 3, 3),), validators.au_abn, "stdnum", 0.9, re.compile(r"\babn\b")),
    _Kind("AU_ABN", ((11,),), validators.au_abn, "stdnum", 0.3, re.compile(r"\babn\b")),
    _Kind(
        "ABA_ROUTING_NUMBER",
        ((9,),),
        validators.us_routing,
        "stdnum",
        0.1,
        re.compile(r"routing|\baba\b|\brtn\b"),
    ),
    _Kind("US_PASSPORT", ((9,),), _any, "context", 0.0, _PASSPORT),
    _Kind("US_DRIVER_LICENSE", tuple((n,) for n in range(7, 13)), _any, "context", 0.0, _LICENSE),
    _Kind("US_BANK_NUMBER", tuple((n,) for n in range(7, 18)), _any, "context", 0.0, _ACCOUNT),
)


_BY_SHAPE: Mapping[tuple[int, ...], list[_Kind]] = {
    shape: [kind for kind in _KINDS if shape in kind.shapes] for kind in _KINDS for shape in kind.shapes
}
_MOST_GROUPS = max(len(shape) for shape in (*_BY_SHAPE, *_CARD_GROUPS))


def _find(text: str, start: int, end: int) -> Iterator[Finding]:
    groups = Groups(text, start, end)
    for first, last, kinds, is_card in _shaped(tuple(groups.lengths)):
        yield from _in_window(text, groups.window(first, last), kinds, is_card=is_card)


@lru_cache(maxsize=2048)
def _shaped(lengths: tuple[int, ...]) -> list[tuple[int, int, Sequence[_Kind], bool]]:
    """Which neighbouring groups of such lengths have the shape of something, and of what."""
    found: list[tuple[int, int, Sequence[_Kind], bool]] = []
    for first in range(len(lengths)):
        for last in range(first, min(len(lengths), first + _MOST_GROUPS)):
            shape = lengths[first : last + 1]
            is_card = shape in _CARD_GROUPS or (first == last and 13 <= shape[0] <= 19)
            kinds = _BY_SHAPE.get(shape, ())
            if is_card or kinds:
                found.append((first, last, kinds, is_card))
    return found


def _in_window(text: str, window: Window, kinds: Sequence[_Kind], *, is_card: bool) -> Iterator[Finding]:
    if len(window.separators) > 1 or not window.separators <= _TIGHT or not _stands_alone(text, window):
        return
    if is_card and validators.card(window.digits):
        yield Finding(type="CREDIT_CARD", start=window.start, end=window.end, score=1.0, validator="luhn")
    for kind in kinds:
        if window.separators <= kind.separators and kind.check(window.digits):
            yield from _graded(text, window, kind)


def _graded(text: str, window: Window, kind: _Kind) -> Iterator[Finding]:
    """The finding, surer where its words stand before it."""
    score = kind.score
    if kind.words is not None and before(text, window.start, kind.words):
        score = max(score, 0.85 if kind.validator == "context" else 0.95)
    if score:
        yield Finding(
            type=kind.type, start=window.start, end=window.end, score=score, validator=kind.validator
        )


def _stands_alone(text: str, window: Window) -> bool:
    """Whether a number is not part of a word or of a longer number with dashes or points."""
    after = text[window.end : window.end + 2]
    ahead = text[max(0, window.start - 2) : window.start]
    goes_on = len(after) == 2 and after[0] in "-." and after[1].isdigit()
    went_on = len(ahead) == 2 and ahead[1] in "-." and ahead[0].isdigit()
    return not goes_on and not went_on and bounded(text, window.start, window.end)


NUMBERS = Family(
    types=frozenset({"CREDIT_CARD", *(kind.type for kind in _KINDS)}), trigger=NUMBER_TRIGGER, find=_find
)
