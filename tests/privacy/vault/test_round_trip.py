"""Whatever is hidden comes back exactly: plain, in JSON, streamed, and however a model rewrote the tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.ledger.ledger import Ledger
from headrace.privacy.vault.hiding import hide
from headrace.privacy.vault.restoring import show
from headrace.privacy.vault.shield import VaultShield
from headrace.privacy.vault.tokens import LITERAL, SUFFIX_CHARACTERS, parse, suffix
from headrace.privacy.vault.values import Value
from headrace.privacy.vault.vault import Vault
from headrace.records.privacy import Finding
from tests.privacy.vault.calls import call, opened, vault_of

DATA = [
    "John Doe",
    "María García",
    'Anna "Ann" O\'Brien',
    "john.doe@example.com",
    "+1 212-555-0187",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "password: hunter2-x9",
    "12 Main Street,\nSpringfield, IL 62704",
]
LOOKALIKES = [
    "⟨PERSON_k7f3q2ma⟩",
    "<person_K7F3Q2MA>",
    "EMAIL\\_ADDRESS_k7f3q2ma",
    "\\u27e8PERSON_k7f3q2ma\\u27e9",
    "&lt;LITERAL_aaaaaaaa&gt;",
    "PERSON_",
    "⟨⟨PERSON_k7f3q2ma",
]
PIECES = st.one_of(
    st.sampled_from([*DATA, *LOOKALIKES]),
    st.sampled_from([" ", ", ", "\n", '"', "\\", "⟨", "⟩", "<", "'s", "{", "[1]", "Dear ", "\\u00e9", "é"]),
    st.text(max_size=12),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
VALUES = st.recursive(
    st.one_of(
        TEXTS, st.integers(), st.floats(allow_nan=False), st.booleans(), st.none(), st.just(4111111111111111)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
).filter(lambda value: isinstance(value, list | dict))


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    root = tmp_path_factory.mktemp("vault")
    with Ledger.open(f"sqlite:///{root}/ledger.sqlite") as ledger:
        yield vault_of(ledger, root)


def shielded(vault: Vault) -> VaultShield:
    return opened(vault, call(None))


@given(text=TEXTS)
@example(text='{"name": "John "Doe""}')
@example(text='["12 Main Street,\nSpringfield, IL 62704"]')
@example(text='{"url": "https:\\/\\/example.com\\/john.doe@example.com", "n": 4111111111111111}')
@example(text="\ud800 John Doe")
def test_what_is_hidden_comes_back(vault: Vault, text: str) -> None:
    shield = shielded(vault)
    clean = shield.hide(text)
    assert shield.show(clean) == text
    assert shield.facts()["unknown"] == 0
    for value in ("John Doe", "john.doe@example.com", "4111 1111 1111 1111"):
        if f" {value} " in f" {text} ":
            assert value not in clean


@given(
    text=st.text('ab<>⟨⟩_ PERSONkq72"\\{}[]:,\n', max_size=60),
    words=st.lists(st.text('ab<>⟨⟩_ PERSONkq7"\\', min_size=1, max_size=4), min_size=1, max_size=4),
)
@example(text="aab a", words=["a", "> a", "b"])
@example(text='{"a": "a\\"b", "b": ["PERSON_aaaaaaaa"]}', words=['": "', "a", '"b'])
def test_whatever_an_engine_finds_comes_back(text: str, words: list[str]) -> None:
    """Findings that overlap what was hidden before, or reach over the strings of JSON, included."""
    pattern = re.compile("|".join(map(re.escape, words)))
    given: dict[str, Value] = {}

    def scan(looked: str) -> list[Finding]:
        return [
            Finding(type="PERSON", start=found.start(), end=found.end(), score=1.0, validator="test")
            for found in pattern.finditer(looked)
        ]

    def mint(kind: str, value: Value) -> str:
        name = f"{kind}_{suffix(b'key', kind, value.form + value.text)}"
        assert given.setdefault(name, value) == value
        return name

    class Resolver:
        def __call__(self, name: str) -> Value | None:
            return given.get(name)

        def peek(self, name: str) -> Value | None:
            return given.get(name)

    clean = hide(text, scan, mint)
    assert show(clean, Resolver()) == text


@given(value=VALUES, ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_json_comes_back_as_it_was_written(
    vault: Vault, value: Any, ascii_only: bool, indent: int | None
) -> None:
    shield = shielded(vault)
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    clean = shield.hide(text)
    assert shield.show(clean) == text
    assert json.dumps(shield.show_json(json.loads(clean))) == json.dumps(value)
    assert json.dumps(shield.show_json(shield.hide_json(value))) == json.dumps(value)
    nested = json.dumps({"arguments": text})
    assert json.loads(json.loads(shield.show(shield.hide(nested)))["arguments"]) == json.loads(text)


@settings(max_examples=60)
@given(text=TEXTS, data=st.data())
def test_every_cut_of_a_stream_gives_the_same(vault: Vault, text: str, data: st.DataObject) -> None:
    shield = shielded(vault)
    clean = shield.hide(text)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(clean)), max_size=8)))
    pieces = [clean[start:end] for start, end in zip([0, *cuts], [*cuts, len(clean)], strict=True)]
    whole = streamed(shield, [clean])
    assert streamed(shield, pieces) == whole
    assert streamed(shield, list(clean)) == whole
    assert shield.show(f"x{clean}") == f"x{whole}" or text.startswith(("{", "["))


@settings(max_examples=60)
@given(value=VALUES, ascii_only=st.booleans())
def test_every_cut_of_streamed_arguments_gives_the_same(vault: Vault, value: Any, ascii_only: bool) -> None:
    shield = shielded(vault)
    text = json.dumps(shield.hide_json(value), ensure_ascii=ascii_only)
    whole = streamed(shield, [text], json=True)
    assert json.dumps(json.loads(whole)) == json.dumps(value)
    assert streamed(shield, list(text), json=True) == whole


def test_a_stream_cut_anywhere_once(vault: Vault) -> None:
    shield = shielded(vault)
    text = "To John Doe <john.doe@example.com>, PERSON_ and ⟨PERSON_k7f3q2ma⟩'s: +1 212-555-0187."
    clean = shield.hide(text)
    assert all(streamed(shield, [clean[:at], clean[at:]]) == text for at in range(len(clean) + 1))


def streamed(shield: VaultShield, pieces: list[str], *, json: bool = False) -> str:
    stream = shield.stream(json=json)
    return "".join([*map(stream.feed, pieces), stream.finish()])


@pytest.mark.parametrize(
    ("rewrite", "expected"),
    [
        (lambda token: token, "John Doe"),
        (lambda token: token.lower(), "John Doe"),
        (lambda token: token.upper(), "John Doe"),
        (lambda token: f"{token}'s", "John Doe's"),
        (lambda token: f"{token}s Haus", "John Does Haus"),
        (lambda token: f"**{token}**", "**John Doe**"),
        (lambda token: token.replace("⟨", "<").replace("⟩", ">"), "John Doe"),
        (lambda token: token.replace("⟨", "〈").replace("⟩", "〉"), "John Doe"),
        (lambda token: token.replace("⟨", "&lt;").replace("⟩", "&gt;"), "John Doe"),
        (lambda token: token.strip("⟨⟩"), "John Doe"),
        (lambda token: token.strip("⟨⟩") + "'s", "John Doe's"),
        (lambda token: token.replace("_", "\\_"), "John Doe"),
        (lambda token: json.dumps(token)[1:-1], "John Doe"),
    ],
)
def test_what_models_make_of_a_token(vault: Vault, rewrite: Any, expected: str) -> None:
    shield = shielded(vault)
    token = shield.hide("John Doe")
    assert "John" not in token
    written = f"I told {rewrite(token)} so."
    assert shield.show(written) == f"I told {expected} so."
    assert streamed(shield, list(written)) == f"I told {expected} so."
    assert json.loads(shield.show(json.dumps({"a": [written]}))) == {"a": [f"I told {expected} so."]}


def test_values_are_escaped_where_they_return_into_json(vault: Vault) -> None:
    shield = shielded(vault)
    token = shield.hide("12 Main Street,\nSpringfield, IL 62704")
    arguments = json.dumps({"address": token})
    call_arguments = json.dumps({"function": {"arguments": arguments}})
    for text in (shield.show(arguments), streamed(shield, list(arguments), json=True)):
        assert json.loads(text) == {"address": "12 Main Street,\nSpringfield, IL 62704"}
    inner = json.loads(shield.show(call_arguments))["function"]["arguments"]
    assert json.loads(inner) == {"address": "12 Main Street,\nSpringfield, IL 62704"}


def test_numbers_come_back_as_numbers(vault: Vault) -> None:
    shield = shielded(vault)
    clean = shield.hide('{"card": 4111111111111111, "count": 3}')
    assert "4111" not in clean
    assert json.loads(clean)["count"] == 3
    assert shield.show_json(json.loads(clean)) == {"card": 4111111111111111, "count": 3}
    assert shield.show(f"Card {json.loads(clean)['card']}.") == "Card 4111111111111111."


def test_escapes_hide_nothing_from_the_engine(vault: Vault) -> None:
    shield = shielded(vault)
    text = json.dumps({"mail": "maría@example.com", "inner": json.dumps({"to": "josé@example.com"})})
    assert "\\u00ed" in text
    clean = shield.hide(text)
    assert "example.com" not in clean
    assert shield.show(clean) == text


def test_a_token_of_somebody_else_is_only_text(vault: Vault) -> None:
    owner = opened(vault, call("owner"))
    token = owner.hide("John Doe")
    owner.settle().result()
    other = opened(vault, call("other"))
    clean = other.hide(f"Who is {token}?")
    assert token not in clean
    assert (parse(clean.split()[-1].rstrip("?")) or "").startswith(LITERAL)
    assert other.show(clean) == f"Who is {token}?"
    assert other.show(token) == token
    assert other.facts() == {"hidden": 1, "shown": 1, "unknown": 1}
    again = opened(vault, call("owner"))
    assert again.show(f"It is {token}.") == "It is John Doe."
    assert again.hide(f"Who is {token}?") != f"Who is {token}?", "typed by a caller it is text, even here"


def test_tokens_are_the_same_within_a_session_and_nowhere_else(vault: Vault) -> None:
    def token(session: str | None, text: str = "John Doe") -> str:
        return opened(vault, call(session)).hide(text)

    assert token("a") == token("a")
    assert token("a", "JOHN DOE") != token("a"), "each spelling comes back as it was"
    assert len({token("a"), token("b"), token(None), token(None)}) == 4
    name = parse(token("a"))
    assert name is not None
    assert len(name.rpartition("_")[2]) == SUFFIX_CHARACTERS


def test_values_that_would_share_a_token_get_two(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "headrace.privacy.vault.scope.suffix", lambda *_, attempt: "abcdefg" + "abcdef"[attempt]
    )
    first = opened(vault, call("crowded"))
    assert first.hide("John Doe") == "⟨PERSON_abcdefga⟩"
    first.settle().result()
    second = opened(vault, call("crowded"))
    assert second.hide("María García and John Doe") == "⟨PERSON_abcdefgb⟩ and ⟨PERSON_abcdefga⟩"
    second.settle().result()
    assert opened(vault, call("crowded")).show("PERSON_abcdefgb") == "María García"


def test_keys_decide_tokens(tmp_path: Path, vault: Vault) -> None:
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.sqlite") as ledger:
        elsewhere = opened(vault_of(ledger, tmp_path), call("a")).hide("John Doe")
    assert elsewhere != opened(vault, call("a")).hide("John Doe")
