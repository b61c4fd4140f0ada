"""What a file cannot hold is seen without opening it: a Bloom filter over traces and references."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

_BITS = 10
"""For each word; with seven looks one question in a hundred opens a file in vain."""
_LOOKS = 7


def make_sieve(words: Iterable[str]) -> bytes:
    """The sieve of a set of words."""
    distinct = set(words)
    size = max(64, len(distinct) * _BITS)
    bits = bytearray(-(-size // 8))
    for word in distinct:
        for place in _places(word, len(bits) * 8):
            bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


def may_hold(sieve: bytes, word: str) -> bool:
    """False where the word was surely not among them."""
    return all(sieve[place >> 3] >> (place & 7) & 1 for place in _places(word, len(sieve) * 8))


def _places(word: str, size: int) -> list[int]:
    hashed = blake2b(word.encode(), digest_size=16).digest()
    start, step = int.from_bytes(hashed[:8], "big"), int.from_bytes(hashed[8:], "big") | 1
    return [(start + look * step) % size for look in range(_LOOKS)]
