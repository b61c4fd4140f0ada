"""How far texts read as prose, from the measures of the gate `rules` and the order of small words."""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.ingest.gates.measures import Measures, Words, measure, phrases_of, words_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

PHRASES = 16
"""Hashes kept of each text: the smallest of its runs of five words."""
PHRASE_BYTES = 4
_FEWEST_WORDS = 30
"""Shorter texts are too short for proportions."""
_FEWEST_ARTICLES = 5
_ARTICLES = "the a an"
_FOLLOWERS = (
    "the a an of and or to in is are was were be been for on at by with from as that this it its which "
    "has have had not but if than then they we he she you i . , ; : ? !"
)
"""What no article stands before in a sentence."""


class Prose(NamedTuple):
    """One row for each text."""

    values: Array
    """float64, 0 to 1."""
    phrases: list[bytes]
    """At most PHRASES numbers of 32 bits each, little endian, rising."""


def sampled(texts: pa.Array, kinds: pa.Array) -> Prose:
    """Judge texts; each by itself."""
    import numpy as np

    words = words_of(texts)
    phrases = phrases_of(words.owner, _hashes(words)[words.codes])
    measured = measure(texts, words, phrases)
    order = 1 - 0.9 * _ramp(_disorder(words), 0.08, 0.25)
    repeats = 1 - 0.8 * _ramp(measured.duplicate_phrases, 0.2, 0.8)
    prose = repeats * order * np.where(measured.is_table, 1.0, _rules(measured))
    tellable = measured.words >= _FEWEST_WORDS
    return Prose(values=np.where(tellable, prose, 1.0), phrases=_smallest(*phrases, words.total))


def _rules(measured: Measures) -> Array:
    """The thresholds of Gopher, each as a slope: half is lost where the gate would fail."""
    import numpy as np

    words = np.maximum(measured.words, 1)
    loss = np.stack(
        [
            np.where(measured.without_spaces, 0.0, _ramp(measured.word_length, 8.5, 11.5)),
            np.where(measured.without_spaces, 0.0, _ramp(-measured.word_length, -3.4, -2.6)),
            _ramp(measured.symbols / words, 0.05, 0.15),
            _ramp(-measured.alphabetic / words, -0.7, -0.5),
            np.where(measured.is_latin & (words >= 50), _ramp(-measured.stop_words, -4.0, 0.0), 0.0),
        ]
    )
    kept: Array = np.prod(1 - 0.8 * loss, axis=0)
    return kept


def _ramp(values: Array, low: float, high: float) -> Array:
    """0 up to `low`, 1 from `high` on, a line between."""
    import numpy as np

    line: Array = np.clip((values - low) / (high - low), 0.0, 1.0)
    return line


def _disorder(words: Words) -> Array:
    """Share of English articles before a word that none stands before; 0 where there are few articles.

    "the of", "a is", "the the" hardly occur in a sentence; in words that were shuffled every third article
    stands so.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    def listed(texts: str) -> Array:
        values = pa.array(texts.split(), type=words.known.type)
        found: Array = pc.is_in(words.known, values).to_numpy(zero_copy_only=False)[words.codes]
        return found

    if not len(words.codes):
        return np.zeros(words.total)
    same = words.owner[:-1] == words.owner[1:]
    article = listed(_ARTICLES)[:-1] & same
    misplaced = article & listed(_FOLLOWERS)[1:]
    articles = np.bincount(words.owner[:-1][article], minlength=words.total)
    wrong = np.bincount(words.owner[:-1][misplaced], minlength=words.total)
    share: Array = np.where(articles >= _FEWEST_ARTICLES, wrong / np.maximum(articles, 1), 0.0)
    return share


def _hashes(words: Words) -> Array:
    """A number for each known word that is the same in every batch."""
    import numpy as np

    return np.array([zlib.crc32(word.encode()) for word in words.known.to_pylist()], dtype=np.uint64)


def _smallest(owners: Array, phrases: Array, total: int) -> list[bytes]:
    """The smallest hashes of the phrases of each text: equal texts have equal ones, like texts many."""
    import numpy as np

    # Only small ones are sorted: of a text with n phrases those below 4 * PHRASES / n of all numbers.
    counts = np.bincount(owners, minlength=total)
    small = (phrases >> np.uint64(32)) * np.maximum(counts, 1)[owners].astype(np.uint64) <= np.uint64(
        4 * PHRASES * 2**32
    )
    keys = np.unique((owners[small].astype(np.uint64) << np.uint64(32)) | (phrases[small] >> np.uint64(32)))
    first = np.searchsorted(keys, np.arange(total + 1, dtype=np.uint64) << np.uint64(32))
    numbers = (keys & np.uint64(0xFFFFFFFF)).astype("<u4")
    bounds = first.tolist()
    return [numbers[start : min(start + PHRASES, end)].tobytes() for start, end in pairwise(bounds)]
