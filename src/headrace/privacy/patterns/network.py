"""Addresses of machines: IPv4, IPv6 and MAC."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from headrace.privacy.patterns.base import Family, before
from headrace.records.privacy import Finding

_AROUND = 48
_V4 = re.compile(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\w|\.\d)")
_V6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{4,39}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3})?(?![\w:]|\.\d)")
_MAC = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:]|-\w)")
_VERSION = re.compile(r"(?:version|release|build|section|chapter|\bv)\.? ?\Z")


def _find(text: str, start: int, end: int) -> Iterator[Finding]:
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND)
    for found in _V4.finditer(text, low, high):
        if _covers(found, start, end) and _address(found.group(), 4):
            sure = not before(text, found.start(), _VERSION)
            yield _finding("IP_ADDRESS", found, 0.95 if sure else 0.3, "ipaddress")
    for found in _V6.finditer(text, low, high):
        shown = found.group()
        is_long = shown.count(":") >= 2 and any(c.isdigit() for c in shown) and len(shown.strip(":")) >= 3
        if _covers(found, start, end) and is_long and _address(shown, 6):
            yield _finding("IP_ADDRESS", found, 0.95, "ipaddress")
    for found in _MAC.finditer(text, low, high):
        if _covers(found, start, end):
            yield _finding("MAC_ADDRESS", found, 0.9, "shape")


def _covers(found: re.Match[str], start: int, end: int) -> bool:
    return found.start() < end and found.end() > start


def _address(shown: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(shown).version == version
    except ValueError:
        return False


def _finding(kind: str, found: re.Match[str], score: float, validator: str) -> Finding:
    return Finding(type=kind, start=found.start(), end=found.end(), score=score, validator=validator)


NETWORK = Family(
    types=frozenset({"IP_ADDRESS", "MAC_ADDRESS"}),
    trigger=(
        r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"
        r"|[0-9A-Fa-f:]:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]"
        r"|[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}"
    ),
    find=_find,
)
