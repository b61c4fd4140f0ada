"""Properties: parts of a text lose nothing but white space, and a key names what is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headrace.infer.prompts.file import parse_prompt
from headrace.infer.schemas.file import make_schema
from headrace.ingest.steps.base import Step, StepSpec
from headrace.ingest.steps.columns import columns_of
from headrace.ingest.steps.pieces import joined, pieces
from headrace.ingest.steps.tasks import StepInput, tasks_of
from headrace.ingest.steps.writing import with_text
from headrace.records.document import Heading, ParsedDocument

TEXTS = st.text(alphabet="ab .\n#é\U0001f600", max_size=400)


@given(TEXTS, st.integers(5, 60), st.lists(st.integers(0, 400), max_size=4))
def test_parts_are_bounded_cross_no_page_and_join_to_the_text(
    text: str, most: int, bounds: list[int]
) -> None:
    parts = pieces(text, most, bounds=bounds)
    assert all(0 < part.end - part.start <= most for part in parts)
    assert all(not part.start < bound < part.end for part in parts for bound in bounds)
    kept = [text[part.start : part.end] for part in parts]
    assert joined(text, parts, kept)[0] == text
    assert "".join("".join(kept).split()) == "".join(text.split())


@given(TEXTS, st.integers(5, 60), st.sets(st.integers(0, 399), max_size=3))
def test_pages_and_headings_stay_in_order_and_inside(text: str, most: int, starts: set[int]) -> None:
    pages = [0, *sorted(start for start in starts if 0 < start < len(text))]
    words = {at: text[at : at + 3] for at in pages if text[at : at + 3].strip()}
    headings = [Heading(start=at, level=1, text=said) for at, said in words.items()]
    document = ParsedDocument(
        text=text, kind="markdown", media_type="text/markdown", title=None, headings=headings, pages=pages
    )
    parts = pieces(text, most, bounds=pages)
    cleaned = with_text(document, parts, [text[part.start : part.end].upper() for part in parts])
    assert len(cleaned.pages) == len(pages)
    assert list(cleaned.pages) == sorted(cleaned.pages)
    places = [heading.start for heading in cleaned.headings]
    assert places == sorted(places)
    for heading in cleaned.headings:
        assert heading.text in cleaned.text[heading.start :]


def _step(**spec: Any) -> Step:
    body = "{{ text }} {{ metadata.author }}"
    return Step(
        spec=StepSpec(name="a", kind="extract", schema="s", **spec),
        model="m:x",
        prompt=parse_prompt("p", body),
        schema=make_schema("s", {"type": "object", "properties": {"a": {"type": "string"}}}),
        columns=columns_of(body),
    )


def _key(step: Step, text: str, uri: str, declared: dict[str, Any], identity: str = "m:x") -> str:
    document = ParsedDocument(text=text, kind="text", media_type="text/plain", title="T")
    given_ = StepInput(uri=uri, revision="rev", document=document, declared=declared)
    (task,) = tasks_of(step, given_, step.asks(identity, ""))
    return task.key


@given(st.text(min_size=1).filter(str.strip), st.text(min_size=1), st.text(), st.text())
def test_a_key_names_what_is_asked_and_nothing_else(text: str, other: str, uri: str, author: str) -> None:
    step = _step()
    key = _key(step, text, uri, {"author": author})
    assert _key(step, text, uri + "/moved", {"author": author, "views": 3}) == key
    renamed = replace(step, spec=replace(step.spec, name="b", into="metadata", fallback={"a": "x"}))
    assert _key(renamed, text, uri, {"author": author}) == key
    assert _key(step, text + other, uri, {"author": author}) != key
    assert _key(step, text, uri, {"author": author + other}) != key
    assert _key(step, text, uri, {"author": author}, identity="m:y") != key
    warmer = replace(step, prompt=replace(step.prompt, digest="prompt_other"))
    assert _key(warmer, text, uri, {"author": author}) != key
    assert _key(replace(step, schema=make_schema("s", {"type": "object"})), text, uri, {}) != key


def test_a_step_survives_its_settings() -> None:
    step = _step(fallback={"a": "x"})
    opened = Step.of_settings(step.settings())
    assert opened == step
    assert opened.settings() == step.settings()


def test_the_columns_of_a_prompt() -> None:
    assert columns_of("{{ metadata.author }} {{ metadata['year'] }} {{ text }}") == ("author", "year")
    assert columns_of("{% for key in metadata %}{{ key }}{% endfor %}") is None
    assert columns_of("{{ text }}") == ()
