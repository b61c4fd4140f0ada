"""Identities: typed, deterministic, standard."""

from __future__ import annotations

import base64
import hashlib
import itertools
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.ledger.identity import decode, digest, digest_bytes, digest_text, encode

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**80), max_value=2**80)
    | st.floats()
    | st.text()
    | st.binary()
)
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@given(_values)
def test_decode_gives_back_a_value_with_the_same_encoding(value: Any) -> None:
    assert encode(decode(encode(value))) == encode(value)


@given(st.dictionaries(st.text(max_size=30), _scalars))
def test_the_order_in_which_keys_were_set_does_not_matter(value: dict[str, Any]) -> None:
    assert encode(dict(reversed(value.items()))) == encode(value)


@given(st.dictionaries(st.text(max_size=300), st.none(), min_size=2))
def test_map_keys_stand_in_the_order_of_their_encoded_bytes(value: dict[str, None]) -> None:
    keys = [encode(key) for key in decode(encode(value))]
    assert keys == sorted(keys)


@given(st.floats(allow_nan=False))
def test_floats_take_the_shortest_form_that_holds_them(value: float) -> None:
    encoded = encode(value)
    for code, size in (("e", 3), ("f", 5)):
        try:
            fits = struct.unpack(f">{code}", struct.pack(f">{code}", value))[0] == value
        except OverflowError:
            fits = False
        if fits:
            assert len(encoded) == size
            return
    assert len(encoded) == 9


def test_values_that_differ_have_different_names() -> None:
    values: list[object] = [
        None, "", math.nan, 0, 0.0, -0.0, False, True, 1, 1.0, b"", b"0", "0", [], {}, [None], [[]],
        {"": None}, {"a": None}, {"b": None}, "e\u0301", "\u00e9", math.inf, -math.inf, 2**64, -(2**64),
        [1, 2], [2, 1],
    ]  # fmt: skip
    for first, second in itertools.combinations(values, 2):
        assert digest("x", first) != digest("x", second), (first, second)


def test_a_missing_key_differs_from_a_key_without_value() -> None:
    assert digest("x", {}) != digest("x", {"a": None})


def test_tuples_are_lists_and_all_nans_are_one() -> None:
    assert digest("x", (1, ("a",))) == digest("x", [1, ["a"]])
    odd_nan = struct.unpack(">d", bytes.fromhex("7ff8000000000001"))[0]
    assert digest("x", odd_nan) == digest("x", math.nan)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (1.5, "f93e00"),
        (100000.0, "fa47c35000"),
        (1.1, "fb3ff199999999999a"),
        (-4.1, "fbc010666666666666"),
        (math.nan, "f97e00"),
        (18446744073709551615, "1bffffffffffffffff"),
        (18446744073709551616, "c249010000000000000000"),
        (-1, "20"),
        ("\u00fc", "62c3bc"),
        ({"a": "A", "b": "B", "aa": 1}, "a3616161416162614262616101"),
    ],
)
def test_encodings_of_rfc_8949(value: object, encoded: str) -> None:
    assert encode(value).hex() == encoded


@given(st.binary(max_size=64))
def test_a_name_is_the_standard_base32_of_the_hash(data: bytes) -> None:
    hashed = hashlib.blake2b(data, digest_size=32).digest()
    expected = base64.b32encode(hashed).decode().lower()[:26]
    assert digest_bytes("rev", data) == f"rev_{expected}"


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_any_text_has_a_name(text: str) -> None:
    assert digest_text("text", text) == digest_bytes("text", text.encode("utf-8", "surrogatepass"))


def test_a_name_stays_the_same_for_ever() -> None:
    assert digest("chunk", ["handbook", "a.md", 3, None, 0.5]) == "chunk_s3mezjuipwvbjf7g5jp63xmb54"


@pytest.mark.parametrize("value", [{1, 2}, frozenset(), object(), {1: "a"}, {b"a": 1}, 1j, [{"a": {3}}]])
def test_what_has_no_deterministic_encoding_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=r"no identity|Map keys"):
        digest("x", value)


def test_broken_text_and_endless_values_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nested deeper"):
        digest("x", endless)
    with pytest.raises(ValueError, match="lone surrogate"):
        digest("x", ["\ud800"])
