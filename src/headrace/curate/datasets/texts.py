"""The texts of rows, and hashes of runs of words in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from headrace.curate.datasets.columns import Column, Rows, is_missing, python_values
from headrace.ingest.gates.duplicates.signatures import normalised, word_hashes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def of_rows(rows: Rows) -> list[str]:
    """All texts of each row, also those inside lists and maps, one after the other."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = [column for column in rows.columns if column.type == "text"]
    if plain and not any(column.type == "any" for column in rows.columns):
        cells = [pc.fill_null(column.values, "") for column in plain]
        joined: list[str] = pc.binary_join_element_wise(
            *cells, pa.scalar("\n", pa.large_string())
        ).to_pylist()
        return joined
    parts: list[list[str]] = [[] for _ in range(len(rows))]
    for column in rows.columns:
        if column.type in ("text", "any"):
            for row, value in zip(parts, _values(column), strict=True):
                row += _inside(value)
    return ["\n".join(row) for row in parts]


class Words:
    """Word hashes of many texts, computed once."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        self.texts = len(texts)
        self._blocks = list(_blocks(texts))
        self.counts: NDArray[np.int64] = np.zeros(len(texts), dtype=np.int64)
        """Words of each text."""
        for start, (_, inside) in self._blocks:
            found = np.bincount(inside) if len(inside) else np.zeros(0, dtype=np.int64)
            self.counts[start : start + len(found)] += found

    def runs(self, length: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Hashes of every run of so many words, and the text that each stands in."""
        import numpy as np

        hashes, owners = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int64)]
        for start, (words, inside) in self._blocks:
            if len(words) < length:
                continue
            mixed = np.zeros(len(words) - length + 1, dtype=np.uint64)
            for step in range(length):
                mixed = _mixed(mixed ^ words[step : step + len(mixed)])
            one_text = inside[: len(mixed)] == inside[length - 1 :]
            hashes.append(mixed[one_text])
            owners.append(inside[: len(mixed)][one_text] + start)
        return np.concatenate(hashes), np.concatenate(owners)

    def wholes(self) -> NDArray[np.uint64]:
        """A hash of all words of each text; 0 for one without words."""
        import numpy as np

        found = np.zeros(self.texts, dtype=np.uint64)
        for start, (words, inside) in self._blocks:
            if not len(words):
                continue
            place = np.arange(len(words)) - np.searchsorted(inside, inside)
            # The place is mixed in, so that the order of the words counts.
            weighed = _mixed(words ^ (place.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)))
            np.add.at(found, inside + start, weighed)
        return found


def _blocks(texts: Sequence[str]) -> Iterator[tuple[int, Any]]:
    """Word hashes of some texts at a time, with the number of the first of them."""
    start = size = 0
    block: list[bytes] = []
    for number, text in enumerate(texts):
        plain = normalised(text)
        if block and size + len(plain) > 200_000:
            yield start, word_hashes(block)
            start, block, size = number, [], 0
        block.append(plain)
        size += len(plain) + 1
    if block:
        yield start, word_hashes(block)


def cells(rows: Rows) -> tuple[list[str], list[int]]:
    """Every text of the rows by itself, also those inside lists and maps, and the number of its row."""
    texts: list[str] = []
    owners: list[int] = []
    for column in rows.columns:
        if column.type not in ("text", "any"):
            continue
        for number, value in enumerate(_values(column)):
            for text in _inside(value):
                texts.append(text)
                owners.append(number)
    return texts, owners


def _values(column: Column) -> list[Any]:
    if column.type == "text" and column.missing is None:
        return list(column.values.to_pylist())
    return [None if is_missing(value) else value for value in python_values(column)]


def _inside(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, dict):
        return [text for item in value.values() for text in _inside(item)]
    if isinstance(value, list):
        return [text for item in value for text in _inside(item)]
    return []


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    import numpy as np

    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    last: NDArray[np.uint64] = (values ^ (values >> np.uint64(31))) + np.uint64(0x9E3779B97F4A7C15)
    return last
