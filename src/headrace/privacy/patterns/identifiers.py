"""Identifiers of letters and digits: accounts, national numbers, addresses of crypto currencies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from headrace.privacy import validators
from headrace.privacy.patterns.base import Family, before
from headrace.records.privacy import Finding

_AROUND = 17
_LONGEST = 74
"""Characters of the longest address of a crypto currency."""
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_GROUPED = re.compile(r"[ -]")
_PASSPORT = re.compile("passport")
_LICENSE = re.compile(r"driv(?:er'?s?|ing) licen[cs]e|licen[cs]e (?:number|no)|\bdl\b")


def _anything(_: str) -> bool:
    return True


class _Kind(NamedTuple):
    type: str
    shape: re.Pattern[str]
    check: Callable[[str], bool]
    validator: str
    score: float
    words: re.Pattern[str] | None = None
    """Words that have to stand before it."""


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){pattern}(?!\w|-\w)")


_KINDS = (
    _Kind(
        "UK_NINO",
        _shape(r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]"),
        _anything,
        "shape",
        0.9,
    ),
    _Kind("IN_PAN", _shape(r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]"), validators.in_pan, "stdnum", 0.9),
    _Kind(
        "IT_FISCAL_CODE",
        _shape(r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]"),
        validators.it_fiscal_code,
        "stdnum",
        1.0,
    ),
    _Kind("ES_NIF", _shape(r"\d{8}-?[A-HJ-NP-TV-Z]"), validators.es_nif, "stdnum", 0.9),
    _Kind("ES_NIE", _shape(r"[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]"), validators.es_nie, "stdnum", 0.95),
    _Kind(
        "FI_PERSONAL_IDENTITY_CODE",
        _shape(r"[0-3]\d[01]\d{3}[-+A]\d{3}[0-9A-FHJ-NPR-Y]"),
        validators.fi_hetu,
        "stdnum",
        0.95,
    ),
    _Kind("US_PASSPORT", _shape(r"[A-Z]\d{8}"), _anything, "context", 0.85, _PASSPORT),
    _Kind("US_DRIVER_LICENSE", _shape(r"[A-Z]{1,2}-?\d{5,13}"), _anything, "context", 0.85, _LICENSE),
    _Kind(
        "US_DRIVER_LICENSE",
        _shape(r"[A-Z]\d{3}-\d{3,4}-\d{3,5}(?:-\d{1,3})?"),
        _anything,
        "context",
        0.85,
        _LICENSE,
    ),
    _Kind(
        "CRYPTO",
        _shape(r"(?:bc1[02-9a-z]{25,71}|[13][1-9A-HJ-NP-Za-km-z]{25,34})"),
        validators.bitcoin,
        "stdnum",
        1.0,
    ),
    _Kind("CRYPTO", _shape(r"0x[0-9a-fA-F]{40}"), _anything, "shape", 0.8),
)


def _find(text: str, start: int, end: int) -> Iterator[Finding]:
    low, high = (
        max(0, start - _AROUND),
        min(len(text), end + (_LONGEST if text[start] in "b130" else _AROUND)),
    )
    if text[start:end].isupper():
        yield from _ibans(text, start, end)
    for kind in _KINDS:
        for found in kind.shape.finditer(text, low, high):
            covers = found.start() < end and found.end() > start
            is_said = kind.words is None or before(text, found.start(), kind.words)
            if covers and is_said and kind.check(found.group()):
                yield Finding(
                    type=kind.type,
                    start=found.start(),
                    end=found.end(),
                    score=kind.score,
                    validator=kind.validator,
                )


def _ibans(text: str, start: int, end: int) -> Iterator[Finding]:
    found = _IBAN.match(text, start, min(len(text), start + 2 * _LONGEST))
    length = validators.iban_length(text[start : start + 2])
    if found is None or length is None:
        return
    at, left = start, length
    while at < found.end() and left:  # the first `length` characters that are no separators
        left -= text[at] not in " -"
        at += 1
    goes_on = at < len(text) and text[at].isalnum()
    code = _GROUPED.sub("", text[start:at]).upper()
    if not left and not goes_on and validators.iban(code):
        yield Finding(type="IBAN_CODE", start=start, end=at, score=1.0, validator="mod 97")


IDENTIFIERS = Family(
    types=frozenset({"IBAN_CODE", *(kind.type for kind in _KINDS)}),
    trigger=(
        r"[A-Z]{2} ?[0-9]{2}|[A-Z]-?[0-9]{3}|[0-9]{3}-?[A-Z]|[0-9]{6}[-+A][0-9]{3}"
        r"|\bbc1[02-9a-z]{8}|\b[13][1-9A-HJ-NP-Za-km-z]{25}|\b0x[0-9a-fA-F]{40}"
    ),
    find=_find,
)
