"""Proportions of many texts at once, from Arrow columns: words, lines, symbols and what repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.ingest.gates.spans import compiled

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Array = np.ndarray[Any, Any]

STOP_WORDS = (
    "the be to of and that have with is in for are "
    "der die das und ist nicht mit von zu den ein "
    "le la les et est pas une des que dans pour "
    "el los las y es que en por con una "
    "il lo di che è non per un della "
    "de het een van en niet o a os as do da não com och att det som på og i på er"
)
"""The eight of Gopher with those of some languages around English."""

PHRASE_WORDS = 5

_FEW = 64
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Khmer}]"


class Measures(NamedTuple):
    """One value for each text in every column."""

    words: Array
    word_length: Array
    """Mean, in characters."""
    symbols: Array
    alphabetic: Array
    """Words with at least one letter."""
    stop_words: Array
    """Different ones."""
    duplicate_lines: Array
    """Share of lines that stood before in the same text."""
    duplicate_phrases: Array
    """Share of runs of five words that stood before in the same text."""
    is_table: Array
    """Most lines hold cells: `|`, tabs or several commas."""
    is_latin: Array
    """Most letters are of the Latin script."""
    without_spaces: Array
    """Most characters are of a script that writes no spaces between words."""


class Words(NamedTuple):
    """The words of many texts in lower case, one after the other."""

    owner: Array
    """The row of the text that each word stands in."""
    codes: Array
    """The place of each word in `known`."""
    known: pa.Array
    """Every word once."""
    total: int
    """Texts."""


def words_of(texts: pa.Array) -> Words:
    """Cut texts at white space."""
    import numpy as np
    import pyarrow.compute as pc

    tokens = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(pc.utf8_lower(texts)))
    flat = tokens.values.dictionary_encode()
    owner = np.repeat(np.arange(len(texts)), np.diff(tokens.offsets.to_numpy()))
    known, codes = flat.dictionary, flat.indices.to_numpy()
    filled = pc.greater(pc.utf8_length(known), 0).to_numpy(zero_copy_only=False)
    if not filled.all():
        owner, codes = owner[filled[codes]], codes[filled[codes]]
    return Words(owner, codes, known, len(texts))


def measure(
    texts: pa.Array, words: Words | None = None, phrases: tuple[Array, Array] | None = None
) -> Measures:
    """Measure texts. The columns are as long as `texts`; their words and phrases may be known already."""
    import numpy as np
    import pyarrow.compute as pc

    owner, codes, known, total = words or words_of(texts)
    owners, hashes = phrases or phrases_of(owner, codes)
    counts = np.bincount(owner, minlength=total)
    lengths = pc.utf8_length(known).to_numpy(zero_copy_only=False)[codes]
    lettered = pc.match_substring_regex(known, r"\p{L}").to_numpy(zero_copy_only=False)[codes]
    lines = _lines(texts)
    return Measures(
        words=counts,
        word_length=np.bincount(owner, weights=lengths, minlength=total) / np.maximum(counts, 1),
        symbols=_counted(texts, r"#+|…|\.\.\.+"),
        alphabetic=np.bincount(owner[lettered], minlength=total),
        stop_words=_different(owner, codes, known, total),
        duplicate_lines=lines.duplicates,
        duplicate_phrases=_share_of_repeats(owners, hashes, total),
        is_table=lines.is_table,
        is_latin=counted_beyond_ascii(texts, r"[^\p{Latin}\P{L}]") <= 2 * counts,
        without_spaces=counted_beyond_ascii(texts, _UNSPACED) > counts,
    )


def _counted(texts: pa.Array, pattern: str) -> Array:
    import pyarrow.compute as pc

    counts: Array = pc.count_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return counts


def counted_beyond_ascii(texts: pa.Array, pattern: str) -> Array:
    """Count a pattern that no ASCII text matches."""
    import numpy as np
    import pyarrow.compute as pc

    counts = np.zeros(len(texts), dtype=np.int64)
    rows = np.flatnonzero(~pc.string_is_ascii(texts).to_numpy(zero_copy_only=False))
    if len(rows):
        found = texts.take(rows)
        counts[rows] = _counted_singly(found, pattern) if len(rows) < _FEW else _counted(found, pattern)
    return counts


def counted_in_both(texts: pa.Array, pattern: str, ascii_pattern: str) -> Array:
    """Count a pattern that is `ascii_pattern` in ASCII text; classes of Unicode cost much more."""
    import numpy as np
    import pyarrow.compute as pc

    plain = pc.string_is_ascii(texts).to_numpy(zero_copy_only=False)
    counts = _counted(texts, ascii_pattern).astype(np.int64)
    rows = np.flatnonzero(~plain)
    if len(rows):
        counts[rows] = _counted_singly(texts.take(rows), pattern)
    return counts


def _counted_singly(texts: pa.Array, pattern: str) -> list[int]:
    """Count text by text: Arrow compiles a pattern at each call, which takes as long as some fifty texts."""
    expression = compiled(pattern)
    return [sum(1 for _ in expression.finditer(text.as_buffer().to_pybytes())) for text in texts]


def _different(owner: Array, codes: Array, known: pa.Array, total: int) -> Array:
    """How many different stop words each text has."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    listed = pc.is_in(known, pa.array(STOP_WORDS.split(), type=known.type)).to_numpy(zero_copy_only=False)
    places = np.cumsum(listed) - 1
    stop = listed[codes]
    seen = np.zeros((total, int(listed.sum())), dtype=bool)
    seen[owner[stop], places[codes[stop]]] = True
    different: Array = seen.sum(axis=1)
    return different


def phrases_of(owner: Array, values: Array) -> tuple[Array, Array]:
    """A hash of each run of five words that lies in one text, from a number for each word, and its text."""
    import numpy as np

    size = len(values) - PHRASE_WORDS + 1
    if size <= 0:
        return np.zeros(0, dtype=owner.dtype), np.zeros(0, dtype=np.uint64)
    numbers = values.astype(np.uint64)
    mixed = np.zeros(size, dtype=np.uint64)
    for offset in range(PHRASE_WORDS):
        mixed ^= numbers[offset : offset + size]
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    whole = owner[:size] == owner[PHRASE_WORDS - 1 :]
    return owner[:size][whole], mixed[whole]


def _share_of_repeats(owners: Array, values: Array, total: int) -> Array:
    """Share of each text's values that are not the first of their kind."""
    import numpy as np
    import pyarrow as pa

    # The text in the upper bits, its value in the lower ones.
    keys = (owners.astype(np.uint64) << np.uint64(40)) | (values >> np.uint64(24))
    once = pa.array(keys).unique().to_numpy()  # a hash table: half the time of sorting
    different = np.bincount((once >> np.uint64(40)).astype(np.int64), minlength=total)
    counted = np.bincount(owners, minlength=total)
    share: Array = (counted - different) / np.maximum(counted, 1)
    return share


class _Lines(NamedTuple):
    duplicates: Array
    is_table: Array


def _lines(texts: pa.Array) -> _Lines:
    import numpy as np
    import pyarrow.compute as pc

    split = pc.split_pattern(texts, "\n")
    owner = np.repeat(np.arange(len(texts)), np.diff(split.offsets.to_numpy()))
    flat = pc.utf8_trim_whitespace(split.values)
    codes = flat.dictionary_encode().indices.to_numpy()
    lengths = pc.utf8_length(flat).to_numpy(zero_copy_only=False)
    filled = lengths > 0
    commas = _counted_bytes(flat, ",")
    listed = (commas >= 3) & (lengths < 20 * commas)
    cells = filled & (listed | (_counted_bytes(flat, "|") >= 2) | (_counted_bytes(flat, "\t") >= 1))
    total = len(texts)
    lines = np.bincount(owner[filled], minlength=total)
    mixed = (codes[filled].astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return _Lines(
        duplicates=_share_of_repeats(owner[filled], mixed, total),
        is_table=np.bincount(owner[cells], minlength=total) > 0.5 * np.maximum(lines, 1),
    )


def _counted_bytes(texts: pa.Array, character: str) -> Array:
    """How often each text has an ASCII character, counted in their bytes at once."""
    import numpy as np
    import pyarrow as pa

    assert texts.null_count == 0
    _, offsets_buffer, data = texts.buffers()
    size = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    offsets = np.frombuffer(offsets_buffer, dtype=size)[texts.offset : texts.offset + len(texts) + 1]
    if data is None or not len(texts):
        return np.zeros(len(texts), dtype=np.int64)
    view = np.frombuffer(data, dtype=np.uint8)[offsets[0] : offsets[-1]]
    places = np.flatnonzero(view == ord(character)) + offsets[0]
    counts: Array = np.bincount(np.searchsorted(offsets, places, side="right") - 1, minlength=len(texts))
    return counts
