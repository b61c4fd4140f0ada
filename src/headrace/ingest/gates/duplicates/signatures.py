"""MinHash signatures of texts: word runs hashed by NumPy over whole batches, permuted by rensa."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ALGORITHM = "words5-poly64/rensa-r2"
"""Rises with any change to the normalisation, the shingles, their hash or the permutations."""
SEED = 20_811
PERMUTATIONS = 128
SHINGLE_WORDS = 5

_BLOCK_BYTES = 512 * 1024
"""Where a very long text is cut: part of the algorithm."""
_BATCH_BYTES = 128 * 1024
"""Texts hashed together: their numbers, eight bytes for each, stay in the cache of the processor."""
_UNSPACED = re.compile("([\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_PUNCTUATION = bytes(
    byte for byte in range(128) if not (chr(byte).isalnum() or byte == 0x5F)
)  # every ASCII character that is no letter, digit or underscore


class Signatures(NamedTuple):
    """What the index keeps of texts; rows in their order."""

    contents: Sequence[str]
    """See `contents`."""
    values: Array
    """uint32 (n, 128): the MinHash signature."""


class Known(Protocol):
    """Where signatures are kept."""

    def known(self, contents: Sequence[str]) -> list[bool]:
        """Whether each content is signed."""
        ...

    def add(self, signed: Signatures) -> None:
        """Keep the signatures that are new."""
        ...


def contents(texts: Sequence[str]) -> list[str]:
    """A hash of each normalised text, 32 hexadecimal digits; empty for one without words.

    Equal ones are equal texts but for case, spacing and marks.
    """
    return [_content(normalised(text)) for text in texts]


def signatures(texts: Sequence[str]) -> Signatures:
    """Sign texts. The same text gives the same row in any batch, in any process."""
    return _sign([normalised(text) for text in texts])


def sign(texts: Sequence[str], store: Known) -> list[str]:
    """The contents of texts; those that the store does not know are signed and added to it."""
    plain = [normalised(text) for text in texts]
    named = [_content(text) for text in plain]
    distinct = {name: text for name, text in zip(named, plain, strict=True) if name}
    known = store.known(list(distinct))
    store.add(_sign([text for text, have in zip(distinct.values(), known, strict=True) if not have]))
    return named


def _sign(plain: Sequence[bytes]) -> Signatures:
    import numpy as np

    parts = [_signed(block) for block in _blocks(plain)]
    nothing = np.zeros((0, PERMUTATIONS), dtype=np.uint32)
    return Signatures([_content(text) for text in plain], np.concatenate(parts) if parts else nothing)


def _content(plain: bytes) -> str:
    return hashlib.blake2b(plain, digest_size=16).hexdigest() if plain else ""


def normalised(text: str) -> bytes:
    """Lower case, compatibility forms unified, one space between words."""
    if not text.isascii():
        import unicodedata

        text = _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFKC", text))
        text = " ".join(re.findall(r"\w+", text.lower()))
        return text.encode("utf-8", "surrogatepass")
    plain = text.encode("ascii").lower().translate(_table())
    while b"  " in plain:
        plain = plain.replace(b"  ", b" ")
    return plain.strip()


@functools.cache
def _table() -> bytes:
    table = bytearray(range(256))
    for byte in _PUNCTUATION:
        table[byte] = 0x20
    return bytes(table)


def _blocks(texts: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Runs of texts of a batch; a larger text is a block of its own."""
    block: list[bytes] = []
    size = 0
    for text in texts:
        if block and size + len(text) > _BATCH_BYTES:
            yield block
            block, size = [], 0
        block.append(text)
        size += len(text) + 1
    if block:
        yield block


def _signed(texts: Sequence[bytes]) -> Array:
    import numpy as np
    from rensa import RMinHash

    shingles, offsets = _shingles(*_word_hashes(texts), len(texts))
    rows = RMinHash.digest_matrix_from_flat_token_hashes(shingles, offsets, PERMUTATIONS, SEED).to_rows()
    return np.array(rows, dtype=np.uint32).reshape(len(texts), PERMUTATIONS)


def word_hashes(texts: Sequence[bytes]) -> tuple[Array, Array]:
    """A hash of every word of normalised texts, and the number of its text."""
    return _word_hashes(texts)


def _word_hashes(texts: Sequence[bytes]) -> tuple[Array, Array]:
    """A hash of every word and the row of its text: sums of random numbers by byte and place, mixed."""
    import numpy as np

    joined = b"\n".join(texts)
    if len(joined) > 2 * _BLOCK_BYTES:
        return _word_hashes_of_one(joined)
    return _hash_words(np.frombuffer(joined, dtype=np.uint8))


def _word_hashes_of_one(text: bytes) -> tuple[Array, Array]:
    """The same for one very long text, half a megabyte at a time; a cut is always at the same place."""
    import numpy as np

    view = np.frombuffer(text, dtype=np.uint8)
    parts = [
        _hash_words(view[start : start + _BLOCK_BYTES])[0] for start in range(0, len(view), _BLOCK_BYTES)
    ]
    hashes = np.concatenate(parts)
    return hashes, np.zeros(len(hashes), dtype=np.int64)


def _hash_words(view: Array) -> tuple[Array, Array]:
    import numpy as np

    is_break = np.ones(len(view) + 2, dtype=bool)
    np.less_equal(view, 0x20, out=is_break[1:-1])
    edges = np.flatnonzero(is_break[1:] != is_break[:-1])
    starts, ends = edges[0::2], edges[1::2]
    powers, inverses, bytes_ = _numbers()
    weighed = bytes_[view] * powers[: len(view)]
    sums = np.concatenate((np.zeros(1, dtype=np.uint64), np.cumsum(weighed, dtype=np.uint64)))
    hashes = _mixed((sums[ends] - sums[starts]) * inverses[starts])
    owners = np.cumsum(view == 0x0A)[starts] if len(starts) else starts
    return hashes, owners


@functools.cache
def _numbers() -> tuple[Array, Array, Array]:
    """Powers of an odd number, their inverses modulo 2^64, and a random number for each byte."""
    import numpy as np

    base = 0x9E3779B97F4A7C15
    size = 2 * _BLOCK_BYTES + 1
    inverse = pow(base, -1, 1 << 64)
    powers = np.full(size, base, dtype=np.uint64)
    inverses = np.full(size, inverse, dtype=np.uint64)
    powers[0] = inverses[0] = 1
    numbers = np.frombuffer(
        b"".join(hashlib.blake2b(bytes([byte]), digest_size=8).digest() for byte in range(256)), dtype="<u8"
    )
    return np.cumprod(powers), np.cumprod(inverses), numbers


def _shingles(hashes: Array, owners: Array, total: int) -> tuple[Array, Array]:
    """Hashes of runs of five words inside one text, and where each text's begin.

    A text with fewer words has one: the run of them all.
    """
    import numpy as np

    words = np.bincount(owners, minlength=total).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(words)))[:-1]
    counts = np.where(words >= SHINGLE_WORDS, words - SHINGLE_WORDS + 1, np.minimum(words, 1))
    offsets = np.concatenate(([0], np.cumsum(counts)))
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts) + np.repeat(first, counts)
    length = np.repeat(np.minimum(words, SHINGLE_WORDS), counts)
    mixed = np.zeros(len(place), dtype=np.uint64)
    for step in range(SHINGLE_WORDS):
        word = hashes[np.minimum(place + step, len(hashes) - 1)] if len(hashes) else mixed
        mixed = np.where(step < length, _mixed(mixed ^ word), mixed)
    return mixed, offsets.astype(np.uint64)


def _mixed(values: Array) -> Array:
    """The finaliser of SplitMix64."""
    import numpy as np

    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    last: Array = values ^ (values >> np.uint64(31))
    return last
