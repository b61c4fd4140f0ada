"""What a token looks like, and what still counts as one after a model has rewritten it.

`⟨PERSON_k7f3q2ma⟩`: the type of the value, and eight characters of a keyed hash. The same pattern finds
tokens in answers and look-alikes in what callers wrote, so that nothing a caller writes is taken for a token.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

from headrace.privacy.entities import ENTITIES

LITERAL = "LITERAL"
"""Type of what only looked like a token."""
TYPES: Sequence[str] = (*ENTITIES, LITERAL)
SUFFIX_CHARACTERS = 8
OPEN, CLOSE = "⟨", "⟩"
MOST_CHARACTERS = max(map(len, TYPES)) + SUFFIX_CHARACTERS + 24
"""No spelling of a token is longer."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_BITS = 5
_PAIRS = "⟨⟩\u2329\u232a\u3008\u3009‹›《》<>"
_ESCAPED = [f"\\u{ord(character):04x}" for character in _PAIRS]
_OPENERS = (*_ESCAPED[::2], "&lang;", "&lt;", *_PAIRS[::2])
_CLOSERS = (*_ESCAPED[1::2], *(f"\\{mark}" for mark in _ESCAPED[1::2]), "&rang;", "&gt;", *_PAIRS[1::2])
_JOINT = r"\\{0,2}_"
_NAMES = "|".join(sorted(TYPES, key=len, reverse=True)).replace("_", _JOINT)
_ANY_OPEN = "|".join(map(re.escape, _OPENERS))
_ANY_CLOSE = "|".join(map(re.escape, _CLOSERS))
_BODY = rf"(?P<type>{_NAMES}){_JOINT}(?P<suffix>[a-z2-7]{{{SUFFIX_CHARACTERS}}})"

_LONGEST_CLOSER = max(map(len, _CLOSERS))
_HINT = re.compile(rf"_[a-z2-7]{{{SUFFIX_CHARACTERS}}}", re.IGNORECASE | re.ASCII)

SPELLING = re.compile(rf"(?:{_ANY_OPEN})?{_BODY}(?:{_ANY_CLOSE})?", re.IGNORECASE | re.ASCII)
"""Any spelling of a token: brackets of other kinds or lost, other case of letters, escaped underscore."""


def suffix(key: bytes, kind: str, value: str, *, attempt: int = 0) -> str:
    """Eight characters that nobody without the key can compute; `attempt` gives others for the same value."""
    message = b"\0".join((kind.encode(), str(attempt).encode(), value.encode("utf-8", "surrogatepass")))
    number = int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big")
    return "".join(_ALPHABET[number >> (_BITS * place) & 31] for place in range(SUFFIX_CHARACTERS))


def scope_key(key: bytes, scope: str) -> bytes:
    """The key of one scope."""
    return blake2b(scope.encode("utf-8", "surrogatepass"), key=key, digest_size=32).digest()


def token(name: str, *, escaped: bool = False) -> str:
    """A name such as `PERSON_k7f3q2ma` as it is written into texts; `escaped` for JSON that is all ASCII."""
    return f"\\u{ord(OPEN):x}{name}\\u{ord(CLOSE):x}" if escaped else f"{OPEN}{name}{CLOSE}"


def name_of(found: re.Match[str]) -> str:
    """The name that a spelling means."""
    return f"{found['type'].replace(chr(92), '').upper()}_{found['suffix'].lower()}"


def parse(text: str) -> str | None:
    """The name of the token that a text is, in any spelling; None when it is none."""
    found = SPELLING.fullmatch(text.strip())
    return None if found is None else name_of(found)


def spellings(text: str) -> Iterator[re.Match[str]]:
    """Everything in a text that reads as a token, from the left, none overlapping."""
    at = 0
    for hit in _HINT.finditer(text):
        start = max(at, hit.start() - MOST_CHARACTERS)
        found = SPELLING.search(text, start, hit.end() + _LONGEST_CLOSER) if hit.start() >= at else None
        if found is not None:
            at = found.end()
            yield found


def _begun(words: Iterable[str]) -> str:
    """A pattern for every beginning, the empty one included, of any of these words."""
    heads: dict[str, list[str]] = {}
    for word in words:
        if word:
            heads.setdefault(word[0], []).append(word[1:])
    parts = [_begun_with(head, _begun(rests)) for head, rests in heads.items()]
    return f"(?:{'|'.join(parts)})?" if parts else ""


def _begun_with(head: str, rest: str) -> str:
    return rf"\\{{1,2}}(?:_{rest})?|_{rest}" if head == "_" else f"{re.escape(head)}{rest}"


_BEGUN_NAME = _begun(f"{name}_" for name in TYPES)
_BEGUN_REST = rf"(?:{_NAMES}){_JOINT}[a-z2-7]{{0,{SUFFIX_CHARACTERS}}}{_begun(_CLOSERS)}"
UNFINISHED = re.compile(
    rf"(?:(?:{_ANY_OPEN})?(?:{_BEGUN_REST}|{_BEGUN_NAME})|{_begun(_OPENERS)})\Z", re.IGNORECASE | re.ASCII
)
"""The end of a text that what follows could make a token, or more of one; searched from the left."""
