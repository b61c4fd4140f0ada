"""Dates of birth: a date after words that say birth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from headrace.privacy.patterns.base import Family
from headrace.records.privacy import Finding

_REACH = 48
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    "oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|januar|februar|märz|mai|juni|juli|oktober|dezember|"
    "janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|"
    "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|"
    "gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
)
_DATE = re.compile(
    r"(?<![\w.])(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"|(?P<first>\d{1,2})[-/. ]{1,2}(?P<second>\d{1,2})[-/. ]{1,2}(?P<last>\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.|er)?(?: of| de)? (?:{_MONTHS})\.?,?(?: de)? (?P<worded>\d{{4}})"
    rf"|(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?P<american>\d{{4}}))(?!\w)",
    re.IGNORECASE,
)
_OLDEST = 1890


def _find(text: str, start: int, end: int) -> Iterator[Finding]:
    found = _DATE.search(text, end, min(len(text), end + _REACH))
    if found is not None and _is_plausible(found):
        yield Finding(
            type="DATE_OF_BIRTH", start=found.start(), end=found.end(), score=0.9, validator="context"
        )


def _is_plausible(found: re.Match[str]) -> bool:
    year = found["year"] or found["last"] or found["worded"] or found["american"]
    if len(year) == 4 and not _OLDEST <= int(year) <= date.today().year:
        return False
    first, second = found["first"], found["second"]
    if first is not None:
        return 1 <= int(first) <= 31 and 1 <= int(second) <= 31 and min(int(first), int(second)) <= 12
    if found["month"] is not None:
        return 1 <= int(found["month"]) <= 12 and 1 <= int(found["day"]) <= 31
    return True


BIRTH = Family(
    types=frozenset({"DATE_OF_BIRTH"}),
    trigger=(
        r"(?i)\bborn\b|birth|\bd\.?o\.?b\b|geboren|geburts|\bgeb\.|naissance|\bnée? le|nacid[oa]|nacimiento|"
        r"\bnat[oa] il|nascita"
    ),
    find=_find,
)
