"""docs/search.md: its filters find what it says, its mistakes are answered as it says, its prompt renders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.errors import FilterError
from headrace.flows.answer import NOTHING
from headrace.infer.prompts.file import load_prompt
from headrace.infer.prompts.render import render
from headrace.ingest.search import filters, fusion, retrieve
from headrace.workspace import Workspace
from tests.docs.pages import DOCS, blocks, code, read, section, tables
from tests.workbench import Workbench

PAGE = DOCS / "search.md"
FOUND, MISTAKES = tables(section(PAGE, "Filters"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The rows of the page, indexed."""
    bench = Workbench(tmp_path_factory.mktemp("rows"))
    (rows,) = blocks(PAGE, "jsonl")
    (bench.root / "notes.jsonl").write_text(rows.text, encoding="utf-8")
    metadata = re.findall(r"`metadata = (\[.*?\])`", read(PAGE))[0]
    source = f'type = "records", path = "notes.jsonl", id = "id", text = "text", metadata = {metadata}'
    bench.configure(sources=f"{{ {source} }}")
    bench.sync()
    with bench.open() as opened:
        yield opened


@pytest.mark.parametrize(("expression", "found"), FOUND)
def test_a_filter_finds_what_the_page_says(workspace: Workspace, expression: str, found: str) -> None:
    hits = workspace.search("backups", filter=code(expression)).hits
    assert sorted(hit.document.partition("#")[2] for hit in hits) == found.split()


@pytest.mark.parametrize(("expression", "said"), MISTAKES)
def test_a_mistake_is_answered_as_the_page_says(expression: str, said: str) -> None:
    wrong = code(expression)
    with pytest.raises(FilterError) as caught:
        filters.compile_filter(wrong)
    assert caught.value.message == f"Filter {wrong!r}: {said}."


def test_the_grammar_is_that_of_the_program() -> None:
    (grammar,) = (block.text for block in blocks(PAGE, "text") if block.section == "Filters")
    written = re.sub(r"^    ", "", filters.__doc__ or "", flags=re.MULTILINE)
    assert grammar in written


def test_the_numbers_are_those_of_the_program() -> None:
    text = " ".join(read(PAGE).split())
    assert f"its best {retrieve.CANDIDATES} chunks" in text
    assert f"not 1 to {retrieve.MAX_K}" in text
    assert f"{1 - fusion.VECTOR_WEIGHT:g} for words and {fusion.VECTOR_WEIGHT:g} for the vector" in text
    assert f"At most {filters._MAX_LENGTH:,} characters and {filters._MAX_DEPTH} levels" in text
    assert f"`{NOTHING}`" in text


def test_the_prompt_renders(tmp_path: Path) -> None:
    (prompt,) = blocks(PAGE, "markdown")
    (tmp_path / "brief.md").write_text(prompt.text, encoding="utf-8")
    loaded = load_prompt(tmp_path, "brief")
    passage = {"number": 1, "document": "docs/a.md", "text": "Backups are kept."}
    system, user = render(loaded, {"question": "How long?", "passages": [passage]})
    assert (system["role"], user["role"]) == ("system", "user")
    assert 'document="docs/a.md"' in user["content"]
    assert user["content"].endswith("Question: How long?")
