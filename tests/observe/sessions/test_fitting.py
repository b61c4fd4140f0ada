"""What fits a budget: never more than it, never in another order, the newest first of all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.infer.embedders.batches import estimate_tokens
from headrace.observe.sessions.fitting import chosen, cost, fit, shortened
from headrace.records.sessions import Turn

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=120), max_size=12)


def turns_of(texts: list[str]) -> list[Turn]:
    return [
        Turn(
            seq=number,
            role="user" if number % 2 else "assistant",
            content=text,
            at="2026-03-01T09:30:00Z",
            tokens=estimate_tokens(text),
        )
        for number, text in enumerate(texts, start=1)
    ]


def words(text: str) -> int:
    return len(text.split())


@settings(max_examples=60)
@given(texts=TEXTS, budget=st.integers(0, 200))
def test_never_more_than_the_budget_in_order_with_the_newest(texts: list[str], budget: int) -> None:
    turns = turns_of(texts)
    for count in (estimate_tokens, words):
        fitted = fit(turns, budget, count)
        assert sum(cost(turn.content, count) for turn in fitted.kept) == fitted.tokens <= budget
        numbers = [turn.seq for turn in (*fitted.older, *fitted.kept)]
        assert numbers == [turn.seq for turn in turns], "a suffix, in order, and nothing is lost"
        if fitted.kept:
            assert fitted.kept[-1].seq == turns[-1].seq
            begun = fitted.kept[-1].content.removesuffix("…")
            assert turns[-1].content.startswith(begun)
            assert fitted.cut or fitted.kept == turns[-len(fitted.kept) :]
        if fitted.older and not fitted.cut and fitted.kept:
            assert fitted.tokens + cost(fitted.older[-1].content, count) > budget, "no room was left"


@settings(max_examples=40)
@given(texts=TEXTS, budget=st.integers(16, 200))
def test_the_newest_is_there_wherever_a_word_of_it_fits(texts: list[str], budget: int) -> None:
    turns = turns_of([text if text.strip() else "x" for text in texts])
    if turns:
        turns[-1] = turns_of(["word " * 400])[0]
        assert fit(turns, budget).kept


@settings(max_examples=40)
@given(texts=TEXTS, budget=st.integers(0, 200), data=st.data())
def test_chosen_turns_keep_their_order_and_the_budget(
    texts: list[str], budget: int, data: st.DataObject
) -> None:
    turns = turns_of(texts)
    scores = data.draw(st.lists(st.floats(-1, 1), min_size=len(turns), max_size=len(turns)))
    found = chosen(turns, scores, budget)
    assert sum(cost(turn.content) for turn in found.kept) == found.tokens <= budget
    numbers = [turn.seq for turn in found.kept]
    assert numbers == sorted(numbers)
    assert sorted(numbers + [turn.seq for turn in found.older]) == [turn.seq for turn in turns]


@pytest.mark.parametrize(("text", "budget", "left"), [("short", 20, "short"), ("x" * 400, 0, "")])
def test_a_text_is_cut_at_its_end(text: str, budget: int, left: str) -> None:
    assert shortened(text, budget) == left
    assert cost(shortened("word " * 100, 30)) <= 30
    assert shortened("word " * 100, 30).endswith("word…")
