"""What holds for any text: spans slice to the value, windows change nothing, redaction leaves nothing."""

from __future__ import annotations

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.privacy.engine import Engine
from headrace.privacy.entities import ENTITIES
from headrace.privacy.folding import fold
from headrace.privacy.overlaps import resolve
from headrace.privacy.redact import outside_marks, redact
from headrace.privacy.windows import WINDOW_CHARACTERS, Window
from headrace.records.privacy import Finding
from tests.privacy.test_patterns import FOUND

ENGINE = Engine()

_PIECES = st.one_of(
    st.sampled_from([value for _, _, value in FOUND]),
    st.sampled_from([sentence.format(value) for _, sentence, value in FOUND]),
    st.sampled_from(
        ["Anna Schmidt", "Mr Patel", " ", "\n", "\x00", ", ", "@", "://", "password=", "[PERSON]", "born "]
    ),
    st.text(alphabet="0123456789-. +()", max_size=24),
    st.text(alphabet="aB1@.:/-_ \u200b\u202e\u0430\u00e9\uff11\ud800", max_size=16),
    st.text(max_size=12),
)
TEXTS = st.lists(_PIECES, max_size=8).map("".join)


@given(text=TEXTS)
@settings(max_examples=150, deadline=None)
def test_spans_lie_in_the_text_in_order_and_never_overlap(text: str) -> None:
    at = 0
    for finding in ENGINE.scan(text):
        assert at <= finding.start < finding.end <= len(text)
        at = finding.end


@given(text=TEXTS)
@settings(max_examples=150, deadline=None)
def test_a_redacted_text_has_no_finding(text: str) -> None:
    redacted = redact(ENGINE, text)
    assert outside_marks(redacted, ENGINE.scan(redacted)) == []
    assert redact(ENGINE, redacted) == redacted


@given(
    value=st.sampled_from([value for _, _, value in FOUND]),
    before=st.text(max_size=9),
    after=st.text(max_size=9),
)
@settings(max_examples=100, deadline=None)
def test_spans_slice_to_what_was_matched(value: str, before: str, after: str) -> None:
    text = f"{before} {value} {after}"
    for finding in ENGINE.scan(text):
        shown = fold(text[finding.start : finding.end]).text
        assert shown in fold(text).text
        assert shown == shown.strip()


@given(texts=st.lists(TEXTS, max_size=6))
@settings(max_examples=60, deadline=None)
def test_texts_scanned_together_give_what_each_gives_alone(texts: list[str]) -> None:
    assert ENGINE.scan_many(texts) == [ENGINE.scan(text) for text in texts]


def test_values_at_the_edges_of_texts_do_not_run_together() -> None:
    halves = [
        part for _, _, value in FOUND for part in (value, value[: len(value) // 2], value[len(value) // 2 :])
    ]
    texts = [*halves, *halves[::-1], "", *(f"{half}\u00e9" for half in halves), "long " * 60_000 + "a@b.com"]
    assert ENGINE.scan_many(texts) == [ENGINE.scan(text) for text in texts]


def test_a_value_is_found_wherever_a_window_ends() -> None:
    for kind, sentence, value in FOUND:
        for back in (len(value) // 2, 1):
            filler = "word " * (WINDOW_CHARACTERS // 5)
            lead = filler[: WINDOW_CHARACTERS - back - sentence.index("{") - 1] + "\n"
            text = f"{lead}{sentence.format(value)} {'word ' * 40}"
            found = [(f.type, text[f.start : f.end]) for f in ENGINE.scan(text)]
            assert found == [(kind, value)], sentence


def test_a_long_line_needs_memory_for_its_windows_only() -> None:
    line = ("lorem ipsum dolor " * 500 + "a@b.com ") * 1100
    ENGINE.scan(line[:10_000])
    tracemalloc.start()
    try:
        found = ENGINE.scan(line)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == 1100
    assert len(line) > 9_000_000
    assert peak < 4_000_000


def test_the_order_of_candidates_does_not_matter() -> None:
    found = [
        Finding(type=kind, start=start, end=end, score=score, validator="x")
        for kind, start, end, score in (
            ("PHONE_NUMBER", 0, 10, 0.9),
            ("CREDIT_CARD", 5, 20, 1.0),
            ("PASSWORD", 18, 24, 1.0),
            ("EMAIL_ADDRESS", 30, 40, 0.9),
            ("PERSON", 30, 40, 0.9),
        )
    ]
    assert [f.type for f in resolve(found)] == ["PHONE_NUMBER", "PASSWORD", "EMAIL_ADDRESS"]
    assert resolve(found[::-1]) == resolve(found)


def test_the_parts_that_cannot_be_found_are_said() -> None:
    assert ENGINE.unprotected == [name for name in ENTITIES if name in ENGINE.unprotected]
    assert "ORGANIZATION" in ENGINE.unprotected
    assert "EMAIL_ADDRESS" not in ENGINE.unprotected


def test_time_is_linear_in_hostile_text() -> None:
    """Work counted in steps of the program, not in seconds."""
    for hostile in (
        "a" * 40 + "@",
        "1 ",
        "1-",
        "1111 ",
        "12.34.56.",
        "a:",
        "://a:",
        "password",
        "A1",
        "AB12",
        "born ",
        "0x",
        "12 Aa ",
    ):
        steps = [_steps(hostile * (size // len(hostile))) for size in (1_500, 6_000)]
        assert steps[1] < 4.8 * steps[0] + 2_000, hostile


def _steps(text: str) -> int:
    """How many lines of Python a scan runs."""
    import sys

    count = 0

    def tracer(frame: object, event: str, argument: object) -> object:
        nonlocal count
        count += 1
        return tracer

    sys.settrace(tracer)  # type: ignore[arg-type]
    try:
        ENGINE.scan(text)
    finally:
        sys.settrace(None)
    return count


def test_triggers_are_found_where_the_loop_of_re2_finds_them() -> None:
    import re2

    text = "a1 22 b333, Zoë 4"
    for pattern in ("[0-9]+", "[a-zë]+", "x"):
        trigger = re2.compile(pattern)
        wanted = [found.span() for found in trigger.finditer(text)]
        assert list(Window(text, 0).hits(trigger, 0)) == wanted
        plain = "a1 22 b333"
        assert list(Window(plain, 0).hits(trigger, 1)) == [f.span() for f in trigger.finditer(plain, 1)]
