"""Spans cover the text exactly, follow its structure, and keep to their length."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ingest.chunking.base import ChunkerConfig
from headrace.ingest.chunking.splitter import chunk_many, count_words
from headrace.ingest.parsing.outline import find_headings
from headrace.records.document import ChunkSpan, ParsedDocument, TextKind

CARRIED_BYTES = 96


@pytest.fixture(scope="session")
def tokenizer_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small word piece tokenizer whose file asks for truncation and padding, as those of embedders do."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,#"
    vocabulary = ["[UNK]", "[PAD]", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary += ["water", "wheel", "mill", "the", "turns", "section"]
    tokenizer = Tokenizer(
        models.WordPiece({piece: at for at, piece in enumerate(vocabulary)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=16)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def document(text: str, kind: TextKind = "markdown", pages: tuple[int, ...] = ()) -> ParsedDocument:
    headings = find_headings(text) if kind == "markdown" else []
    return ParsedDocument(
        text=text, kind=kind, media_type="text/plain", title=None, headings=headings, pages=pages
    )


def chunk(text: str, config: ChunkerConfig, kind: TextKind = "markdown") -> list[ChunkSpan]:
    return chunk_many([document(text, kind)], config)[0]


def check(text: str, spans: list[ChunkSpan]) -> None:
    """Ordered, trimmed, and nothing but whitespace outside."""
    covered = 0
    previous = -1
    for span in spans:
        assert span.start > previous
        previous = span.start
        piece = text[span.start : span.end]
        assert piece
        assert piece == piece.strip()
        assert not text[covered : span.start].strip()
        covered = max(covered, span.end)
    assert not text[covered:].strip()


UNICODE = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("ab #\n\r\t.-`>|*_[]()1é界🙂\u0301\u200d\u00a0\u2028\u3000\x1c\x85")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=400,
)


@settings(max_examples=150, deadline=None)
@given(UNICODE, st.integers(4, 40), st.sampled_from(["markdown", "text", "code"]))
def test_every_character_is_covered_whatever_it_is(text: str, chunk_tokens: int, kind: TextKind) -> None:
    config = ChunkerConfig(chunk_tokens=chunk_tokens, chunk_overlap=chunk_tokens // 4)
    spans = chunk(text, config, kind)
    check(text, spans)
    assert spans == chunk(text, config, kind)
    for span in spans:
        assert count_words(text[span.start : span.end]) <= chunk_tokens + CARRIED_BYTES // 2


@settings(max_examples=60, deadline=None)
@given(text=UNICODE)
def test_the_same_counted_in_word_pieces(tokenizer_path: Path, text: str) -> None:
    check(text, chunk(text, ChunkerConfig(chunk_tokens=24, chunk_overlap=6, tokenizer=tokenizer_path)))


def handbook(sections: int = 6, words: int = 60) -> str:
    rng = random.Random(7)
    vocabulary = ["water", "wheel", "mill", "the", "turns", "stone", "grain", "flour"]
    parts = ["# Mill\n\nIntro.\n"]
    for at in range(sections):
        sentence = " ".join(rng.choice(vocabulary) for _ in range(words))
        parts.append(f"## Section {at}\n\n{sentence}.\n\n### Detail\n\nshort.\n")
    return "\n".join(parts)


def test_word_pieces_are_counted_exactly_whatever_the_file_asks_for(tokenizer_path: Path) -> None:
    from tokenizers import Tokenizer

    text = handbook()
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    spans = chunk(text, ChunkerConfig(chunk_tokens=50, chunk_overlap=0, tokenizer=tokenizer_path), "text")
    lengths = [len(tokenizer.encode(text[span.start : span.end]).ids) for span in spans]
    assert max(lengths) <= 50
    assert sum(lengths) / len(lengths) > 25


def test_heading_paths() -> None:
    text = handbook()
    for span in chunk(text, ChunkerConfig(chunk_tokens=80, chunk_overlap=10)):
        before = [found for found in find_headings(text) if found.start <= span.start]
        assert span.headings[-1] == before[-1].text
        assert span.headings[0] == "Mill"
        if span.headings[-1] == "Detail":
            assert span.headings[1].startswith("Section")


def test_sections_do_not_share_text() -> None:
    text = handbook(words=90)
    starts = [found.start for found in find_headings(text)]
    spans = chunk(text, ChunkerConfig(chunk_tokens=140, chunk_overlap=32))
    for earlier, later in pairwise(spans):
        if later.start in starts:
            assert earlier.end <= later.start


def test_long_sections_overlap() -> None:
    text = "# Long\n\n" + " ".join(f"Sentence number {at} is here." for at in range(200))
    spans = chunk(text, ChunkerConfig(chunk_tokens=60, chunk_overlap=20))
    assert any(later.start < earlier.end for earlier, later in pairwise(spans))


def test_an_edit_moves_only_the_chunks_it_touches() -> None:
    text = handbook()
    config = ChunkerConfig(chunk_tokens=80, chunk_overlap=10)
    edited = text.replace("Intro.", "Introduction, longer than before.")
    before = {text[span.start : span.end] for span in chunk(text, config)}
    after = {edited[span.start : span.end] for span in chunk(edited, config)}
    assert len(before - after) == 1
    assert len(after - before) == 1


def test_a_heading_does_not_stand_alone() -> None:
    text = "# Title\n\n## Part\n\n" + "word " * 100
    spans = chunk(text, ChunkerConfig(chunk_tokens=60, chunk_overlap=0))
    assert text[spans[0].start : spans[0].end].startswith("# Title\n\n## Part\n\nword")
    text = "words before the end\n\n# End"
    last = chunk(text, ChunkerConfig(chunk_tokens=5, chunk_overlap=0))[-1]
    assert text[last.start : last.end] == "# End"


def test_pages() -> None:
    text = "first page\n\nsecond page\n\nthird page"
    spans = chunk_many(
        [document(text, "markdown", pages=(0, 12, 25))], ChunkerConfig(chunk_tokens=3, chunk_overlap=0)
    )[0]
    assert [(text[span.start : span.end], span.page) for span in spans] == [
        ("first page", 1),
        ("second page", 2),
        ("third page", 3),
    ]
    assert chunk("x", ChunkerConfig())[0].page is None


def test_each_document_by_itself() -> None:
    documents = [document(handbook(sections)) for sections in (1, 3, 0, 5)] + [document(" \n ")]
    config = ChunkerConfig(chunk_tokens=60, chunk_overlap=8)
    assert chunk_many(documents, config) == [chunk_many([one], config)[0] for one in documents]
    assert chunk_many(documents, config)[-1] == []


@pytest.mark.parametrize("kind", ["markdown", "text"])
@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "界" * 200_000,
        "数据系统的答案必须有引用。" * 20_000,
        "👩‍👩‍👧‍👦" * 20_000,
        "e\u0301" * 100_000,
        "# h\n\ntext\n\n" * 20_000,
        "\n" * 200_000 + "x",
        ("\n" * 199 + "x") * 500,
        '{"a":1,"b":"cc"},' * 20_000,
        "> " * 50_000,
        "[" * 100_000,
        "|a" * 50_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_awkward_texts(text: str, kind: TextKind) -> None:
    spans = chunk(text, ChunkerConfig(), kind)
    check(text, spans)
    assert max(span.end - span.start for span in spans) <= ChunkerConfig().chunk_tokens * 16


def test_words_that_a_tokenizer_does_not_know_are_cut(tokenizer_path: Path) -> None:
    """A word piece tokenizer counts any word of over a hundred letters as one unknown token."""
    text = " ".join("x" * 1_500 for _ in range(200))
    config = ChunkerConfig(chunk_tokens=100, chunk_overlap=20, tokenizer=tokenizer_path)
    spans = chunk(text, config, "text")
    check(text, spans)
    assert max(span.end - span.start for span in spans) <= 1_600


def test_fingerprint_names_what_decides_the_spans(tokenizer_path: Path) -> None:
    words = ChunkerConfig().fingerprint()
    assert words == ChunkerConfig().fingerprint()
    assert words != ChunkerConfig(chunk_tokens=100).fingerprint()
    assert words != ChunkerConfig(chunk_overlap=10).fingerprint()
    pieces = ChunkerConfig(tokenizer=tokenizer_path).fingerprint()
    assert pieces["tokenizer"] != words["tokenizer"]
    assert str(tokenizer_path) not in json.dumps(dict(pieces))
