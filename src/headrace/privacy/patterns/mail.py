"""E-mail addresses, found at their @."""

from __future__ import annotations

import re
from collections.abc import Iterator

from headrace.privacy.patterns.base import Family
from headrace.records.privacy import Finding

_LOCAL = frozenset(".!#$%&'*+/=?^{|}~-_`")
_LOCAL_CHARACTERS = 64
_DOMAIN_CHARACTERS = 253
_DOMAIN = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,10}(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24})(?![\w@])"
)


def _find(text: str, start: int, end: int) -> Iterator[Finding]:
    begin = start
    lowest = max(0, start - _LOCAL_CHARACTERS)
    while begin > lowest and (text[begin - 1].isalnum() or text[begin - 1] in _LOCAL):
        begin -= 1
    while begin < start and not (text[begin].isalnum() or text[begin] == "_"):
        begin += 1
    if begin == start or text[start - 1] == "." or ".." in text[begin:start]:
        return
    domain = _DOMAIN.match(text, end, min(len(text), end + _DOMAIN_CHARACTERS))
    if domain is not None:
        yield Finding(
            type="EMAIL_ADDRESS", start=begin, end=domain.end(), score=1.0, validator="address syntax"
        )


MAIL = Family(types=frozenset({"EMAIL_ADDRESS"}), trigger="@", find=_find)
