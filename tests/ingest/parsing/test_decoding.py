"""Text is read in the encoding it was written in, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import ParseError
from headrace.ingest.parsing.decoding import decode

JAPANESE = "日本語の文書です。この文章は検索システムの試験に使います。"
RUSSIAN = "Это русский документ для проверки определения кодировки. Ответы должны иметь ссылки."
FRENCH = "Café crème brûlée, où l'été dernier j'ai déjà mangé à l'hôtel."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (JAPANESE, "utf-8-sig"),
        (JAPANESE, "utf-16"),
        (JAPANESE, "utf-32"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (FRENCH, "latin-1"),
        (FRENCH, "cp1252"),
        ("Plain words without a mark.", "utf-16-le"),
        ("Plain words without a mark.", "utf-16-be"),
    ],
)
def test_found_without_a_claim(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


def test_claim_is_believed_where_it_fits() -> None:
    assert decode("żółw".encode("cp1250"), "windows-1250").text == "żółw"
    assert decode("“smart”".encode("cp1252"), "iso-8859-1").text == "“smart”"


def test_wrong_or_unknown_claim_does_no_harm() -> None:
    assert decode("żółw".encode(), "latin-1").text == "żółw"
    assert decode(JAPANESE.encode("shift_jis"), "ascii").text == JAPANESE
    assert decode(b"plain", "no-such-charset").text == "plain"


def test_few_damaged_bytes_are_replaced_and_reported() -> None:
    decoded = decode("größer schöner weiter für alle".encode() + b" \xff end")
    assert decoded.text == "größer schöner weiter für alle \ufffd end"
    assert decoded.warnings == ("1 bytes were not valid UTF-8 and were replaced",)


def test_a_guess_is_reported() -> None:
    assert decode(FRENCH.encode("latin-1")).warnings


@pytest.mark.parametrize("data", [b" \n\t\r\n", b"\xef\xbb\xbf", "\u2003".encode()])
def test_blank(data: bytes) -> None:
    with pytest.raises(ParseError, match="^empty"):
        decode(data)


@pytest.mark.parametrize("data", [b"text\0with a NUL", bytes(range(256)) * 8, b"\x01\x02\x80\x81" * 500])
def test_binary(data: bytes) -> None:
    with pytest.raises(ParseError, match="^binary"):
        decode(data)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_utf8_comes_back_unchanged(text: str) -> None:
    if text.isspace() or text.startswith("\ufeff"):
        return
    assert decode(text.encode()).text == text


@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_decode_alike_each_time_or_are_refused(data: bytes) -> None:
    try:
        first = decode(data)
    except ParseError:
        return
    assert decode(data) == first
    assert first.text.encode("utf-8")
