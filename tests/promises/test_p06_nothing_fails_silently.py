"""P6: what fails is a record with a reason, in the report and in `status`, and nothing else goes with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.errors import SchemaTooNew
from tests.fakes import openai_server as fake
from tests.workbench import Workbench

MODELS = """
[models.fake]
base_url = "{url}"
model = "tiny"
dimensions = 8
max_retries = 1
backoff_seconds = 0.01
timeout_seconds = 5
"""


@pytest.fixture
def server() -> Iterator[fake.OpenAIServer]:
    with fake.OpenAIServer(dimension=8) as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path, server: fake.OpenAIServer) -> Workbench:
    bench = Workbench(tmp_path)
    bench.configure(embedder="fake:tiny", extra=MODELS.format(url=server.base_url))
    return bench


def _bad_files(docs: Path) -> dict[str, bytes]:
    bad = {
        "empty.md": b"",
        "blank.txt": b" \n\t\n",
        "binary.md": bytes(range(256)) * 8,
        "truncated.pdf": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog",
        "fake.docx": b"PK\x03\x04 not really a document",
    }
    odd = os.path.join(os.fsencode(docs), b"odd\nname\xf0.md")
    with open(odd, "wb") as file:
        file.write(b"")
    for name, data in bad.items():
        (docs / name).write_bytes(data)
    return bad


def test_bad_files_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("good.md", "A document about herons.")
    bench.write("emoji 🙂 名前.md", "A document about cranes.")
    (tmp_path / "docs" / "latin1.txt").write_bytes("Café in Zürich, déjà vu, naïve".encode("latin-1"))
    bad = _bad_files(tmp_path / "docs")
    os.symlink(tmp_path / "docs", tmp_path / "docs" / "loop")
    os.symlink("/etc/hostname", tmp_path / "docs" / "outside.md")
    report = bench.sync()
    assert report.documents.added == 3
    assert report.documents.failed == len(report.failures) >= len(bad)
    assert all(failure.error and failure.stage for failure in report.failures)
    with bench.open() as workspace:
        status = workspace.status().corpora[0]
        assert {row["document"] for row in status.failures} == {item.document for item in report.failures}
        assert workspace.search("herons", k=1).hits[0].document == "docs/good.md"
        assert "Café" in next(hit.text for hit in workspace.search("Zürich").hits if "latin1" in hit.document)


@pytest.mark.parametrize(
    "behaviour",
    [
        fake.too_many(retry_after="0.01"),
        fake.error(500),
        fake.error(401, message="bad key"),
        fake.dropped,
        fake.cut_short,
        fake.raw(b"not json"),
        fake.raw(b'{"data": []}'),
    ],
    ids=["429", "500", "401", "dropped", "cut", "not json", "nothing"],
)
def test_a_failing_embedder_costs_no_document_that_serves(
    bench: Workbench, server: fake.OpenAIServer, behaviour: fake.Behaviour
) -> None:
    bench.write("page.md", "The old revision about herons.")
    assert bench.sync().documents.added == 1
    bench.write("page.md", "The new revision about herons.")
    server.misbehave(behaviour)
    report = bench.sync()
    assert (report.documents.updated, report.documents.failed) == (0, 1)
    (failure,) = report.failures
    assert (failure.document, failure.stage) == ("docs/page.md", "embed")
    assert failure.error
    assert "old revision" in bench.rows()[0]["text"]
    server.behave()
    healed = bench.sync()
    assert (healed.documents.updated, healed.documents.failed) == (1, 0)
    assert "new revision" in bench.rows()[0]["text"]
    with bench.open() as workspace:
        assert workspace.status().corpora[0].failures == ()


def test_one_refused_text_fails_its_document_only(bench: Workbench, server: fake.OpenAIServer) -> None:
    for number in range(6):
        bench.write(f"{number}.md", f"Document {number}" + (" forbidden" if number == 3 else ""))
    server.misbehave(fake.refusing("forbidden"))
    report = bench.sync()
    assert report.documents.added == 5
    assert [failure.document for failure in report.failures] == ["docs/3.md"]


def test_an_embedder_that_is_down_leaves_full_text(bench: Workbench, server: fake.OpenAIServer) -> None:
    bench.write("page.md", "A document about herons.")
    bench.sync()
    server.misbehave(fake.error(503))
    with bench.open() as workspace:
        found = workspace.search("herons")
    assert found.hits[0].document == "docs/page.md"
    assert "full text only" in found.warnings[0]


def test_a_failed_call_is_recorded_too(bench: Workbench, server: fake.OpenAIServer) -> None:
    bench.configure(
        embedder="fake:tiny", extra=MODELS.format(url=server.base_url) + '\n[ask]\nmodel = "fake"\n'
    )
    bench.write("page.md", "A document about herons.")
    bench.sync()
    server.misbehave(lambda seen, reply: fake.error(500)(seen, reply) if "chat" in seen.path else reply)
    with bench.open() as workspace:
        with pytest.raises(Exception, match="500"):
            workspace.ask("What about herons?")
        spans = workspace.events.recent(limit=10)
    assert {span.kind: span.status for span in spans} == {"ask": "error", "chat": "error", "search": "ok"}


def test_a_quote_that_does_not_stand_there_is_removed_and_recorded(
    bench: Workbench, server: fake.OpenAIServer
) -> None:
    bench.configure(
        embedder="fake:tiny", extra=MODELS.format(url=server.base_url) + '\n[ask]\nmodel = "fake"\n'
    )
    bench.write("page.md", "Herons stand in shallow water.\nThey eat fish.")
    bench.sync()
    server.answer = (
        'They wade [1: "stand in shallow water"], fly [1: "fly south in winter"] and sing [9: "song"].'
    )
    with bench.open() as workspace:
        answer = workspace.ask("What do herons do?")
        root = next(span for span in workspace.events.trace(answer.trace_id) if span.kind == "ask")
    assert answer.answer == "They wade [1], fly and sing."
    assert [citation.quote for citation in answer.citations] == ["stand in shallow water"]
    reasons = [item["reason"] for item in root.attributes["citations_removed"]]
    assert reasons == ["the quote does not stand in passage 1", "there is no passage 9"]


def test_nothing_relevant_is_said_so(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.write("page.md", "Herons stand in shallow water.")
    bench.sync()
    with bench.open() as workspace:
        answer = workspace.ask("What is the price of a submarine?")
    assert answer.citations == ()
    assert "Nothing relevant" in answer.answer


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    import sqlite3

    bench = Workbench(tmp_path)
    bench.write("page.md", "Herons.")
    bench.sync()
    database = sqlite3.connect(tmp_path / ".headrace" / "ledger.sqlite")
    with database:
        database.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
    database.close()
    with pytest.raises(SchemaTooNew, match="9999_from_the_future"):
        bench.sync()
