"""The measures are counts of words, lines and patterns, whatever is done to make them fast."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ingest.gates.measures import STOP_WORDS, counted_in_both, measure
from headrace.ingest.gates.parse_confidence import _BROKEN_WORD, _LETTER_APART

WORDS = ["the", "of", "a b c d e", "w1rd", "é!t", "\n", "x,y,z", "|", "\t"]
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="a b§!1£é the,|\t\n", max_size=120),
        st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join),
    ),
    max_size=8,
)


@settings(max_examples=60)
@given(TEXTS)
def test_measures_are_those_of_a_plain_count(texts: list[str]) -> None:
    found = measure(pa.array(texts, type=pa.large_string()))
    for row, text in enumerate(texts):
        words = text.lower().split()
        assert found.stop_words[row] == len({*words} & {*STOP_WORDS.split()})
        runs = [tuple(words[at : at + 5]) for at in range(len(words) - 4)]
        repeated = 1 - len(set(runs)) / len(runs) if runs else 0
        assert abs(found.duplicate_phrases[row] - repeated) < 1e-9
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        repeated = 1 - len(set(lines)) / len(lines) if lines else 0
        assert abs(found.duplicate_lines[row] - repeated) < 1e-9


@settings(max_examples=60)
@given(TEXTS)
def test_a_pattern_and_its_form_for_ascii_find_the_same(texts: list[str]) -> None:
    column = pa.array(texts, type=pa.large_string())
    for patterns in (_BROKEN_WORD, _LETTER_APART):
        expected = pc.count_substring_regex(column, patterns[0]).to_pylist()
        assert counted_in_both(column, *patterns).tolist() == expected
