"""The example handbook from folder to cited answers, with the built-in embedder and model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace
from headrace.flows.citations import locate
from headrace.workspace import Workspace

EXAMPLES = Path(__file__).parents[2] / "examples"
QUESTIONS = [
    json.loads(line)
    for line in (EXAMPLES / "handbook_questions.jsonl").read_text(encoding="utf-8").splitlines()
]
UNANSWERABLE = [
    "What is the capital of Mongolia?",
    "How do I bake sourdough bread?",
    "Who won the football world cup in 1998?",
    "What is the melting point of tungsten?",
    "Which train goes from Porto to Lisbon in the morning?",
    "How tall is the tallest giraffe?",
]
CONFIG = '[corpus.handbook]\nsources = ["docs"]\n'


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    root = tmp_path_factory.mktemp("handbook")
    shutil.copytree(EXAMPLES / "handbook", root / "docs")
    (root / "headrace.toml").write_text(CONFIG, encoding="utf-8")
    with headrace.open(root) as workspace:
        report = workspace.sync()
        assert report.documents.added == 67
        assert [failure.document for failure in report.failures] == [
            "docs/reports/quarterly-review-2026-q2.pdf"
        ]
        yield workspace


def test_the_right_document_is_found(handbook: Workspace) -> None:
    ranks = []
    for row in QUESTIONS:
        hits = handbook.search(row["question"], k=5).hits
        documents = [hit.document for hit in hits]
        wanted = f"docs/{row['document']}"
        ranks.append(documents.index(wanted) if wanted in documents else 99)
    assert sum(rank == 0 for rank in ranks) >= 20
    assert sum(rank < 3 for rank in ranks) >= 23


def test_answers_cite_verbatim_and_say_the_right_thing(handbook: Workspace) -> None:
    right = cited = 0
    for row in QUESTIONS:
        answer = handbook.ask(row["question"])
        folded = " ".join(answer.answer.split()).lower()
        right += row["answer_contains"].lower() in folded
        cited += f"docs/{row['document']}" in {citation.document for citation in answer.citations}
        for citation in answer.citations:
            assert citation.span[1] - citation.span[0] == len(citation.quote)
    assert right >= 20
    assert cited >= 22


def test_a_citation_of_a_markdown_file_points_into_the_file_itself(handbook: Workspace) -> None:
    answer = handbook.ask("How long are redacted traces kept under the 2026 retention policy?")
    source = next(item for item in answer.citations if item.document.endswith("data-retention-2026.md"))
    text = (handbook.root / source.document).read_text(encoding="utf-8")
    assert text[source.span[0] : source.span[1]] == source.quote
    assert source.headings[-1] == "Retention periods"


def test_a_pdf_citation_names_its_page(handbook: Workspace) -> None:
    hits = handbook.search(
        "partial listing INC-0138 documents removed", filter="media_type = 'application/pdf'"
    ).hits
    assert hits
    assert all(hit.page is not None and hit.page >= 1 for hit in hits)


@pytest.mark.parametrize("question", UNANSWERABLE)
def test_what_the_handbook_does_not_say_is_not_answered(handbook: Workspace, question: str) -> None:
    answer = handbook.ask(question)
    assert answer.citations == ()
    assert "Nothing relevant" in answer.answer


def test_boilerplate_of_pages_is_not_indexed(handbook: Workspace) -> None:
    pages = handbook.search("accept cookies", k=50, filter="media_type = 'text/html'").hits
    assert pages
    assert not [hit for hit in pages if "accept all cookies" in hit.text.lower()]


def test_quotes_are_found_whatever_their_line_breaks() -> None:
    assert locate("a  b\nc", "x a b c y") == (2, 7)
    assert locate("a b d", "x a b c y") is None
    assert locate("  ", "x") is None


@pytest.mark.parametrize(
    "question", ["How long are redacted traces kept?", "data retention policy: how long are traces kept"]
)
def test_the_policy_of_a_former_year_never_comes_before_the_current_one(
    handbook: Workspace, question: str
) -> None:
    hits = handbook.search(question, k=60).hits
    current = next(hit for hit in hits if hit.document.endswith("data-retention-2026.md"))
    former = [hit for hit in hits if hit.document.endswith("data-retention-2025.md")]
    assert former
    assert all(hit.rank > current.rank and hit.marks == ("superseded",) for hit in former)
    assert {hit.superseded_by for hit in former} == {current.document}
    assert {hit.document for hit in hits if hit.marks} == {former[0].document}
    cited = {citation.document for citation in handbook.ask(question).citations}
    assert current.document in cited
    assert former[0].document not in cited
