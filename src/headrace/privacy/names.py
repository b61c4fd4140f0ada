"""Names of people that are on no list of the workspace: known names, titles and the words around them.

A small recogniser for Latin script, not a language model: it finds names whose parts are common somewhere, or
that a title or a phrase introduces, and misses the rest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from headrace.privacy.patterns.base import Family, before
from headrace.records.privacy import Finding

_SHORT = r"Mrs?|Ms|Dr|Prof|Capt|Sra?|Jr|Hr|Fr"
_WORD = re.compile(rf"(?:[^\W\d_]|{_SHORT})\.|[^\W\d_](?:[\w'’-]*\w)?")
_INTRODUCED = re.compile(
    r"(?:my name is|name:|named|called|i am|i'm|this is|signed by|sincerely,?|regards,?|cheers,?|yours,?|"
    r"dear|hi|hello|hey|contact|attn:?|patient|employee|customer|client|colleague|wife|husband|son|daughter|"
    r"brother|sister|father|mother|friend|by|author:?|from:|to:|cc:)\s{1,3}\Z"
)
_MOST_PARTS = 6
_MOST_CHARACTERS = 160
_SAYING = re.compile(
    r"(?:['’]s)? (?:said|says|is|was|has|had|wrote|writes|asked|told|will|would|and|called|works?|lives?|"
    r"came|went|reported|joined|signed|replied|noted|added)\b"
)


class _Lexicon(NamedTuple):
    first: frozenset[str]
    last: frozenset[str]
    words: frozenset[str]
    """Common words and places, of which some are names too."""
    ambiguous: frozenset[str]
    """Names that are words, days or places far more often than they are people."""
    things: frozenset[str]
    """Words that make a street, a firm or a rule of what stands before them."""
    titles: frozenset[str]
    particles: frozenset[str]


class _Token(NamedTuple):
    start: int
    end: int
    key: str
    is_initial: bool


def key(name: str) -> str:
    """A name as it stands in the lists: small letters without accents."""
    if name.isascii():
        return name.lower()
    plain = name.translate(_LETTERS).lower()
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))


_LETTERS = str.maketrans("øØłŁđĐıəƏð’", "oOlLdDieEd'", "") | str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "þ": "th", "Þ": "Th"}
)


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    """The lists of names_data, read at first use."""
    folder = files("headrace.privacy") / "names_data"
    lists = (
        frozenset((folder / f"{name}.txt").read_text(encoding="utf-8").split()) for name in _Lexicon._fields
    )
    made = _Lexicon(*lists)
    return made._replace(words=made.words | made.ambiguous | made.things)


def _find(text: str, start: int, end: int) -> Iterator[Finding]:
    if start and (text[start - 1].isalnum() or text[start - 1] in "_@"):
        return
    known = _lexicon()
    shown = key(text[start:end]).removesuffix("'s")
    if " " not in shown and shown not in known.first and shown not in known.last:
        return
    tokens = _tokens(text, start, min(end, start + _MOST_CHARACTERS))
    titles = [at for at, token in enumerate(tokens) if token.key.rstrip(".") in known.titles]
    if titles and titles[-1] + 1 < len(tokens):
        yield from _titled(text, tokens[titles[-1] + 1 :], known)
        tokens = tokens[: titles[0]]
    tokens = _trimmed(tokens, known)
    if not tokens or len(tokens) > _MOST_PARTS or _of_a_thing(text, tokens[-1].end, known):
        return
    score = _full_name(text, tokens, known) if len(tokens) > 1 else _one_name(text, tokens[0], known)
    if score:
        yield _person(text, tokens, score, "names")


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    return [
        _Token(found.start(), found.end(), key(found.group()), len(found.group().rstrip(".")) == 1)
        for found in _WORD.finditer(text, start, end)
    ]


def _trimmed(tokens: Sequence[_Token], known: _Lexicon) -> list[_Token]:
    """Without the words at either end that are no part of a name."""
    first, last = 0, len(tokens)
    if last == 2 and tokens[0].key in known.first and _is_certain_family(tokens[1], known):
        return list(tokens)  # April Jones, though April is a month
    while first < last and (_is_word(tokens[first], known) or tokens[first].key in known.particles):
        first += 1
    if first + 1 < last and not _may_begin(tokens[first], known) and _is_given(tokens[first + 1], known):
        first += 1  # a word that begins the sentence
    while last > first and (
        tokens[last - 1].key in known.particles or _ends_no_name(tokens[last - 1], known)
    ):
        last -= 1
    return list(tokens[first:last])


def _may_begin(token: _Token, known: _Lexicon) -> bool:
    return token.is_initial or token.key in known.last or _is_given(token, known)


def _is_given(token: _Token, known: _Lexicon) -> bool:
    return token.key in known.first or token.key.partition("-")[0] in known.first


def _is_certain_family(token: _Token, known: _Lexicon) -> bool:
    return token.key in known.last and token.key not in known.words


def _is_word(token: _Token, known: _Lexicon) -> bool:
    return token.key in known.words and (token.key not in known.first or token.key in known.ambiguous)


def _ends_no_name(token: _Token, known: _Lexicon) -> bool:
    return token.key in known.ambiguous or (token.key in known.words and token.key not in known.last)


def _titled(text: str, tokens: Sequence[_Token], known: _Lexicon) -> Iterator[Finding]:
    """A name after Mr, Dr and their like needs no list."""
    taken: list[_Token] = []
    for token in tokens[:4]:
        if taken and (token.key in known.ambiguous or token.key in known.things):
            break
        taken.append(token)
    while taken and taken[-1].key in known.particles:
        taken.pop()
    if taken:
        yield _person(text, taken, 0.9, "title")


def _full_name(text: str, tokens: Sequence[_Token], known: _Lexicon) -> float:
    """How sure it is that two words or more are a name."""
    head, tail = tokens[0], tokens[-1]
    if any(token.key in known.things for token in tokens):
        return 0.0
    is_family = tail.key in known.last or tail.key.rpartition("-")[2] in known.last
    if _is_given(head, known):
        if is_family:
            return 0.9
        return 0.75 if tail.key not in known.words else 0.0
    if head.is_initial and not tail.is_initial:
        return 0.8 if is_family else (0.6 if head.key.endswith(".") and tail.key not in known.words else 0.0)
    if head.key in known.last and (tail.key in known.first or is_family):
        return 0.6
    is_unknown = all(token.key not in known.words for token in tokens)
    return 0.7 if is_unknown and before(text, head.start, _INTRODUCED) else 0.0


def _one_name(text: str, token: _Token, known: _Lexicon) -> float:
    """How sure it is that a single word is a name."""
    if token.key in known.words or len(token.key) < 3 or not text[token.start + 1 : token.end].islower():
        return 0.0
    introduced = before(text, token.start, _INTRODUCED)
    is_given, is_family = _is_given(token, known), token.key in known.last
    if introduced:
        return 0.85 if is_given else (0.6 if is_family else 0.0)
    if not is_given:
        return 0.0
    if _SAYING.match(text, token.end) or text.startswith(("'s ", "’s "), token.end):
        return 0.7
    return 0.6 if not _begins_sentence(text, token.start) else 0.4


def _begins_sentence(text: str, start: int) -> bool:
    ahead = text[max(0, start - 3) : start].rstrip(" \"'“(*#-")
    return not ahead or ahead[-1] in ".!?:\n|>•"


def _of_a_thing(text: str, end: int, known: _Lexicon) -> bool:
    """Whether what follows makes it a street, a firm or a place."""
    if text[end : end + 1] != " ":
        return False
    following = _WORD.match(text, end + 1, min(len(text), end + 24))
    return following is not None and following.group()[0].isupper() and key(following.group()) in known.things


def _person(text: str, tokens: Sequence[_Token], score: float, validator: str) -> Finding:
    end = tokens[-1].end
    for genitive in ("'s", "’s"):
        if text.endswith(genitive, tokens[-1].start, end):
            end -= len(genitive)
    return Finding(type="PERSON", start=tokens[0].start, end=end, score=score, validator=validator)


_CAPITAL = r"(?:(?:[A-ZÀ-ÖØ-ÞĀ-Ž]|Mr|Mrs|Ms|Dr|Prof|Capt|Sra?|Jr|Hr|Fr)\.|[A-ZÀ-ÖØ-ÞĀ-Ž]['’A-Za-zÀ-ɏ-]*)"
_PARTICLE = "(?:van|von|der|den|de|da|di|la|le|du|dos|das|del|della|bin|ibn|al|el|ter|ten|zu) "
NAMES = Family(
    types=frozenset({"PERSON"}),
    # Plain classes and no counts keep RE2's automaton small; the closer look has the limits.
    trigger=rf"{_CAPITAL}(?: (?:{_PARTICLE})*{_CAPITAL})*",
    find=_find,
)
