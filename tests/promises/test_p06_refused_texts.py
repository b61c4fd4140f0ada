"""P6: a text that an embedder refuses is a durable record, can be sent again, and costs its document only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import openai_server as fake
from tests.promises.test_p06_nothing_fails_silently import MODELS
from tests.workbench import Workbench


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path, server: fake.OpenAIServer) -> Workbench:
    """Three pages, one of which holds a text that is refused."""
    bench = Workbench(tmp_path)
    bench.configure(embedder="fake:tiny", chunk_tokens=16, extra=MODELS.format(url=server.base_url))
    for number in range(3):
        bench.write(f"{number}.md", f"Page number {number} about herons.")
    long = "Good words stand here, and more of them, so that a chunk is full. " * 2
    bench.write("1.md", f"{long}\n\nThen comes a forbidden word, among others that would be fine. {long}")
    server.misbehave(fake.refusing("forbidden"))
    return bench


def test_a_refused_text_is_a_record_of_its_own(bench: Workbench) -> None:
    report = bench.sync()
    assert (report.documents.added, report.documents.failed) == (2, 1)
    assert [(item.document, item.stage) for item in report.failures] == [("docs/1.md", "refused")]
    with bench.open() as workspace:
        (letter,) = workspace.embeddings.dead_letters().letters
        assert workspace.status().corpora[0].dead_letters == 1
    assert (letter.corpus, letter.document, letter.attempts) == ("docs", "docs/1.md", 1)
    assert letter.error_type == "TerminalError"
    assert "this input is not allowed" in letter.error
    assert letter.first_at_us == letter.last_at_us
    assert not [row for row in bench.rows() if row["document"] == "docs/1.md"]


def test_it_is_sent_three_times_and_then_left_until_asked(
    bench: Workbench, server: fake.OpenAIServer
) -> None:
    for _ in range(3):
        bench.sync()
    asked = len(server.requests)
    assert bench.sync().documents.failed == 1
    assert len(server.requests) == asked
    with bench.open() as workspace:
        refused = workspace.embeddings.retry()
        assert (refused.tried, refused.healed) == (1, 0)
        assert refused.letters[0].attempts == 4
        assert refused.letters[0].first_at_us < refused.letters[0].last_at_us
        server.behave()
        healed = workspace.embeddings.retry()
        nothing = workspace.embeddings.retry()
        status = workspace.status().corpora[0]
    assert (healed.tried, healed.healed, healed.letters) == (1, 1, ())
    assert healed.syncs[0].documents.added == 1
    assert (nothing.tried, nothing.syncs) == (0, ())
    assert any("forbidden" in row["text"] for row in bench.rows() if row["document"] == "docs/1.md")
    assert (status.dead_letters, status.failures) == (0, ())


@pytest.mark.parametrize("change", ["corrected", "deleted"])
def test_a_document_that_changes_leaves_no_letter(bench: Workbench, change: str) -> None:
    for _ in range(3):
        bench.sync()
    if change == "corrected":
        bench.write("1.md", "Page number 1 about herons, corrected.")
    else:
        (bench.root / "docs" / "1.md").unlink()
    assert bench.sync().documents.failed == 0
    with bench.open() as workspace:
        assert workspace.embeddings.dead_letters().letters == ()
        assert workspace.status().corpora[0].failures == ()


def test_another_refused_text_takes_the_place_of_the_first(bench: Workbench) -> None:
    bench.sync()
    bench.write("1.md", "Another forbidden text.")
    bench.sync()
    with bench.open() as workspace:
        (letter,) = workspace.embeddings.dead_letters("docs").letters
    assert letter.attempts == 1


def test_what_served_before_goes_on_serving(bench: Workbench, server: fake.OpenAIServer) -> None:
    server.behave()
    bench.write("1.md", "The old revision about cranes.")
    bench.sync()
    server.misbehave(fake.refusing("forbidden"))
    bench.write("1.md", "The new revision, with a forbidden word.")
    assert bench.sync().documents.failed == 1
    (served,) = [row["text"] for row in bench.rows() if row["document"] == "docs/1.md"]
    assert "old revision" in served
