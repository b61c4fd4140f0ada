"""Documents to chunk spans, along their structure and by tokens."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol

from headrace.ingest.chunking.base import ChunkerConfig
from headrace.ingest.chunking.segments import segments
from headrace.records.document import ChunkSpan, Heading, ParsedDocument

_MAX_CARRIED_BYTES = 96
"""A heading up to so long goes with the chunk after it where it would else be a chunk of its own."""
_MAX_CHARS_PER_TOKEN = 16
"""A tokenizer may count any unknown word as one token; no chunk is longer than so many characters a token."""


class _Splitter(Protocol):
    def chunk_indices(self, text: str) -> list[tuple[int, str]]: ...


def chunk_many(documents: Sequence[ParsedDocument], config: ChunkerConfig) -> list[list[ChunkSpan]]:
    """Spans of each document, ordered by start; every character that is no whitespace lies in one.

    `text[start:end]` neither begins nor ends with whitespace. Neighbours overlap by at most
    `config.chunk_overlap` tokens. A short heading that would stand alone goes with the chunk after it, on
    top of `config.chunk_tokens`.
    """
    return [_chunk(document, config) for document in documents]


def _chunk(document: ParsedDocument, config: ChunkerConfig) -> list[ChunkSpan]:
    splitter = _splitter("markdown" if document.kind == "markdown" else "text", config)
    starts = [heading.start for heading in document.headings]
    paths = _paths(document.headings)
    pages = document.pages
    spans: list[ChunkSpan] = []
    pieces = _pieces(document.text, starts, splitter=splitter, config=config)
    for start, end in _carry_headings(document.text, pieces, heading_starts=starts):
        spans.append(
            ChunkSpan(
                start=start,
                end=end,
                page=max(1, bisect_right(pages, start)) if pages else None,
                headings=paths[bisect_right(starts, start)],
            )
        )
    return spans


def _paths(headings: Sequence[Heading]) -> list[tuple[str, ...]]:
    """The heading path in force before the first heading, and after each."""
    paths: list[tuple[str, ...]] = [()]
    stack: list[tuple[int, str]] = []
    for heading in headings:
        while stack and stack[-1][0] >= heading.level:
            stack.pop()
        stack.append((heading.level, heading.text))
        paths.append(tuple(text for _, text in stack))
    return paths


def _carry_headings(
    text: str, pieces: Iterator[tuple[int, int]], *, heading_starts: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Pieces, those that hold nothing but short headings joined to the one after them."""
    carried: tuple[int, int] | None = None
    for start, end in pieces:
        begin = start
        if carried is not None:
            if start >= carried[1]:
                begin = carried[0]
            else:
                yield carried
            carried = None
        if _is_heading_only(text, begin, end=end, heading_starts=heading_starts):
            carried = (begin, end)
        else:
            yield begin, end
    if carried is not None:
        yield carried


def _is_heading_only(text: str, start: int, *, end: int, heading_starts: Sequence[int]) -> bool:
    if end - start > _MAX_CARRIED_BYTES:
        return False
    count = bisect_left(heading_starts, end) - bisect_left(heading_starts, start)
    if count == 0:
        return False
    piece = text[start:end]
    lines = sum(1 for line in piece.splitlines() if line.strip())
    return lines == count and len(piece.encode("utf-8", "surrogatepass")) <= _MAX_CARRIED_BYTES


def _pieces(
    text: str, heading_starts: Sequence[int], *, splitter: _Splitter, config: ChunkerConfig
) -> Iterator[tuple[int, int]]:
    longest = config.chunk_tokens * _MAX_CHARS_PER_TOKEN
    floor = 0
    for begin, end in segments(text, heading_starts):
        for offset, chunk in splitter.chunk_indices(text[begin:end]):
            # What is left of a chunk cut to pieces is no overlap to begin the next one with.
            start, stop = _trim(text, max(begin + offset, floor), end=begin + offset + len(chunk))
            if stop - start > longest:
                yield from _cut(text[start:stop], longest, start=start)
                floor = stop
            elif stop > start:
                yield start, stop


def _trim(text: str, start: int, *, end: int) -> tuple[int, int]:
    """The span without whitespace at its ends, of which libraries have different notions."""
    piece = text[start:end]
    begin = start + len(piece) - len(piece.lstrip())
    return begin, max(begin, start + len(piece.rstrip()))


def _cut(chunk: str, longest: int, *, start: int) -> Iterator[tuple[int, int]]:
    for offset, piece in _character_splitter(longest).chunk_indices(chunk):
        begin, end = _trim(chunk, offset, end=offset + len(piece))
        if end > begin:
            yield start + begin, start + end


@lru_cache(maxsize=16)
def _splitter(kind: Literal["markdown", "text"], config: ChunkerConfig) -> _Splitter:
    import semantic_text_splitter

    maker: Any = (
        semantic_text_splitter.MarkdownSplitter if kind == "markdown" else semantic_text_splitter.TextSplitter
    )
    made: _Splitter
    if isinstance(config.tokenizer, Path):
        made = maker.from_huggingface_tokenizer(
            _tokenizer(config.tokenizer), config.chunk_tokens, config.chunk_overlap
        )
    else:
        count: Callable[[str], int] = count_words
        made = maker.from_callback(count, config.chunk_tokens, config.chunk_overlap)
    return made


@lru_cache(maxsize=4)
def _character_splitter(longest: int) -> _Splitter:
    from semantic_text_splitter import TextSplitter

    made: _Splitter = TextSplitter(longest)
    return made


@lru_cache(maxsize=4)
def _tokenizer(path: Path) -> Any:
    """The tokenizer without the cutting and filling that embedders ask for, which falsify every count."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def count_words(text: str) -> int:
    """Estimated tokens: one a word, or one for four bytes of UTF-8, whichever gives more."""
    return max(len(text.split()), len(text.encode("utf-8", "surrogatepass")) // 4)
