"""Citations are kept only when their quote stands verbatim in the passage they name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headrace.flows.citations import check, headings_at
from headrace.records.search import Hit


def _hit(text: str, start: int = 100) -> Hit:
    return Hit(
        rank=1,
        score=1.0,
        chunk_id="chunk_a",
        document="a.md",
        revision="rev_a",
        text=text,
        span=(start, start + len(text)),
        page=None,
        headings=(),
        metadata={},
    )


TEXT = 'Herons wade.\nThey eat "small" fish, and wait.'


def test_a_verbatim_quote_is_kept_with_its_span() -> None:
    checked = check('They wade [1: "Herons wade."]', [_hit(TEXT)])
    (citation,) = checked.citations
    assert checked.text == "They wade [1]"
    assert (citation.quote, citation.span) == ("Herons wade.", (100, 112))


def test_line_breaks_in_a_quote_do_not_matter_but_letters_do() -> None:
    assert check('x [1: "wade. They eat"]', [_hit(TEXT)]).citations[0].quote == "wade.\nThey eat"
    wrong = check('x [1: "Herons waded."]', [_hit(TEXT)])
    assert wrong.citations == ()
    assert wrong.removed[0]["reason"] == "the quote does not stand in passage 1"


def test_a_mark_without_quote_or_passage_is_removed() -> None:
    checked = check('a [1] b [7: "Herons"] c', [_hit(TEXT)])
    assert checked.text == "a b c"
    assert [item["reason"] for item in checked.removed] == ["it has no quote", "there is no passage 7"]


def test_escaped_quotes_inside_a_quote() -> None:
    assert check(r'x [1: "eat \"small\" fish"]', [_hit(TEXT)]).citations[0].quote == 'eat "small" fish'


def test_the_same_citation_twice_has_one_number() -> None:
    checked = check('a [1: "wade"] b [1: "fish"] c [1: "wade"]', [_hit(TEXT)])
    assert checked.text == "a [1] b [2] c [1]"
    assert len(checked.citations) == 2


def test_heading_path_at_a_quote_inside_a_chunk() -> None:
    text = "# Policy\n\n## Traces\n\nNinety days.\n\n## Backups\n\nA year."
    path = ("Policy",)
    assert headings_at(path, text, text.index("Ninety")) == ("Policy", "Traces")
    assert headings_at(path, text, text.index("A year")) == ("Policy", "Backups")
    assert headings_at(path, text, 0) == ("Policy",)


def test_heading_path_in_a_chunk_that_begins_below_its_heading() -> None:
    text = "Rest of the section.\n\n## Next\n\nMore."
    assert headings_at(("Policy", "Traces"), text, 3) == ("Policy", "Traces")
    assert headings_at(("Policy", "Traces"), text, text.index("More")) == ("Policy", "Next")


@given(text=st.text(min_size=1, max_size=80), data=st.data())
def test_any_slice_that_is_quoted_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quote = text[start:end]
    if not quote.split():
        return
    escaped = quote.replace("\\", "\\\\").replace('"', '\\"')
    checked = check(f'x [1: "{escaped}"]', [_hit(text, 0)])
    assert len(checked.citations) == 1
    begin, finish = checked.citations[0].span
    assert text[begin:finish].split() == quote.split()
