"""Phone numbers, checked against the numbering plan of their country."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from headrace.privacy import validators
from headrace.privacy.patterns.base import Family, before
from headrace.privacy.patterns.groups import Groups, Window
from headrace.privacy.patterns.numbers import NUMBER_TRIGGER
from headrace.records.privacy import Finding

_WORDS = re.compile(
    r"phone|\btel\b|telef|mobile|mobil|\bcell|\bfax|\bcall|whatsapp|\bdial|\btext |\bring\b|hotline|"
    r"reach (?:me|him|her|us)|contact|numéro|número|handy|\bsms\b"
)
_NATIONAL_SHAPES = ((3, 3, 4), (1, 3, 3, 4))
_MOST_DIGITS, _FEWEST_DIGITS = 15, 7
_TRIES = 4
_EXTENSION = re.compile(r"(?: ?(?:x|ext\.?|extension) ?)[0-9]{1,6}(?!\w)")
_DATE = re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{4}")


def phones(countries: Sequence[str]) -> Family:
    """The family for the countries whose national numbers count (ISO codes); `+` numbers count everywhere."""
    asked = tuple(countries)

    def find(text: str, start: int, end: int) -> Iterator[Finding]:
        groups = Groups(text, start, end)
        first = 0
        while first < len(groups.spans):
            found = _at(text, groups, first, asked)
            if found is None:
                first += 1
                continue
            window, score = found
            begin = _with_opening(text, window.start)
            extension = _EXTENSION.match(text, window.end)
            end_here = extension.end() if extension else window.end
            yield Finding(
                type="PHONE_NUMBER", start=begin, end=end_here, score=score, validator="phonenumbers"
            )
            while first < len(groups.spans) and groups.spans[first][0] < window.end:
                first += 1

    return Family(types=frozenset({"PHONE_NUMBER"}), trigger=NUMBER_TRIGGER, find=find)


def _at(text: str, groups: Groups, first: int, countries: Sequence[str]) -> tuple[Window, float] | None:
    """The longest number that exists and begins with a group."""
    begin = groups.spans[first][0]
    if not _may_begin(text, begin):
        return None
    international = (begin > 0 and text[begin - 1] == "+") or (first == 0 and text.startswith("00", begin))
    is_called = not international and before(text, begin, _WORDS)
    tried = 0
    for last in _ends(text, groups, first):
        window = groups.window(first, last)
        if not international and not is_called and not _looks_national(text, window):
            continue
        tried += 1
        if tried > _TRIES:
            return None
        shown = f"+{window.digits.removeprefix('00')}" if international else window.digits
        if validators.phone(_without_trunk(text, window, shown), () if international else tuple(countries)):
            return window, 1.0 if international else (0.95 if is_called else 0.75)
    return None


def _ends(text: str, groups: Groups, first: int) -> Iterator[int]:
    """The last groups a number from a group on may have, the longest first."""
    digits, ends = 0, []
    for last in range(first, len(groups.spans)):
        digits += groups.lengths[last]
        if digits > _MOST_DIGITS:
            break
        if digits >= _FEWEST_DIGITS and _ends_well(text, groups.spans[last][1]):
            ends.append(last)
    return reversed(ends)


def _without_trunk(text: str, window: Window, shown: str) -> str:
    """`+44 (0)20` is dialled +4420."""
    if shown.startswith("+") and "(0)" in text[window.start : window.end]:
        code = text[window.start : window.end].partition("(0)")[0]
        length = len(re.sub(r"\D", "", code).removeprefix("00")) + 1
        return shown[:length] + shown[length + 1 :]
    return shown


def _looks_national(text: str, window: Window) -> bool:
    """Whether a number without words before it is written as phone numbers are."""
    shown = text[window.start : window.end]
    if len(window.lengths) < 2 or _DATE.search(shown):
        return False
    if window.lengths in _NATIONAL_SHAPES:
        return window.digits[-10] in "23456789" and window.digits[-7] in "23456789"
    return window.digits[0] == "0" and 9 <= len(window.digits) <= 12 and window.lengths[0] <= 6


def _may_begin(text: str, begin: int) -> bool:
    """Whether a number may begin here: not inside a word, a longer number or an amount."""
    if begin == 0:
        return True
    left = text[begin - 1]
    if left.isalnum() or left in "_$€£#=@":
        return False
    return not (left in ".,-/" and begin > 1 and text[begin - 2].isalnum())


def _ends_well(text: str, end: int) -> bool:
    after = text[end : end + 2]
    if _EXTENSION.match(text, end):
        return True
    if after[:1].isalnum() or after[:1] in ("_", "@", "%"):
        return False
    return not (len(after) == 2 and after[0] in ".-/:" and after[1].isdigit())


def _with_opening(text: str, start: int) -> int:
    """The plus and the bracket belong to the number."""
    for opening in ("(+", "+(", "+", "("):
        if text.endswith(opening, max(0, start - 2), start):
            closed = "(" not in opening or ")" in text[start : start + 6]
            return start - len(opening) if closed else start - opening.count("+")
    return start
