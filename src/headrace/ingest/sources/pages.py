"""What a page says about itself and where it links to, from its tags alone.

Written without a parser on purpose: pages are foreign data read in the main process, so this is plain Python
that takes linear time on any input. The few tags it looks for are read as they stand; scripts and comments
are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from headrace.ingest.sources.urls import normal_url

_MAX_CHARACTERS = 5_000_000
_TAG = re.compile(r"<(a|area|base|link|meta)\b([^<>]{0,8000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z][a-z-]{0,20})\s{0,9}=\s{0,9}("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_HIDING = re.compile(r"<!--|<(script|style|textarea|template)\b", re.IGNORECASE)
_CHARSET = re.compile(
    rb"""<meta[^<>]{0,500}charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a crawler needs to know of a page."""

    links: tuple[str, ...]
    """Normal URLs in order of appearance, each once; those marked nofollow are left out."""
    canonical: str | None
    """The address that the page gives for itself."""
    directives: frozenset[str]
    """`noindex`, `nofollow` and the like, for all robots or for this one."""


def read_page(body: bytes, *, url: str, charset: str | None) -> PageFacts:
    """Read the tags of an HTML page that was fetched from `url`."""
    base = url
    canonical: str | None = None
    links: dict[str, None] = {}
    directives: set[str] = set()
    for tag, attributes in _tags(_decoded(body, charset)[:_MAX_CHARACTERS]):
        href = attributes.get("href")
        relations = attributes.get("rel", "").lower().split()
        if tag == "meta":
            if attributes.get("name", "").strip().lower() in ("robots", "headrace"):
                directives |= split_directives(attributes.get("content", ""))
        elif href is None:
            continue
        elif tag == "base":
            base = normal_url(href, base=url) or base
        elif tag == "link":
            if "canonical" in relations and canonical is None:
                canonical = normal_url(href, base=base)
        elif "nofollow" not in relations:
            link = normal_url(href, base=base)
            if link is not None:
                links[link] = None
    return PageFacts(links=tuple(links), canonical=canonical, directives=frozenset(directives))


def split_directives(text: str) -> frozenset[str]:
    """The words of a robots directive, `none` written out."""
    words = {word.strip().lower() for word in text.split(",")} - {""}
    return frozenset(words | ({"noindex", "nofollow"} if "none" in words else set()))


def header_directives(values: list[str]) -> frozenset[str]:
    """The words of X-Robots-Tag headers that speak to all robots or to this one."""
    found: set[str] = set()
    for value in values:
        agent, colon, rest = value.partition(":")
        if not colon:
            found |= split_directives(value)
        elif agent.strip().lower() == "headrace":
            found |= split_directives(rest)
    return frozenset(found)


def _tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    for part in _visible(text):
        for match in _TAG.finditer(part):
            attributes: dict[str, str] = {}
            for found in _ATTRIBUTE.finditer(match.group(2)):
                attributes.setdefault(found.group(1).lower(), unescape(found.group(2).strip("\"'")))
            yield match.group(1).lower(), attributes


def _visible(text: str) -> Iterator[str]:
    """The parts of a page outside comments, scripts and the like."""
    lowered = text.lower() if text.isascii() else text.translate(_LOWER)
    place = 0
    while (match := _HIDING.search(text, place)) is not None:
        yield text[place : match.start()]
        # `<!-->` is a comment that ends where it begins, hence the step back by two.
        end, start = (
            ("-->", match.end() - 2)
            if match.group(1) is None
            else (f"</{match.group(1).lower()}", match.end())
        )
        place = lowered.find(end, start)
        if place < 0:
            return
        place += len(end)
    yield text[place:]


# `str.lower` can change the length of a text, and then places in it no longer agree.
_LOWER = {ord(char): char.lower() for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _decoded(body: bytes, charset: str | None) -> str:
    if charset is None:
        match = _CHARSET.search(body[:2048])
        charset = match.group(1).decode("ascii") if match else None
    try:
        return body.decode(charset or "utf-8", "replace")
    except (LookupError, UnicodeError):
        return body.decode("utf-8", "replace")
