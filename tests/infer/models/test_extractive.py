"""The built-in model: verbatim, cited, the same each time, and silent where nothing answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.infer.embedders.minilm import MiniLMEmbedder
from headrace.infer.models.base import GenerateRequest, Model, Passage
from headrace.infer.models.extractive import MOST_UNITS, ExtractiveModel

TEXTS = {
    "retention.md": "Redacted traces are kept for 30 days. Raw requests are kept for 24 hours.\n\n"
    "| Data | Kept |\n|---|---|\n| invoices | 10 years |\n| contracts | 6 years |",
    "rollback.md": "To roll back the index, move the live pointer to the previous generation.\n\n"
    "Before you do so:\n\n- freeze all syncs with `headrace sync --pause`\n- tell the support channel",
    "style.md": 'An answer that is not sure says "I am not sure" and links a page. It never guesses.',
    "bread.md": "The canteen bakes bread on Tuesdays.",
}


@pytest.fixture(scope="module")
def embedder() -> Iterator[MiniLMEmbedder]:
    opened = MiniLMEmbedder(threads=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=["vectors", "words"])
def model(request: pytest.FixtureRequest, embedder: MiniLMEmbedder) -> ExtractiveModel:
    with_vectors = request.param == "vectors"
    return ExtractiveModel(embed=(lambda texts: embedder.embed(texts).vectors) if with_vectors else None)


def request_for(question: str, texts: Sequence[str] | None = None) -> GenerateRequest:
    bodies = list(TEXTS.values()) if texts is None else texts
    passages = [
        Passage(number=number, chunk_id=f"chunk_{number}", document=f"{number}.md", text=text)
        for number, text in enumerate(bodies, start=1)
    ]
    return GenerateRequest(messages=[], question=question, passages=passages)


def quotes(text: str) -> list[tuple[int, str]]:
    found = re.findall(r'\[(\d+): "((?:[^"\\]|\\.)*)"\]', text, re.DOTALL)
    return [(int(number), re.sub(r"\\(.)", r"\1", quote)) for number, quote in found]


def test_it_is_a_model(model: ExtractiveModel) -> None:
    assert isinstance(model, Model)


@pytest.mark.parametrize(
    ("question", "number", "quote"),
    [
        ("How long are redacted traces kept?", 1, "Redacted traces are kept for 30 days."),
        (
            "How do I roll back the index?",
            2,
            "To roll back the index, move the live pointer to the previous generation.",
        ),
        (
            "What does an answer say that is not sure?",
            3,
            'An answer that is not sure says "I am not sure" and links a page.',
        ),
    ],
)
def test_it_answers_with_the_sentence(model: ExtractiveModel, question: str, number: int, quote: str) -> None:
    result = model.generate(request_for(question))
    assert result.finish_reason == "stop"
    assert quotes(result.text)[0] == (number, quote)


def test_a_table_is_quoted_whole(model: ExtractiveModel) -> None:
    result = model.generate(request_for("For how many years are invoices and contracts kept?"))
    assert (1, TEXTS["retention.md"].partition("\n\n")[2]) in quotes(result.text)


def test_a_list_item_is_quoted_whole(model: ExtractiveModel) -> None:
    result = model.generate(request_for("How do I freeze all syncs?"))
    assert (2, "- freeze all syncs with `headrace sync --pause`") in quotes(result.text)


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "How many moons does Jupiter have?",
        "Who wrote Moby Dick?",
        "???",
        "and of the",
        "",
    ],
)
def test_it_is_silent_where_nothing_answers(model: ExtractiveModel, question: str) -> None:
    result = model.generate(request_for(question))
    assert (result.text, result.finish_reason) == ("", "no_answer")


@pytest.mark.parametrize("texts", [[], [""], ["# Only a heading"], ["---"]])
def test_nothing_to_read(model: ExtractiveModel, texts: list[str]) -> None:
    assert model.generate(request_for("How long are traces kept?", texts)).finish_reason == "no_answer"


def test_the_same_sentence_is_given_once(model: ExtractiveModel) -> None:
    text = "Redacted traces are kept for 30 days."
    assert (
        len(
            quotes(model.generate(request_for("How long are redacted traces kept?", [text, text, text])).text)
        )
        == 1
    )


def test_the_same_request_gives_the_same_text(model: ExtractiveModel) -> None:
    request = request_for("How long are redacted traces kept?")
    assert len({model.generate(request).text for _ in range(3)}) == 1


@settings(deadline=None)
@given(st.lists(st.text(max_size=120), max_size=5), st.data())
def test_every_quote_is_verbatim(texts: list[str], data: st.DataObject) -> None:
    words = " ".join(texts).split()
    question = " ".join(data.draw(st.lists(st.sampled_from(words), max_size=4))) if words else "why"
    result = ExtractiveModel().generate(request_for(question, texts))
    assert len(quotes(result.text)) <= MOST_UNITS
    for number, quote in quotes(result.text):
        assert quote in texts[number - 1]
    assert (result.finish_reason == "no_answer") is (result.text == "")


def test_identity_tells_whether_vectors_take_part(embedder: MiniLMEmbedder) -> None:
    def embed(texts: Sequence[str]) -> Any:
        return embedder.embed(texts).vectors

    assert ExtractiveModel(embed=embed).identity != ExtractiveModel().identity
