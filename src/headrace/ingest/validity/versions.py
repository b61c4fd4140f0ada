"""Reads versions and dates out of names: `policies/retention-2025.md` is `policies/retention`, of 2025.

A year, a full date and `v2`, `version 2.1`, `rev-3` count as versions. A name that holds a quarter,
half-year, month or week, or a word such as "report" or "minutes", names a record of its own time: the report
of one quarter is not replaced by that of the next, so such a name has no version.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

_YEAR = r"(?:19|20)\d\d"
_MONTH = r"(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_EDGE, _END = r"(?<![^\W_])", r"(?![^\W_])"
_DATE = re.compile(rf"{_EDGE}({_YEAR})([-_./ ]?)({_MONTH})\2({_DAY}){_END}")
_SINGLE_YEAR = re.compile(rf"(?<!\d)({_YEAR}){_END}")
_NUMBER = re.compile(
    rf"{_EDGE}(?:v|ver|version|rev|revision)[ ._-]?(\d{{1,6}}(?:\.\d{{1,6}}){{0,3}}){_END}", re.IGNORECASE
)
_MONTHS = "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august"
_MONTH_NAMES = "|".join([*_MONTHS.split(), "september", "october", "november", "december"])
_PERIOD = re.compile(
    rf"{_EDGE}(?:q[1-4]|[1-4]q|h[12]|[12]h|(?:kw|w|week|quarter)[ _-]?\d{{1,2}}|{_MONTH_NAMES}"
    rf"|{_YEAR}[-_./]{_MONTH}|{_MONTH}[-_./]{_YEAR}){_END}",
    re.IGNORECASE,
)
_RECORD = re.compile(
    rf"{_EDGE}(?:reports?|reviews?|minutes|meetings?|notes|postmortems?|post-mortems?|incidents?|logs?|journals?"
    r"|diary|invoices?|receipts?|statements?|summary|summaries|results?|changelogs?|newsletters?|news|agendas?"
    rf"|releases?|announcements?|transcripts?|audits?|budgets?|forecasts?|blog|posts?|tickets?){_END}",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"\.(?!\d+$)[A-Za-z0-9]{1,8}$")
_SEPARATORS = re.compile(r"[\W_]+")
_MOST_CHARACTERS = 1000
_DATED, _NUMBERED = "dated ", "numbered "

Order = tuple[tuple[int, ...], ...]


class Versioned(NamedTuple):
    """A name taken apart."""

    stem: str
    """What is left without the version; names with equal stems may be versions of one thing."""
    version: str
    """Numbers joined by dots, such as `2025`, `2025.3.1` or `2.10`; several joined by `+`."""


def of_uri(uri: str) -> Versioned | None:
    """The version in a URI; None when it has none, or names a record of its own time."""
    path, mark, fragment = uri.partition("#")
    found = _read(_SUFFIX.sub("", path))
    return found and found._replace(stem=f"{found.stem}{mark}{fragment}")


def of_title(title: str | None, uri: str) -> Versioned | None:
    """The version in the title of a document; only titles in one folder are versions of one thing."""
    found = None if title is None else _read(title)
    folder = uri.partition("#")[0].rpartition("/")[0]
    return found and found._replace(stem=f"{found.stem} in {_plain(_without(folder))}")


def order_of(version: str) -> Order:
    """What the versions of one stem are ordered by."""
    return tuple(tuple(int(number) for number in part.split(".")) for part in version.split("+"))


def begins_us(stem: str, version: str) -> int | None:
    """The beginning of the date that a version is; None for a number that is no date."""
    if not stem.startswith(_DATED):
        return None
    year, month, day = (*order_of(version)[0], 1, 1)[:3]
    try:
        return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError:
        return None


def is_named(version: str, query: str) -> bool:
    """Whether a query names a version, as "the policy of 2025" does `2025`."""
    if not any(character.isdigit() for character in query):
        return False
    dates, years, numbers = _found(query)
    return {*dates, *years, *numbers}.issuperset(version.split("+"))


def _read(name: str) -> Versioned | None:
    if len(name) > _MOST_CHARACTERS or not any(character.isdigit() for character in name):
        return None
    dates, years, numbers = _found(name)
    if _PERIOD.search(_DATE.sub(" ", name)) or _RECORD.search(name):
        return None
    version = "+".join([*dates, *years, *numbers])
    text = "/".join(_plain(part) for part in _without(name).split("/"))
    if not version or not text.strip(" /"):
        return None
    return Versioned(stem=(_DATED if dates or years else _NUMBERED) + text, version=version)


def _found(text: str) -> tuple[list[str], list[str], list[str]]:
    dates = [_joined(match) for match in _DATE.finditer(text)]
    text = _DATE.sub(" ", text)
    numbers = [_trimmed(match[1]) for match in _NUMBER.finditer(text)]
    years = [match[1] for match in _SINGLE_YEAR.finditer(_NUMBER.sub(" ", text))]
    return dates, years, numbers


def _without(name: str) -> str:
    for pattern in (_DATE, _NUMBER, _SINGLE_YEAR):
        name = pattern.sub(" ", name)
    return name


def _plain(name: str) -> str:
    return _SEPARATORS.sub(" ", name).strip().casefold()


def _joined(match: re.Match[str]) -> str:
    return ".".join(str(int(match[group])) for group in (1, 3, 4))


def _trimmed(number: str) -> str:
    return ".".join(str(int(part)) for part in number.split("."))
